/** @module Tests of greetings: their form, what two books say inside the handshake, and that nothing more is said than has to be. */
import { expect } from 'chai';
import { signRecord } from '../../../../behaviours/addressbook/book/record.js';
import { type Greeting, greetingFromWire, greetingToWire } from '../../../../behaviours/addressbook/gossip/greeting.js';
import { MemoryStorage, parseAddress } from '../../../../core/index.js';
import { BareNode, seededIdentity } from '../../../../testing/index.js';
import { bookOf, idOf, isConnected, Mesh, signerOf, WALL_MS } from '../support.js';

const question = { type: 'digest', salt: 7, buckets: new Uint8Array(256).fill(3) } as const;
const nothing: Greeting = { record: undefined, hasMore: false, question: undefined };

describe('a greeting', () => {
  it('comes back as it was', () => {
    const record = new Uint8Array(100).fill(1);
    for (const greeting of [
      nothing,
      { record, hasMore: true, question },
      { ...nothing, question },
      { ...nothing, wallMs: 1_735_689_600_000 },
    ])
      expect(greetingFromWire(greetingToWire(greeting))).to.deep.equal(greeting);
  });

  it('is small when there is nothing to say', () => {
    expect(greetingToWire(nothing)).to.deep.equal({});
    expect(greetingToWire({ ...nothing, question: { ...question, buckets: new Uint8Array(256) } })).to.deep.equal({ salt: 7 });
  });

  it('has a time that can be shown, whatever the clock says', () => {
    for (const [wallMs, time] of [
      [-1, 0],
      [0.75, 0],
      [1e300, 253_402_300_799_999],
    ] as const)
      expect(greetingToWire({ ...nothing, wallMs })).to.deep.equal({ time });
    expect([greetingFromWire({ time: 253_402_300_799_999 })?.wallMs, greetingFromWire({ time: 253_402_300_800_000 })]).to.deep.equal([
      253_402_300_799_999,
      undefined,
    ]);
  });

  it('of a later version is read, a malformed one is not', () => {
    expect(greetingFromWire({ later: 1 })).to.deep.equal(nothing);
    const malformed = [
      ...[undefined, 'text', 5, [1], new Uint8Array(3), { record: 'x' }, { record: new Uint8Array(2_049) }, { more: 1 }],
      ...[{ salt: -1 }, { salt: 0.5 }, { salt: 2 ** 32 }, { salt: 1, buckets: new Uint8Array(255) }, { salt: 1, buckets: 'x' }],
    ];
    for (const value of malformed) expect(greetingFromWire(value), JSON.stringify(value)).to.equal(undefined);
    expect(greetingFromWire({ record: new Uint8Array(2_048), salt: 2 ** 32 - 1 })?.question?.salt).to.equal(2 ** 32 - 1);
  });
});

describe('two nodes that have nothing for each other', () => {
  it('know each other’s record when they are connected, and have said little a while later', async () => {
    const mesh = new Mesh(1);
    const a = await mesh.node('a');
    const b = await mesh.node('b', {}, { isDialling: false });
    await b.connect('sim://a');
    await mesh.net.run(30);
    expect([bookOf(a).entry(b.id)?.seq, bookOf(b).entry(a.id)?.seq].map((seq) => typeof seq)).to.deep.equal(['number', 'number']);
    await mesh.net.run(3_000);
    const sent = [a, b].map((node) => bookOf(node).counters);
    expect(sent.map(({ recordsSent }) => recordsSent)).to.deep.equal([0, 0]);
    expect(sent.reduce((sum, { messagesSent }) => sum + messagesSent, 0)).to.be.at.most(4);
    await mesh.net.stop();
  });

  it('do not ask when one of them can be reached by nobody', async () => {
    const mesh = new Mesh(2);
    const server = await mesh.node('server');
    const client = await mesh.net.createNode({ name: 'client', listen: [] });
    await client.start();
    await client.connect('sim://server');
    await mesh.net.run(3_000);
    expect([bookOf(server).counters.messagesSent, bookOf(client).counters.messagesSent]).to.deep.equal([0, 0]);
    expect(bookOf(client).entry(server.id)?.seq).to.be.a('number');
    await mesh.net.stop();
  });
});

describe('a node’s word about itself', () => {
  it('is checked before anybody else is told of it', async () => {
    for (const isForged of [false, true]) {
      const mesh = new Mesh(3);
      const victim = await mesh.node('20.0.0.1');
      const { node, liar } = await mesh.liar('66.0.0.1', { identity: seededIdentity('liar'), seeds: ['sim://20.0.0.1'] });
      await mesh.net.runUntil(() => isConnected(victim, node), 5_000);
      const { bytes } = signRecord([parseAddress('sim://66.0.0.1')], WALL_MS + 5, signerOf('liar'));
      if (isForged) bytes[20] = (bytes[20] as number) ^ 1;
      liar.tell([bytes]);
      await mesh.net.run(100);
      expect(bookOf(victim).entry(node.id)?.seq, 'believed as its own word').to.equal(WALL_MS + 5);
      const friend = await mesh.node('30.0.0.1', { seeds: ['sim://20.0.0.1'] });
      await mesh.net.run(5_000);
      expect(bookOf(friend).entry(idOf('liar'))?.seq, `forged: ${isForged}`).to.equal(isForged ? undefined : WALL_MS + 5);
      if (isForged) expect(bookOf(victim).entry(node.id)?.seq).to.equal(undefined);
      await mesh.net.stop();
    }
  });
});

describe('a node with an address book that has nothing to do', () => {
  it('has no timer for it', () => {
    const timersOf = (builtins: readonly ('handshake' | 'addressbook')[]) => {
      const node = new BareNode('idle', { builtins });
      node.start();
      return node.network.deadlines.size;
    };
    expect(timersOf(['handshake', 'addressbook'])).to.equal(timersOf(['handshake']));
  });
});

describe('what a node remembers', () => {
  it('is there after a power cut a second after it met somebody', async () => {
    const mesh = new Mesh(4);
    const a = await mesh.node('a');
    const memory = { storage: new MemoryStorage(), identity: seededIdentity('b') };
    await mesh.node('b', { ...memory, seeds: ['sim://a'] });
    await mesh.net.run(1_000);
    mesh.net.crash('b', { reset: true });
    const again = await mesh.node('elsewhere', memory);
    await mesh.net.runUntil(() => isConnected(again, a), 5_000);
    await mesh.net.stop();
  });
});
