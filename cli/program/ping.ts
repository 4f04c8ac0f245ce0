/** @module The command `ping`: round trips to a node or an address, one after another. */
import type { PingResult } from '../../operation/index.js';
import { SEED_OPTIONS, TIMEOUT_OPTION, withNode } from './nodes.js';
import { requireTarget, untilRouted } from './routes.js';
import type { CommandRow } from './row.js';
import { EXIT, plainText, type Terminal } from './terminal.js';
import { msText, whole } from './values.js';

interface PingOptions {
  readonly count: number;
  readonly interval: number;
  readonly timeout: number;
}

type Trip = PingResult | { readonly error: { readonly code: string; readonly text: string } };

export const ping: CommandRow = {
  name: 'ping',
  parameters: ['<target>'],
  help: 'measure round trips to a node (id, its first digits, key:<hex>, service:<number>) or to an address',
  options: [
    { flags: '-c, --count <number>', help: 'how many', read: whole('--count', 1, 1_000_000), initial: 4 },
    { flags: '-i, --interval <ms>', help: 'from one to the next', read: whole('--interval', 0, 3_600_000), initial: 1_000 },
    TIMEOUT_OPTION,
    ...SEED_OPTIONS,
  ],
  run: async (terminal, options, [target = '']) => {
    requireTarget(target);
    return withNode(terminal, options, async (node) => {
      await untilRouted(node, target);
      const { count, interval, timeout: timeoutMs } = options as unknown as PingOptions;
      const trips: Trip[] = [];
      for (let number = 1; number <= count; number++) {
        if (number > 1) await new Promise((resolve) => setTimeout(resolve, interval));
        const trip = await once(node.client, { target, timeoutMs });
        trips.push(trip);
        terminal.say('error' in trip ? `${number}: ${trip.error.code}: ${plainText(trip.error.text)}` : `${number}: ${lineOf(trip)}`);
      }
      return report(terminal, target, trips);
    });
  },
};

async function once(client: Parameters<Parameters<typeof withNode>[2]>[0]['client'], params: object): Promise<Trip> {
  try {
    return (await client.request('ping', params)) as PingResult;
  } catch (error) {
    const { code, message: text } = error as Error & { code?: string };
    // The node itself does not answer: no further attempt helps. A wrong target stays wrong.
    if (code === undefined || code.startsWith('CONTROL_') || code.endsWith('_INVALID')) throw error;
    return { error: { code, text } };
  }
}

function lineOf({ nodeId, rttMs, connectMs }: PingResult): string {
  const from = nodeId === undefined ? 'answer' : `answer from ${nodeId.slice(0, 8)}`;
  return `${from} in ${msText(rttMs)}${connectMs === undefined ? '' : `, connected in ${msText(connectMs)}`}`;
}

function report(terminal: Terminal, target: string, trips: readonly Trip[]): number {
  const times = trips.flatMap((trip) => ('error' in trip ? [] : [trip.rttMs])).sort((left, right) => left - right);
  const [minMs] = times;
  const maxMs = times.at(-1);
  const medianMs = times[Math.floor((times.length - 1) / 2)];
  const lost = trips.length - times.length;
  const summary = { target, sent: trips.length, answered: times.length, minMs, medianMs, maxMs, trips };
  const spread =
    minMs === undefined || medianMs === undefined || maxMs === undefined
      ? ''
      : `, least ${msText(minMs)}, median ${msText(medianMs)}, greatest ${msText(maxMs)}`;
  terminal.show(summary, [`${trips.length} sent, ${times.length} answered, ${lost} lost${spread}`]);
  return lost === 0 ? EXIT.ok : EXIT.failed;
}
