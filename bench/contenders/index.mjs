/**
 * @module Contenders: who takes part, and the interface of their modules, one file each:
 *
 *   supports                 which measures it takes part in; the cells of the others stay empty
 *   absence()                optional: why it cannot run on this machine, or undefined
 *   openServer(onMessage, onStream) -> { address, residentBytes?(), close?() }; hands each message to `onMessage` and echoes calls; hands each
 *                            stream, as an iterable of bytes, to `onStream`, and sends back what that resolves with
 *   openClient(address)      a fresh node with a connection -> { send, call, close } and, for pumps, { startPump, stopPump }
 *     send(payload)            a message one way; undefined, or a promise to wait for before the next one
 *     call(payload)            a promise of the echo
 *     openStream()             a promise of a stream: write(bytes) -> undefined, or a promise to wait for; end() -> a promise of what was sent back
 *   openPublisher() -> { address, ready(count), publish, close? }: `ready` resolves when so many are subscribed; `publish(payload)` goes to all of them,
 *                            and returns what `send` does
 *   openSubscriber(address, onMessage)
 *   openLender({ target }) -> { address, close }: who lends its network, for `target`, a port of this machine
 *   openSocks(address), openForward(address, target) -> { port, close }: a port that speaks SOCKS 5, or leads to that target
 *   stores, openStore(index, addresses) -> { address, close }, openMap(addresses) -> { set(key, bytes), get(key), close }: a map that so many processes
 *                            store, each of which is given the addresses of those before it
 *   openEndpoint()           what can dial, without a connection -> how it ends
 */
import { checkoutOf, OWN_CHECKOUT } from '../checkouts.mjs';

const NAMES = [
  'tcp',
  'tls',
  'libp2p',
  'libp2p-websocket',
  'hyperdht',
  'nats',
  'nats-kv',
  'redis',
  'moleculer',
  'ssh',
  'socat',
  'meshwright',
  'websocket',
  'datagrams',
  'udp',
];
export const OWN = 'meshwright';
export const BASELINE = 'baseline';

/** Those that can run, and why the others cannot. `wanted`: names, or undefined for all; `baseline`: a commit, or undefined. */
export async function gatherContenders(wanted, baseline) {
  const names = wanted ?? NAMES;
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`there is no contender ${unknown}; there are ${NAMES.join(', ')}`);
  const contenders = [];
  const absences = [];
  for (const name of NAMES.filter((known) => names.includes(known))) {
    const module = await import(`./${name}.mjs`);
    const reason = module.absence?.();
    if (reason === undefined)
      contenders.push({ name, module: name, supports: module.supports, stores: module.stores, checkout: OWN_CHECKOUT });
    else absences.push(`${name} takes no part: ${reason}`);
  }
  if (baseline !== undefined) contenders.push(await baselineOf(baseline));
  return { contenders, absences };
}

async function baselineOf(commit) {
  const { supports, stores } = await import(`./${OWN}.mjs`);
  return { name: BASELINE, module: OWN, supports, stores, checkout: checkoutOf(commit) };
}
