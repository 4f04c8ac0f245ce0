/**
 * @module Topic: one process of a measure of topics, publisher or subscriber, over any contender. Subscribers count what is handed to them.
 */
import { serveTasks } from './tasks.mjs';

const { openPublisher, openSubscriber } = await import(`../contenders/${process.argv[2]}.mjs`);

const TURN_MESSAGES = 4_096;

let publisher;
let isPublishing = false;
/** Settles when the publisher has left off. */
let published;
let messageCount = 0;

serveTasks(
  {
    async openPublisher() {
      publisher = await openPublisher();
      return publisher.address;
    },
    subscribe: (address) => openSubscriber(address, () => messageCount++).then(() => {}),
    /** So many are subscribed. */
    ready: ({ count }) => publisher.ready(count),
    startPublishing({ size }) {
      isPublishing = true;
      published = publishOn(new Uint8Array(size).fill(7));
    },
    stop() {
      isPublishing = false;
      return published;
    },
    counted: () => ({ messageCount, atMs: performance.now() }),
  },
  () => publisher?.close?.(),
);

/** As `sendOn` of the peer: one message per call, and the event loop turns now and then. */
async function publishOn(payload) {
  for (let sent = 1; isPublishing; sent++) {
    const room = publisher.publish(payload);
    if (room !== undefined) await room;
    if (sent % TURN_MESSAGES === 0) await new Promise(setImmediate);
  }
}
