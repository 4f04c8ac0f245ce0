/** @module Tests of peering against nodes that say what they like (INET-17, INET-18, INET-28, INET-32, INET-33, H-20, H-62). */
import { expect } from 'chai';
import fc from 'fast-check';
import { fromWire, type PeeringMessage } from '../../../behaviours/peering/protocol/messages.js';
import { encodeValue, type Message } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { frameOf, Impostor, numberOf, numbers, peeringOf, type Sim, started } from './support.js';

const LIFE = 77;
/** type, port, attempt, life, remoteLife, received, room, frameBytesMax */
const hello = (over: Record<number, unknown> = {}) => Object.assign([1, 0, 0, 1, LIFE, 0, 0, 10, 65_536], over);
const frame = (number: number, body: Uint8Array = frameOf(number)) => Uint8Array.of(0, 0, 0, 0, number, ...body);

describe('peering with hostile peers', () => {
  let sim: Sim;
  let b: SimulatedNode;
  let evil: SimulatedNode;
  let impostor: Impostor;
  beforeEach(async () => {
    sim = new SimulatedNetwork({ seed: 66, latencyMs: 5 });
    b = await started(sim, 'b', { acceptUnknown: true, inboxFrames: 3, frameBytesMax: 100 });
    evil = await sim.createNode({ name: 'evil', builtins: ['handshake'], behaviors: [Impostor] });
    await evil.start();
    await evil.connect('sim://b');
    await sim.run(50);
    impostor = evil.behavior(Impostor);
  });
  afterEach(() => sim.stop());

  const say = async (...messages: readonly unknown[]) => {
    for (const message of messages) impostor.say(message);
    await sim.run(50);
  };
  const isOpen = () => b.connections().length === 1;
  const counters = () => peeringOf(b).status().counters;

  it('INET-18: the right words make a peer: hello, ack of the same type, frames', async () => {
    for (const [typeIndex, type] of ['standard', 'cross', 'limited-sending', 'limited-receiving'].entries()) {
      await say(hello({ 1: typeIndex, 3: 9 }));
      const [kind, given, , attempt, , remoteLife] = impostor.heard.at(-1) as number[];
      expect([kind, given, attempt, remoteLife]).to.deep.equal([2, typeIndex, 9, LIFE]);
      expect(peeringOf(b).peer(0)).to.include({ type, state: 'up' });
    }
    await say(hello({ 1: 0 }), frame(0));
    expect(numberOf((await peeringOf(b).next())?.frame)).to.equal(0);
  });

  const before: readonly (readonly [what: string, message: unknown])[] = [
    ['a frame', frame(0)],
    ['an ack', hello({ 0: 2 })],
    ['progress', [4, 0, 0]],
    ['a refusal', [3, 1, 'no']],
    ['bye', [5]],
  ];
  for (const [what, message] of before)
    it(`INET-18: ${what} before any hello closes the connection, and makes no peer`, async () => {
      await say(message);
      expect([isOpen(), peeringOf(b).peers(), peeringOf(b).status().unreadFrames]).to.deep.equal([false, [], 0]);
    });

  const malformed: readonly (readonly [what: string, message: unknown])[] = [
    ...['', 'text', 7, {}, [], [0], [6], ['1'], [5, 1], [4, 1], [4, -1, 0], [4, 1.5, 0], [3, 1], [3, 'x', 'y'], [3, 1, 'a\nb']].map(
      (value) => [JSON.stringify(value), value] as const,
    ),
    ['a reason of 65 characters', [3, 1, 'x'.repeat(65)]],
    ['a hello without an end', hello().slice(0, 8)],
    ['a hello with something behind it', [...hello(), 1]],
    ['a hello of type 4', hello({ 1: 4 })],
    ['a hello of port 65536', hello({ 2: 65_536 })],
    ['a hello of life 0', hello({ 4: 0 })],
    ['a hello that takes no frame', hello({ 8: 0 })],
    ['a hello with a text in it', hello({ 5: '0' })],
    ['a frame without its number', Uint8Array.of(0, 0, 0, 0)],
    ['no bytes', new Uint8Array()],
    ['bytes that are no CBOR', Uint8Array.of(0xff)],
    ['a control message of 257 bytes', [3, 1, 'x'.repeat(250)]],
  ];
  for (const [what, message] of malformed)
    it(`INET-17, INET-32: ${what} is malformed and closes the connection`, async () => {
      await say(message);
      expect([isOpen(), peeringOf(b).peers()]).to.deep.equal([false, []]);
    });

  it('INET-32, H-20: a frame of the longest length is taken, one byte more closes the connection', async () => {
    await say(hello(), frame(0, new Uint8Array(100)));
    expect([isOpen(), peeringOf(b).status().unreadFrames]).to.deep.equal([true, 1]);
    await say(frame(1, new Uint8Array(101)));
    expect([isOpen(), peeringOf(b).status().unreadFrames]).to.deep.equal([false, 1]);
  });

  it('INET-33: no frame passes for a message, whatever is in it', async () => {
    await say(hello());
    for (const [index, value] of [hello({ 1: 1 }), [5], [4, 9, 9]].entries()) await say(frame(index, encodeValue(value)));
    expect([peeringOf(b).peer(0)?.state, peeringOf(b).peer(0)?.type, peeringOf(b).status().unreadFrames]).to.deep.equal([
      'up',
      'standard',
      3,
    ]);
  });

  it('INET-09: more frames than there is room for close the connection; nothing more is kept', async () => {
    await say(hello(), ...numbers(3).map((number) => frame(number)));
    expect([isOpen(), peeringOf(b).status().unreadFrames]).to.deep.equal([true, 3]);
    await say(frame(3));
    expect([isOpen(), peeringOf(b).status().unreadFrames, counters().violations]).to.deep.equal([false, 3, 1]);
  });

  it('a frame that comes twice is taken once; one that leaves a hole closes the connection', async () => {
    await say(hello(), frame(0), frame(0));
    expect([isOpen(), peeringOf(b).status().unreadFrames, counters().messagesIgnored]).to.deep.equal([true, 1, 1]);
    await say(frame(2));
    expect([isOpen(), counters().violations]).to.deep.equal([false, 1]);
  });

  it('INET-23: a frame from a peer that said it would only receive closes the connection', async () => {
    await say(hello({ 1: 3 }), frame(0));
    expect([isOpen(), peeringOf(b).status().unreadFrames]).to.deep.equal([false, 0]);
  });

  for (const [what, received, isGood] of [
    ['as many as were sent', 2, true],
    ['more', 3, false],
  ] as const)
    it(`progress of ${what} is ${isGood ? 'taken' : 'a breach'}`, async () => {
      await say(hello());
      const outcomes = numbers(2).map((number) => peeringOf(b).send(0, frameOf(number)));
      await say([4, received, 10]);
      expect([isOpen(), counters().framesDelivered]).to.deep.equal([isGood, isGood ? 2 : 0]);
      if (isGood) await Promise.all(outcomes);
    });

  it('a peer that claims to have what was never sent, in its next hello, is disconnected', async () => {
    await say(hello());
    const [, , , , life] = impostor.heard.at(-1) as number[];
    await say(hello({ 5: life, 6: 0 }));
    expect(isOpen()).to.equal(true);
    await say(hello({ 5: life, 6: 1 }));
    expect([isOpen(), counters().violations]).to.deep.equal([false, 1]);
    await evil.connect('sim://b');
    await say(hello({ 4: 78 }));
    expect(peeringOf(b).peer(0)?.state).to.equal('up');
  });

  it('a peer that gives no room gets no frame, and one that gives more than there are numbers gets no more than wait', async () => {
    await say(hello({ 7: 0 }));
    const outcome = peeringOf(b).send(0, frameOf(1));
    await sim.run(1_000);
    expect(impostor.heard.filter((heard) => heard instanceof Uint8Array)).to.have.length(0);
    await say([4, 0, Number.MAX_SAFE_INTEGER]);
    expect(impostor.heard.filter((heard) => heard instanceof Uint8Array)).to.have.length(1);
    await say([4, 1, Number.MAX_SAFE_INTEGER]);
    expect(await outcome).to.deep.equal({ type: 'delivered' });
  });

  it('what is routed, as from farther away, is nobody’s word: who passes a message on could not be told from who wrote it', async () => {
    for (const message of [hello(), frame(0), [5]]) expect(impostor.route(b.id, message)).to.equal('queued');
    await sim.run(50);
    expect([peeringOf(b).peers(), isOpen(), counters().violations]).to.deep.equal([[], true, 0]);
  });

  it('a peer that came by itself is dialled where its last hello says, and not at all when that says nowhere', async () => {
    const address = () => peeringOf(b).peer(0)?.address?.port;
    await say(hello({ 1: 1, 2: 7400 }));
    expect(address()).to.equal(7400);
    await say(hello({ 1: 1, 2: 7500 }));
    expect(address()).to.equal(7500);
    for (const over of [
      { 1: 1, 2: 0 },
      { 1: 0, 2: 7500 },
    ]) {
      await say(hello(over));
      expect(address(), JSON.stringify(over)).to.equal(undefined);
    }
  });

  it('a thousand hellos on one connection leave one peer, and the last one counts', async () => {
    await say(...numbers(1_000).map((number) => hello({ 4: number + 1 })));
    await say(frame(0));
    expect([peeringOf(b).peers().length, isOpen(), peeringOf(b).status().unreadFrames]).to.deep.equal([1, true, 1]);
  });

  it('H-62: 2,000 strange texts throw nothing and keep no fault', () => {
    const origin = { value: () => undefined };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
        const message = { ...origin, payload, byteLength: payload.length } as unknown as Message;
        const read: PeeringMessage | undefined = fromWire(message, 64);
        if (payload[0] === 0) expect(read?.type === 'frame').to.equal(payload.length >= 5 && payload.length <= 69);
        else expect(read).to.equal(undefined);
      }),
      { numRuns: 2_000 },
    );
  });

  describe('that were dialled', () => {
    const dialled = async (answer: (heard: unknown[]) => unknown) => {
      const a = await started(sim, 'a', { peers: [{ address: 'sim://evil' }], greetingMs: 1_000 });
      await sim.runUntil(() => impostor.heard.length > 0 || impostor.connections.length > 1);
      await sim.run(20);
      impostor.say(answer(impostor.heard.at(-1) as unknown[]));
      await sim.run(50);
      return peeringOf(a);
    };
    const ack = (heard: unknown[], over: Record<number, unknown> = {}) => hello({ 0: 2, 1: heard[1], 3: heard[3], 5: heard[4], ...over });

    it('INET-28: an ack of the type that was asked for makes them peers', async () => {
      expect((await dialled((heard) => ack(heard))).peer(0)).to.include({ state: 'up' });
    });

    it('INET-28: an ack of another type closes the connection, and the peer is dialled again', async () => {
      const pa = await dialled((heard) => ack(heard, { 1: 1 }));
      expect(pa.status().counters.violations).to.equal(1);
      expect(pa.peer(0)).to.include({ state: 'waiting', failures: 1 });
      const heardBefore = impostor.heard.length;
      await sim.run(10_000);
      expect(impostor.heard.length).to.be.above(heardBefore);
    });

    it('an ack of another hello, or for another life, is not looked at', async () => {
      expect((await dialled((heard) => ack(heard, { 3: 7 }))).peer(0)).to.include({ state: 'greeting' });
    });

    it('INET-29: a refusal is a failed handshake with the reason, and the peer is asked again', async () => {
      const pa = await dialled((heard) => [3, heard[3], 'not today']);
      expect(pa.peer(0)?.failure).to.deep.equal({ type: 'handshake', reason: 'not today' });
      const heardBefore = impostor.heard.length;
      await sim.run(10_000);
      expect(impostor.heard.length).to.be.above(heardBefore);
    });
  });
});
