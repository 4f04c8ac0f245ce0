/**
 * @module Transport checks: the contract of `core/api/transport.ts` for listeners and dials, which holds for every transport. What byte
 * streams promise besides is in `transport-stream-checks.ts`.
 */
import type { Address } from '../../core/address/address.js';
import { must } from './check-tools.js';
import { type ContractCheck, checksIn } from './contract-world.js';
import { type LinkRecord, type TransportFixture, TransportWorld } from './transport-world.js';

/** One fact about every transport. `run` rejects with an error that names what did not hold. */
export type TransportCheck = ContractCheck<TransportFixture>;

export const check = checksIn((fixture: TransportFixture) => new TransportWorld(fixture));

export const LISTEN_CHECKS: readonly TransportCheck[] = [
  check('a listener reports once where it listens, with its real port', async (world) => {
    const listener = await world.listen();
    const [bound = []] = listener.listened;
    must(bound.length > 0, 'at least one address is reported');
    must(
      bound.every((address) => world.fixture.listening.schemes.includes(address.scheme)),
      'the addresses have a scheme of the transport',
    );
    must(!world.fixture.nextAddress().text.endsWith(':0') || bound.every((address) => address.port > 0), 'port 0 is resolved');
    await world.settle();
    must(listener.listened.length === 1, 'it is reported once');
  }),
  check('a second listener on the same address fails with ADDRESS_IN_USE and leaves the first alone', async (world) => {
    const first = await world.listen();
    const second = world.startListening(first.listened[0]?.[0]);
    await world.until(() => second.failures.length > 0, 'the second listener fails');
    must(second.failures[0]?.code === 'ADDRESS_IN_USE', `the code is ADDRESS_IN_USE, not ${second.failures[0]?.code}`);
    must(second.failures[0].message.includes(first.listened[0]?.[0]?.text ?? '?'), 'the text has the address');
    await world.connect(first);
  }),
  check('a listener that is closed before it listens reports nothing', async (world) => {
    const listener = world.startListening();
    listener.close();
    listener.close();
    await world.settle();
    must(listener.listened.length + listener.failures.length === 0, 'nothing was reported');
  }),
  check('a closed listener frees its address and leaves open links alone', async (world) => {
    const listener = await world.listen();
    const [near, far] = await world.connect(listener);
    const [bound] = listener.listened[0] as readonly [Address];
    listener.close();
    const again = world.startListening(bound);
    await world.until(() => again.listened.length + again.failures.length > 0, 'the address is taken again');
    must(again.failures.length === 0, `the address is free: ${again.failures[0]?.message}`);
    near.write(Uint8Array.of(7));
    await world.until(() => far.receivedBytes === 1, 'the old link carries bytes');
  }),
  check('a link has its addresses', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    for (const { link, name } of [near, far]) {
      must(world.fixture.dialling.schemes.includes(link.remoteAddress.scheme), `${name} has a remote address of the transport`);
    }
    const meets = (one: LinkRecord, other: LinkRecord) => {
      const local = one.link.localAddress;
      return local === undefined || local.text === other.link.remoteAddress.text;
    };
    must(meets(near, far) && meets(far, near), "each end's local address is the other's remote one");
  }),
  check('bytes that are written while a link is handed over arrive', async (world) => {
    const listener = await world.listen();
    listener.onEach = (record) => {
      record.write(Uint8Array.of(1, 2));
      return true;
    };
    const [near, far] = await world.connect(listener, (record) => record.write(Uint8Array.of(3)));
    await world.until(() => near.receivedBytes === 2 && far.receivedBytes === 1, 'both ends get the bytes');
    must(near.received.join() === '1,2' && far.received.join() === '3', 'they are the bytes that were written');
  }),
];

export const DIAL_CHECKS: readonly TransportCheck[] = [
  check('a dial of an address without a listener fails once, with the address and CONNECTION_REFUSED', async (world) => {
    const { vacant } = world.fixture;
    if (vacant === undefined) return;
    const dial = world.dial(vacant);
    await world.until(() => dial.isSettled, 'the dial fails');
    must(dial.failures[0]?.code === 'CONNECTION_REFUSED', `the code is CONNECTION_REFUSED, not ${dial.failures[0]?.code}`);
    must(dial.failures[0].message.includes(vacant.text), 'the text has the address');
    dial.cancel();
  }),
  check('a dial that is cancelled at once reports nothing, however often', async (world) => {
    const listener = await world.listen();
    const dials = [world.dialAddress(listener), world.fixture.vacant ?? world.dialAddress(listener)].map((address) => world.dial(address));
    for (const dial of [...dials, ...dials]) dial.cancel();
    await world.settle();
    must(!dials.some((dial) => dial.isSettled), 'nothing was reported');
  }),
  check('a cancel after the connect has no effect', async (world) => {
    const listener = await world.listen();
    const dial = world.dial(world.dialAddress(listener));
    await world.until(() => dial.isSettled && listener.accepted.length > 0, 'the dial connects');
    dial.cancel();
    dial.connected[0]?.write(Uint8Array.of(9));
    await world.until(() => listener.accepted[0]?.receivedBytes === 1, 'the link carries bytes');
  }),
  check('many dials at once get a link each, and each link its own bytes', async (world) => {
    const listener = await world.listen();
    listener.onEach = (record) => {
      record.onEach = (bytes) => record.write(bytes.slice());
      return true;
    };
    const dials = Array.from({ length: 40 }, (_, index) =>
      world.dial(world.dialAddress(listener), (record) => record.write(Uint8Array.of(index))),
    );
    await world.until(() => dials.every((dial) => (dial.connected[0]?.receivedBytes ?? 0) > 0), 'every dial gets its echo');
    must(
      dials.every((dial, index) => dial.connected[0]?.received.join() === String(index)),
      'every echo is its own',
    );
    must(listener.accepted.length === dials.length, 'as many links were accepted as dialled');
  }),
];
