/**
 * @module Topics: one publisher and one or eight subscribers, each in a process of its own. What counts is what subscribers are handed, all of
 * them together.
 */
import { Child, withChildren } from '../processes.mjs';

const SIZE = 64;
const WARM_UP_MS = 1_000;
const SAMPLE_MS = 1_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const TOPICS = [
  topic(1, []),
  topic(8, [
    { of: 'tcp', least: 0.4 },
    { of: 'nats', least: 1 },
  ]),
];

function topic(count, floors) {
  const title = `${SIZE} B published to ${count} subscriber${count === 1 ? '' : 's'}, each in a process`;
  const figures = [{ id: 'rate', title, unit: 'messages/s', better: 'higher', of: 'tcp', floors }];
  const run = (contender, { scale }) =>
    withChildren(
      Array.from({ length: 1 + count }, () => new Child('topic', contender)),
      async (publisher, ...subscribers) => {
        const address = await publisher.ask('openPublisher');
        await Promise.all(subscribers.map((subscriber) => subscriber.ask('subscribe', address)));
        await publisher.ask('ready', { count });
        await publisher.ask('startPublishing', { size: SIZE });
        await sleep(WARM_UP_MS);
        const before = await countedBy(subscribers);
        await sleep(SAMPLE_MS * scale);
        const after = await countedBy(subscribers);
        await publisher.ask('stop');
        return { rate: after.reduce((sum, one, at) => sum + rateBetween(before[at], one), 0) };
      },
    );
  return { id: `topic-${count}`, needs: 'topics', figures, run };
}

const countedBy = (subscribers) => Promise.all(subscribers.map((subscriber) => subscriber.ask('counted')));

function rateBetween(before, after) {
  return ((after.messageCount - before.messageCount) * 1_000) / (after.atMs - before.atMs);
}
