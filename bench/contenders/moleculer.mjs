/**
 * @module moleculer over its TCP transporter: events one way, actions as calls, all settings at their defaults except discovery by UDP,
 * which is off. Its serialiser is JSON: a payload is text of as many letters. Nothing is encrypted.
 */
import moleculer from 'moleculer';

export const supports = ['send', 'call', 'newcomers'];

const EVENT = 'bench.message';
const WAIT_MS = 10;
const WAIT_MS_MAX = 30_000;
/** The client queues without bound; after so many bytes it waits until they are written. */
const FLUSH_BYTES = 65_536;
let brokerCount = 0;

const brokerWith = (nodeID, options) =>
  new moleculer.ServiceBroker({
    nodeID,
    logger: false,
    transporter: { type: 'TCP', options: { udpDiscovery: false, useHostname: false, ...options } },
  });

export async function openServer(onMessage) {
  const nodeID = `server-${process.pid}`;
  const broker = brokerWith(nodeID, {});
  broker.createService({
    name: 'bench',
    actions: { echo: ({ params }) => params.text },
    // By the name of its parameter moleculer knows that it takes a context.
    events: { [EVENT]: (ctx) => onMessage(ctx.params.text) },
  });
  await broker.start();
  return { address: `127.0.0.1:${broker.transit.tx.opts.port}/${nodeID}` };
}

export async function openClient(url) {
  const broker = brokerWith(`client-${process.pid}-${++brokerCount}`, { urls: [url] });
  await broker.start();
  await broker.waitForServices('bench', WAIT_MS_MAX, WAIT_MS);
  let unflushed = 0;
  return {
    send(payload) {
      const sent = broker.emit(EVENT, { text: textOf(payload) });
      unflushed += payload.length;
      if (unflushed < FLUSH_BYTES) return undefined;
      unflushed = 0;
      return sent;
    },
    call: (payload) => broker.call('bench.echo', { text: textOf(payload) }),
    close: () => broker.stop(),
  };
}

const textOf = (payload) => Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('latin1');
