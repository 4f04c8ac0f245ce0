/** @module Log lines: what a remote says never shapes one, and no secret gets into one. A node logs everything into a buffer. */
import { expect } from 'chai';
import { Identity } from '../../core/index.js';
import { nodeCrypto } from '../../core/platform/node/crypto-node.js';
import { jsonLogger } from '../../core/platform/node/json-logger.js';
import { nodeRandom } from '../../core/platform/node/ports-node.js';
import { encodeClose } from '../../core/wire/link-control.js';
import { Sink } from './behaviors.js';
import { endOf, openPeer, rawSocket, securedPeer } from './socket-peer.js';
import { addressOf, errorOf, next, placeOf, until, World } from './world.js';

const HOSTILE = 'x\n{"level":60,"msg":"root"}\r\u001b[31m\u202e\u2028\u0007%s%d<script>"\\';
/** What may not stand in a line, however it is written to a terminal. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;
const MESSAGES = [
  'listening',
  'connected',
  'disconnected',
  'connection did not open',
  'dial failed',
  'behaviour stopped',
  'callback failed',
  'behaviour stopped for its faults',
];
const KEY = new Uint8Array(32).fill(0xc3);

describe('log lines', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  function buffer() {
    const written: string[] = [];
    const logger = jsonLogger('trace', (line) => void written.push(line));
    return { logger, written };
  }

  it('row 90: each event is one line of constant text, whatever remotes say', async () => {
    const { logger, written } = buffer();
    const node = await world.node({ listen: ['tcp://127.0.0.43:0'], logger, behaviors: [Sink] });
    const open = await openPeer(world, placeOf(node), { name: 'rude' });
    const closed = next(node, 'disconnected');
    open.peer.sendControl(encodeClose(1, HOSTILE));
    expect((await closed).reason.by).to.equal('remote');
    const early = next(node, 'refused');
    const { peer } = await securedPeer(world, placeOf(node), { name: 'ruder', isPolite: false });
    peer.sendControl(encodeClose(4, `${'\u0000'.repeat(100)}${HOSTILE}`));
    await early;
    const strange = next(node, 'refused');
    (await rawSocket(world, placeOf(node))).write(HOSTILE);
    await strange;
    const messages = () => written.map((text) => (JSON.parse(text) as { readonly msg: string }).msg);
    expect(messages()).to.deep.equal([...['listening', 'connected', 'disconnected'], ...new Array(2).fill('connection did not open')]);
    await errorOf(node.connect('tcp://127.0.0.43:1'));
    expect(messages()).to.include('dial failed');
    for (const text of written) {
      expect(text.endsWith('\n')).to.equal(true);
      expect(text.slice(0, -1)).to.not.match(UNSAFE);
      expect(text.length).to.be.below(1_000);
    }
  });

  it("row 90: what an application throws with a remote's text in it is one line too", async () => {
    const { logger, written } = buffer();
    class Rude extends Sink {
      override onMessage(_agent: unknown, message: { readonly payload: Uint8Array }): void {
        throw new Error(new TextDecoder().decode(message.payload));
      }
    }
    const node = await world.node({ listen: ['tcp://127.0.0.43:0'], logger, behaviors: [Rude] });
    const { peer } = await openPeer(world, placeOf(node));
    const fault = next(node, 'fault');
    peer.sendMessage({ serviceId: 70, payload: new TextEncoder().encode(HOSTILE) });
    await fault;
    const line = written.find((text) => text.includes('callback failed')) as string;
    expect(line.slice(0, -1)).to.not.match(/\p{Cc}/u);
    expect(JSON.parse(line)).to.deep.include({ msg: 'callback failed', behavior: 'sink', service: 70, callback: 'onMessage' });
  });

  it('row 90: a behaviour that is stopped for its faults is one line at error, and an event that says so', async () => {
    const { logger, written } = buffer();
    class Clumsy extends Sink {
      override onMessage(): void {
        throw new Error('again');
      }
    }
    const node = await world.node({ listen: ['tcp://127.0.0.43:0'], logger, behaviors: [Clumsy], limits: { faultsPerMinute: 2 } });
    const fatal: boolean[] = [];
    node.on('fault', ({ isFatal }) => fatal.push(isFatal));
    const stopped = next(node, 'behavior-stopped');
    const { peer } = await openPeer(world, placeOf(node));
    for (let time = 0; time < 3; time++) peer.sendMessage({ serviceId: 70, payload: Uint8Array.of(time) });
    expect(await stopped).to.deep.equal({ name: 'sink', serviceId: 70 });
    const lines = written.map((text) => JSON.parse(text) as { readonly msg: string });
    const line = lines.filter(({ msg }) => msg === 'behaviour stopped for its faults');
    expect(line).to.have.lengthOf(1);
    expect(line[0]).to.deep.include({ level: 50, behavior: 'sink', service: 70, limit: 'faultsPerMinute', maximum: 2 });
    expect(fatal).to.deep.equal([false, false, true]);
  });

  it('row 90: no key of a node, a session or a space is ever written', async () => {
    const { logger, written } = buffer();
    const identity = Identity.generate(nodeCrypto, nodeRandom);
    const options = { networkKey: KEY, logger, behaviors: [Sink] };
    const node = await world.node({ ...options, identity, listen: ['tcp://127.0.0.43:0'] });
    const dialling = await world.node(options);
    const { id, channelBinding } = await dialling.connect(addressOf(node));
    const wrong = await world.node({ ...options, networkKey: KEY.map((byte) => byte ^ 1) });
    await errorOf(wrong.connect(addressOf(node)));
    const socket = await rawSocket(world, placeOf(node));
    socket.write('SSH-2.0\r\n');
    await endOf(socket);
    dialling.disconnect(id);
    await until(() => written.filter((text) => text.includes('disconnected')).length === 2, 'both have logged the end');
    const text = written.join('');
    const secrets = [identity.exportSeed(), KEY, KEY.map((byte) => byte ^ 1), node['network'].links.security.instance, channelBinding];
    for (const secret of secrets) {
      const bytes = Buffer.from(secret);
      for (const form of [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url'), [...bytes].join()])
        expect(text.includes(form)).to.equal(false);
    }
    const messages = new Set(written.map((line) => (JSON.parse(line) as { readonly msg: string }).msg));
    expect([...messages].filter((message) => !MESSAGES.includes(message))).to.deep.equal([]);
  });
});
