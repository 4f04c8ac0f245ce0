/**
 * @module Datagram checks: the contract of `DatagramTransport` in `core/api/transport.ts`. Nothing is judged by what was lost: what must come is
 * sent until it comes.
 */
import type { Address } from '../../core/address/address.js';
import { must } from './check-tools.js';
import { type ContractCheck, checksIn } from './contract-world.js';
import { type DatagramFixture, DatagramWorld } from './datagram-world.js';

/** One fact about every datagram transport. `run` rejects with an error that names what did not hold. */
export type DatagramCheck = ContractCheck<DatagramFixture>;

/** What every path that carries secured datagrams must let pass. */
const BYTES = 1_200;

const check = checksIn((fixture: DatagramFixture) => new DatagramWorld(fixture));

export const DATAGRAM_CHECKS: readonly DatagramCheck[] = [
  check('a socket reports once where it is bound, with its real port', async (world) => {
    const socket = await world.bind();
    const [bound = []] = socket.listened;
    must(bound.length > 0, 'at least one address is reported');
    must(
      bound.every(({ scheme }) => world.fixture.transport.schemes.includes(scheme)),
      'the addresses have a scheme of the transport',
    );
    must(!world.fixture.nextAddress().text.endsWith(':0') || bound.every(({ port }) => port > 0), 'port 0 is resolved');
    await world.settle();
    must(socket.listened.length === 1, 'it is reported once');
  }),
  check('a second socket on the same address fails with ADDRESS_IN_USE and leaves the first alone', async (world) => {
    const first = await world.bind();
    const second = world.start(world.fixture.transport, first.address);
    await world.until(() => second.failures.length > 0, 'the second socket fails');
    must(second.failures[0]?.code === 'ADDRESS_IN_USE', `the code is ADDRESS_IN_USE, not ${second.failures[0]?.code}`);
    must(second.failures[0].message.includes(first.address.text), 'the text has the address');
    const other = await world.bindOther();
    await world.until(
      () => first.received.length > 0,
      'the first one receives',
      () => other.send(first.address, Uint8Array.of(1)),
    );
  }),
  check('a socket that is closed before it is bound reports nothing', async (world) => {
    const socket = world.start(world.fixture.transport, world.fixture.nextAddress());
    socket.close();
    socket.close();
    await world.settle();
    must(socket.listened.length + socket.failures.length === 0, 'nothing was reported');
  }),
  check('a closed socket frees its address and receives nothing more', async (world) => {
    const [first, other] = [await world.bind(), await world.bindOther()];
    const { address } = first;
    first.close();
    const again = await world.bind(world.fixture.transport, address);
    await world.until(
      () => again.received.length > 0,
      'the new one receives',
      () => other.send(address, Uint8Array.of(7)),
    );
    must(first.received.length === 0, 'the old one got nothing');
    first.send(other.address, Uint8Array.of(8));
  }),
  check('datagrams come whole, with the address to which an answer is sent', async (world) => {
    const [near, far] = [await world.bind(), await world.bindOther()];
    far.onEach = (bytes, from) => far.send(from, bytes.slice());
    const sent = Uint8Array.from({ length: BYTES }, (_, index) => index % 251);
    await world.until(
      () => near.received.length > 0,
      'an echo comes back',
      () => near.send(far.address, sent),
    );
    const [echo] = near.received;
    must(echo?.byteCount === BYTES && echo.text === sent.subarray(0, 64).join(), 'the echo is what was sent');
    must(echo.from.text === far.address.text, 'the echo comes from where it was sent to');
    must(world.fixture.other.schemes.includes(echo.from.scheme), 'with a scheme of the transport');
  }),
  check('an empty datagram is one, too, and several of one call stay apart', async (world) => {
    const [near, far] = [await world.bind(), await world.bindOther()];
    const sizes = () => new Set(far.received.map(({ byteCount }) => byteCount));
    await world.until(
      () => [0, 1, 2].every((size) => sizes().has(size)),
      'all three come',
      () => near.send(far.address, new Uint8Array(0), new Uint8Array(1), new Uint8Array(2)),
    );
    must(sizes().size === 3, 'nothing else comes');
  }),
  check('one socket serves many remotes', async (world) => {
    const far = await world.bindOther();
    far.onEach = (bytes, from) => far.send(from, bytes.slice());
    const near = await Promise.all(Array.from({ length: 8 }, () => world.bind()));
    await world.until(
      () => near.every(({ received }) => received.length > 0),
      'each gets its echo',
      () => near.forEach((socket, index) => void socket.send(far.address, Uint8Array.of(index))),
    );
    must(
      near.every(({ received }, index) => received.every(({ text }) => text === String(index))),
      'every echo is its own',
    );
  }),
  check('what nobody receives is lost in silence, and harms nothing else', async (world) => {
    const [near, far] = [await world.bind(), await world.bindOther()];
    const vacant: Address = (await world.bindOther()).address.withPort(9);
    for (let count = 0; count < 32; count++) near.send(vacant, new Uint8Array(BYTES), new Uint8Array(65_508));
    await world.until(
      () => far.received.length > 0,
      'others still receive',
      () => near.send(far.address, Uint8Array.of(3)),
    );
    must(near.failures.length === 0, 'nothing has failed');
  }),
  check('a socket is opened for a remote where one is to be dialled', async (world) => {
    const far = await world.bindOther();
    const near = await world.bind(world.fixture.transport, world.fixture.transport.anyAddress(far.address));
    await world.until(
      () => far.received.length > 0,
      'a datagram comes',
      () => near.send(far.address, Uint8Array.of(4)),
    );
  }),
];
