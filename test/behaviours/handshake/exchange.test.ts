/** @module Tests of the exchange: its transcript, and at every state what is refused, repeated, late or too much. */
import { expect } from 'chai';
import { Exchange, type ExchangeSide, refused, type Step } from '../../../behaviours/handshake/exchange.js';
import {
  type FinalMessage,
  type HandshakeMessage,
  type InitialMessage,
  MALFORMED,
  type Me,
} from '../../../behaviours/handshake/messages.js';

const DIALER: Me = { addresses: ['mem://dialer'], name: 'd' };
const ACCEPTOR: Me = { addresses: ['mem://acceptor'], name: 'a' };
const VALUE = Uint8Array.of(1);

interface SideOptions {
  readonly refuseOffer?: string;
  readonly refuse?: string;
}

/** A side that offers the sections `own` and `both`, and notes what it is asked. */
function sideOf(me: Me, you: string, { refuseOffer, refuse }: SideOptions = {}): ExchangeSide & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    present: () => undefined,
    admit: () => undefined,
    introduce(seenAs) {
      log.push(`introduce seen as ${seenAs}`);
      const sections = [['own', VALUE] as const, ['both', VALUE] as const];
      return refuseOffer === undefined ? { type: 'offer', introduction: { me, you, sections } } : refused(refuseOffer);
    },
    accept(sections) {
      const names = sections.map(([name]) => name);
      log.push(`accept ${names.join()}`);
      return refuse === undefined ? { type: 'accepted', names: names.filter((name) => name === 'both') } : refused(refuse);
    },
  };
}

const dialerSide = (options?: SideOptions) => sideOf(DIALER, 'mem://acceptor', options);
const acceptorSide = (options?: SideOptions) => sideOf(ACCEPTOR, 'mem://dialer-1', options);

const INITIAL_D: InitialMessage = { stage: 'initial', me: DIALER, you: 'mem://acceptor', sections: [['both', VALUE]] };
const INITIAL_A: InitialMessage = { stage: 'initial', me: ACCEPTOR, you: 'mem://dialer-1', sections: [['both', VALUE]] };
const FINAL_D: FinalMessage = { stage: 'final', me: DIALER, you: 'mem://acceptor', accepted: ['both'], sections: [] };
const FINAL_A: FinalMessage = { stage: 'final', me: ACCEPTOR, you: 'mem://dialer-1', accepted: ['both'], sections: [] };

/** A dialer that has said its INITIAL. */
function dialer(side = dialerSide()): { exchange: Exchange; hear: (message: Parameters<Exchange['receive']>[0]) => Step } {
  const exchange = Exchange.between('dialer');
  exchange.start(side);
  return { exchange, hear: (message) => exchange.receive(message, side) };
}

function acceptor(side = acceptorSide()): ReturnType<typeof dialer> {
  const exchange = Exchange.between('acceptor');
  return { exchange, hear: (message) => exchange.receive(message, side) };
}

const messagesOf = (step: Step): readonly HandshakeMessage[] => {
  if (step.type === 'answer') return step.messages;
  return (step.type === 'send' || step.type === 'done') && step.message !== undefined ? [step.message] : [];
};
const shown = (step: Step) => (step.type === 'send' ? step.message.stage : step.type === 'refused' ? step.reason : step.type);

