/**
 * @module Peering: a hub with two configured peers. It floods what one of them sends to the others; then it goes away, and a frame that was sent
 * meanwhile arrives when it is back. Run it with `node dist/examples/peering.js`.
 */
import { PeeringBehavior, type PeeringOptions } from '../behaviours/index.js';
import { createNode, Identity } from '../index.js';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (frame: Uint8Array | undefined) => new TextDecoder().decode(frame);

async function start(options: PeeringOptions, listen: readonly string[] = [], identity = Identity.generate()) {
  const backOff = { minMs: 50, maxMs: 500 };
  const node = await createNode({ listen, identity, behaviors: [[PeeringBehavior, { backOff, ...options }]] });
  await node.start();
  return { node, peering: node.behavior(PeeringBehavior) };
}

/** Takes everybody as a peer, and forwards what arrives to all but the peer that it came from. */
async function startHub(listen: string, identity: Identity) {
  const hub = await start({ acceptUnknown: true }, [listen], identity);
  const flood = async () => {
    for await (const { target, frame } of hub.peering) {
      console.log(`the hub received: ${decode(frame)}`);
      void hub.peering.sendAll(frame, { exclude: target });
    }
  };
  void flood();
  return hub;
}

const identity = Identity.generate();
const hub = await startHub('tcp://127.0.0.1:0', identity);
const line = `127.0.0.1:${hub.peering.port}`;
const [ada, bob] = [await start({ peers: [line] }), await start({ peers: [line] })];
await Promise.all([ada.peering.whenUp(0), bob.peering.whenUp(0)]);

await ada.peering.send(0, encode('good morning'));
console.log(`bob received: ${decode((await bob.peering.next())?.frame)}`);

await hub.node.stop();
const waiting = ada.peering.send(0, encode('are you there?'));
console.log(`the hub is gone; frames that wait for it: ${ada.peering.status().queuedFrames}`);

const again = await startHub(`tcp://${line}`, identity);
const outcome = await waiting;
console.log(`the hub is back; the frame is ${outcome.type}`);

await Promise.all([ada.node.stop(), bob.node.stop(), again.node.stop()]);
