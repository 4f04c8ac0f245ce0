/**
 * @module Routing: what a look-up in the default table costs, and what a relay does.
 */
import { Child, withChildren } from '../processes.mjs';

const SAMPLE_MS = 500;
const RELAYED = 300_000;
const SIZE = 64;

const figure = (id, title, unit, better) => ({ id, title, unit, better, of: 'baseline', floors: [] });

export const ROUTING = [
  {
    id: 'lookup',
    needs: 'lookup',
    figures: [
      figure('node', 'the route to a node, 2,000 known', 'ns', 'lower'),
      figure('key', 'the node closest to a key, 2,000 known', 'ns', 'lower'),
    ],
    run: (contender, { scale }) =>
      withChildren([new Child('lookup', contender)], (child) => child.ask('lookups', { warmUpMs: SAMPLE_MS, ms: SAMPLE_MS * scale })),
  },
  {
    id: 'relay',
    needs: 'relay',
    figures: [
      figure('direct', `routed ${SIZE} B, direct, for each second of CPU`, 'messages/s', 'higher'),
      figure('relayed', 'the same over one relay', 'messages/s', 'higher'),
      figure('share', 'relayed / direct', '', 'higher'),
    ],
    async run(contender, settings) {
      const direct = await routed(contender, 2, settings);
      const relayed = await routed(contender, 3, settings);
      return { direct, relayed, share: relayed / direct };
    },
  },
];

/**
 * A line of nodes, all processes on one core: what counts is the work, not how many cores share it. The time is that in which they worked,
 * user and system.
 */
function routed(contender, nodes, { scale }) {
  const line = Array.from({ length: nodes }, () => new Child('relay', contender, { isPinned: true }));
  return withChildren(line, async (...children) => {
    const places = [];
    for (const child of children) places.push(await child.ask('place'));
    for (let at = 1; at < nodes; at++) await children[at].ask('connect', places[at - 1]);
    const [sink, source] = [children[0], children[nodes - 1]];
    await source.ask('find', places[0]);
    await sink.ask('find', places[nodes - 1]);
    const messages = Math.round(RELAYED * scale);
    const pump = async () => {
      const sunk = sink.ask('sink', { messages });
      await source.ask('source', { ...places[0], size: SIZE, messages });
      await sunk;
    };
    await pump();
    const before = await workedMicros(children);
    await pump();
    return (messages * 1e6) / ((await workedMicros(children)) - before);
  });
}

async function workedMicros(children) {
  const each = await Promise.all(children.map((child) => child.ask('workedMicros')));
  return each.reduce((sum, micros) => sum + micros, 0);
}