describe('handshake exchange', () => {
  it('has four messages in three flights, and each side knows the other at its end (DNDM-23, DNDM-25)', () => {
    const sides = { dialer: dialerSide(), acceptor: acceptorSide() };
    const ends = { dialer: Exchange.between('dialer'), acceptor: Exchange.between('acceptor') };
    const transcript: string[] = [];
    const run = (name: 'dialer' | 'acceptor', step: Step): void => {
      const messages = messagesOf(step);
      const text = JSON.stringify(messages, (_key, value) => (value === VALUE ? '01' : value));
      transcript.push(`${name} ${ends[name].state}: ${text.slice(1, -1)}`);
      const other = name === 'dialer' ? 'acceptor' : 'dialer';
      for (const message of messages) run(other, ends[other].receive(message, sides[other]));
    };
    run('dialer', ends.dialer.start(sides.dialer));
    expect(transcript).to.deep.equal([
      'dialer wait: {"stage":"initial","me":{"addresses":["mem://dialer"],"name":"d"},"you":"mem://acceptor","sections":[["own","01"],["both","01"]]}',
      'acceptor peers: {"stage":"initial","me":{"addresses":["mem://acceptor"],"name":"a"},"you":"mem://dialer-1","sections":[["own","01"],["both","01"]]},{"stage":"final","me":{"addresses":["mem://acceptor"],"name":"a"},"you":"mem://dialer-1","sections":[],"accepted":["both"]}',
      'dialer peers: {"stage":"final","me":{"addresses":["mem://dialer"],"name":"d"},"you":"mem://acceptor","sections":[],"accepted":["both"]}',
      'acceptor done: ',
      'dialer done: ',
    ]);
    expect(sides.dialer.log).to.deep.equal(['introduce seen as undefined', 'accept own,both']);
    expect(sides.acceptor.log).to.deep.equal(['introduce seen as mem://acceptor', 'accept own,both']);
  });

  it('tells what the remote said when it is done', () => {
    const { hear } = acceptor();
    hear(INITIAL_D);
    expect(hear(FINAL_D)).to.deep.include({ type: 'done', remote: INITIAL_D });
    const other = dialer();
    other.hear(INITIAL_A);
    expect(other.hear(FINAL_A)).to.deep.equal({ type: 'done', message: undefined, remote: INITIAL_A });
  });

  it('a dialer takes the FINAL of an acceptor that waits for its own (DNDM-25)', () => {
    const { exchange, hear } = dialer();
    expect([shown(hear(INITIAL_A)), exchange.state]).to.deep.equal(['final', 'peers']);
    expect([shown(hear(FINAL_A)), exchange.state]).to.deep.equal(['done', 'done']);
  });

  it('understands the short form: a FINAL for the INITIAL, confirmed by a FINAL (DNDM-26)', () => {
    const side = dialerSide();
    const { exchange, hear } = dialer(side);
    const short: FinalMessage = { ...FINAL_A, sections: [['both', VALUE]] };
    expect(hear(short)).to.deep.equal({ type: 'done', message: { ...FINAL_D, accepted: ['both'] }, remote: short });
    expect(exchange.state).to.equal('done');
    expect(side.log).to.deep.equal(['introduce seen as undefined', 'accept both']);
  });

  it('takes the short form of a dialer, which says FINAL to whatever it hears, and ignores what follows (DNDM-26)', () => {
    const { hear } = acceptor();
    expect(shown(hear(INITIAL_D))).to.equal('answer');
    expect(shown(hear(FINAL_D))).to.equal('done');
    expect(shown(hear(FINAL_D))).to.equal('ignored');
  });

  const mismatches: readonly (readonly [string, Partial<FinalMessage>, string])[] = [
    ['another name', { me: { ...ACCEPTOR, name: 'b' } }, 'handshake FINAL does not match INITIAL'],
    ['no name any more', { me: { ...ACCEPTOR, name: undefined } }, 'handshake FINAL does not match INITIAL'],
    ['another address', { me: { ...ACCEPTOR, addresses: ['mem://other'] } }, 'handshake FINAL does not match INITIAL'],
    ['one address more', { me: { ...ACCEPTOR, addresses: ['mem://acceptor', 'mem://b'] } }, 'handshake FINAL does not match INITIAL'],
    ['one address less', { me: { ...ACCEPTOR, addresses: [] } }, 'handshake FINAL does not match INITIAL'],
    ['another you', { you: 'mem://dialer-2' }, 'handshake FINAL does not match INITIAL'],
    ['no you', { you: undefined }, 'handshake FINAL does not match INITIAL'],
    ['a section accepted that was not offered', { accepted: ['both', 'other'] }, 'handshake FINAL accepts what was not offered'],
  ];
  for (const [fact, change, reason] of mismatches) {
    it(`refuses a FINAL with ${fact} (DNDM-25)`, () => {
      const { exchange, hear } = dialer();
      hear(INITIAL_A);
      expect(shown(hear({ ...FINAL_A, ...change }))).to.equal(reason);
      expect(exchange.state).to.equal('peers');
    });
  }

  it('refuses a dialer whose FINAL differs, too', () => {
    const { hear } = acceptor();
    hear(INITIAL_D);
    expect(shown(hear({ ...FINAL_D, you: 'mem://elsewhere' }))).to.equal('handshake FINAL does not match INITIAL');
  });

  it('refuses what is out of order', () => {
    expect(shown(acceptor().hear(FINAL_D))).to.equal('handshake FINAL before INITIAL');
    for (const end of [dialer(), acceptor()]) {
      expect(shown(end.hear({ stage: 'update', me: ACCEPTOR }))).to.equal('handshake UPDATE before FINAL');
    }
    const { hear } = dialer();
    hear(INITIAL_A);
    expect(shown(hear({ stage: 'update', me: ACCEPTOR }))).to.equal('handshake UPDATE before FINAL');
  });

  it('refuses what is malformed in every state before the last', () => {
    expect(shown(acceptor().hear(MALFORMED))).to.equal('malformed handshake message');
    const ends = [
      { ...dialer(), initial: INITIAL_A },
      { ...acceptor(), initial: INITIAL_D },
    ];
    for (const { hear, initial } of ends) {
      hear(initial);
      expect(shown(hear(MALFORMED))).to.equal('malformed handshake message');
    }
  });

  it('ignores an INITIAL that comes twice, five times and not a sixth time (DNDM-27)', () => {
    const ends = [
      { ...dialer(), initial: INITIAL_A, final: FINAL_A },
      { ...acceptor(), initial: INITIAL_D, final: FINAL_D },
    ];
    for (const { exchange, hear, initial } of ends) {
      hear(initial);
      for (let count = 0; count < 5; count++) expect(shown(hear(initial))).to.equal('ignored');
      expect(shown(hear(initial))).to.equal('more than 5 handshake messages without progress');
      expect(exchange.state).to.equal('peers');
    }
  });

  it('goes on after five messages without progress, and counts anew (DNDM-27)', () => {
    const { hear } = acceptor();
    hear(INITIAL_D);
    for (let count = 0; count < 5; count++) hear(INITIAL_D);
    expect(shown(hear(FINAL_D))).to.equal('done');
    const late = [INITIAL_D, FINAL_D, MALFORMED, INITIAL_D, FINAL_D];
    for (const message of late) expect(shown(hear(message))).to.equal('ignored');
    expect(shown(hear({ stage: 'update', me: { addresses: [], name: 'e' } }))).to.equal('updated');
    for (const message of late) expect(shown(hear(message))).to.equal('ignored');
    expect(shown(hear(INITIAL_D))).to.equal('more than 5 handshake messages without progress');
  });

  it('takes an UPDATE that says something new, once it is done (DNDM-30)', () => {
    const { hear } = acceptor();
    hear(INITIAL_D);
    hear(FINAL_D);
    const me: Me = { addresses: ['mem://moved'], name: 'd' };
    expect(shown(hear({ stage: 'update', me: DIALER }))).to.equal('ignored');
    expect(hear({ stage: 'update', me })).to.deep.equal({ type: 'updated', me });
    expect(shown(hear({ stage: 'update', me }))).to.equal('ignored');
    expect(hear({ stage: 'update', me: DIALER })).to.deep.equal({ type: 'updated', me: DIALER });
  });

  it('is over from the start on a connection that was open before', () => {
    const exchange = Exchange.over('dialer');
    expect(exchange.state).to.equal('done');
    expect(exchange.receive({ stage: 'update', me: ACCEPTOR }, dialerSide())).to.deep.equal({ type: 'updated', me: ACCEPTOR });
    expect(shown(exchange.receive(INITIAL_A, dialerSide()))).to.equal('ignored');
  });

  it('refuses for the side that refuses, and stays where it was (DNDM-29)', () => {
    const silent = Exchange.between('dialer');
    expect(shown(silent.start(dialerSide({ refuseOffer: 'no offer' })))).to.equal('no offer');
    expect(silent.state).to.equal('init');
    expect(shown(acceptor(acceptorSide({ refuseOffer: 'no offer' })).hear(INITIAL_D))).to.equal('no offer');
    const one = dialer(dialerSide({ refuse: 'not you' }));
    expect(shown(one.hear(INITIAL_A))).to.equal('not you');
    const other = acceptor(acceptorSide({ refuse: 'not you' }));
    expect(shown(other.hear(INITIAL_D))).to.equal('not you');
    const short = dialer(dialerSide({ refuse: 'not you' }));
    expect(shown(short.hear(FINAL_A))).to.equal('not you');
    for (const { exchange } of [one, other, short]) expect(exchange.state).not.to.equal('done');
  });
});
