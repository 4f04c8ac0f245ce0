/** @module Secure datagrams, both ends in the test's hands: bytes on the wire, what is refused, and how keys follow each other. */
import { expect } from 'chai';
import { platformCrypto } from '../../../../core/platform/node/platform-crypto.js';
import { AgreementKeys } from '../../../../core/security/agreement-keys.js';
import type { Opened } from '../../../../core/security/datagrams/epochs.js';
import { DATAGRAM_BYTES_MAX, DATAGRAM_BYTES_MIN, receiverOf } from '../../../../core/security/datagrams/header.js';
import { SecureDatagrams, type SecureDatagramsOptions } from '../../../../core/security/datagrams/secure-datagrams.js';
import { spaceOf } from '../../../../core/security/space.js';
import { seededIdentity, seededRandom } from '../../../../testing/index.js';
import { simulatedCrypto } from '../../../../transports/simulated/index.js';

class End {
  readonly secure: SecureDatagrams;
  readonly live = new Set<number>();

  constructor(name: string, isInitiator: boolean, options: Partial<SecureDatagramsOptions> = {}, networkKey?: Uint8Array) {
    const { crypto = platformCrypto() } = options;
    const random = seededRandom(name);
    let last = isInitiator ? 0x0a0b0c00 : 0xf0f1f200;
    const numbers = {
      add: () => {
        this.live.add(++last);
        return last;
      },
      delete: (index: number) => void this.live.delete(index),
    };
    this.secure = new SecureDatagrams({
      ...{ crypto, random, numbers, isInitiator, keys: new AgreementKeys(crypto, random), instance: random.bytes(8) },
      identity: seededIdentity(name, crypto),
      staticKey: crypto.agreementKey(random.bytes(32)),
      space: spaceOf({ networkName: 'test', networkKey }, 'datagram', crypto),
      ...options,
    });
  }

  take(datagrams: readonly Uint8Array[], nowMs = 0): void {
    for (const datagram of datagrams) this.secure.receive(datagram, nowMs);
  }

  out(): Uint8Array[] {
    return [...this.secure.takeOutput()];
  }

  seal(text: string, nowMs = 0): Uint8Array {
    return this.secure.seal(new TextEncoder().encode(text), nowMs) as Uint8Array;
  }

  /** What the datagram says; `undefined` when it is refused. */
  read(datagram: Uint8Array, nowMs = 0): string | undefined {
    const received = this.secure.receive(datagram, nowMs);
    return typeof received === 'string' ? undefined : new TextDecoder().decode((received as Opened).plaintext);
  }
}

function secured(options: Partial<SecureDatagramsOptions> = {}, responder = 'bob') {
  const [ada, bob] = [new End('ada', true, options), new End(responder, false, options)];
  ada.secure.start(0);
  bob.take(ada.out());
  ada.take(bob.out());
  bob.take(ada.out());
  ada.take([bob.seal('confirmed')]);
  expect([ada.secure.state, bob.secure.state]).to.deep.equal(['secured', 'secured']);
  return { ada, bob };
}

/** A whole rekeying, its messages carried by the test. */
function rekey(ada: End, bob: End, nowMs: number): void {
  ada.secure.expire(nowMs);
  for (let steps = 0; steps < 4; steps++)
    for (const [from, to] of [
      [ada, bob],
      [bob, ada],
    ] as const)
      for (let message = from.secure.takeRekey(); message !== undefined; message = from.secure.takeRekey())
        to.secure.receiveRekey(message, nowMs);
}

/** The message with each byte changed, from `start` on, and with the last one missing. */
function forgeriesOf(message: Uint8Array, start: number): Uint8Array[] {
  const changed = [...message.keys()].slice(start).map((at) => message.with(at, (message[at] as number) ^ 1));
  return [...changed, message.subarray(0, -1)];
}

describe('secure datagrams', () => {
  it('begin with 1,200 bytes: header, preamble, sender, no cookie, length, Noise message, zeros (row 35)', () => {
    const ada = new End('ada', true);
    ada.secure.start(0);
    const [initiation] = ada.out();
    const text = Buffer.from(initiation as Uint8Array).toString('hex');
    expect(text.slice(0, 86)).to.equal(`01${'00'.repeat(12)}4d5701010a0b0c01${'00'.repeat(16)}0020${text.slice(78, 86)}`);
    expect([initiation?.length, text.slice(2 * (13 + 4 + 4 + 16 + 2 + 32))]).to.deep.equal([
      DATAGRAM_BYTES_MAX,
      '00'.repeat(DATAGRAM_BYTES_MAX - 71),
    ]);
  });

  it('are answered with less than a fifth of that, and data has 29 bytes more than its plaintext (row 35)', () => {
    const [ada, bob] = [new End('ada', true), new End('bob', false)];
    ada.secure.start(0);
    bob.take(ada.out());
    const [response] = bob.out();
    expect([response?.[0], response?.length]).to.deep.equal([2, 226]);
    expect(
      Buffer.from(response as Uint8Array)
        .toString('hex')
        .slice(0, 34),
    ).to.equal('020a0b0c010000000000000000f0f1f201');
    ada.take([response as Uint8Array]);
    bob.take(ada.out());
    const data = ada.seal('hello');
    expect(Buffer.from(data).toString('hex').slice(0, 26)).to.equal('05f0f1f2010000000000000000');
    expect(Buffer.from(ada.seal('hello')).toString('hex').slice(0, 26)).to.equal('05f0f1f2010100000000000000');
    expect(data.length).to.equal(5 + 29);
  });

  it('take each datagram once, in any order, and nothing that was changed anywhere (rows 6, 22)', () => {
    const { ada, bob } = secured();
    const [first, second, third] = [ada.seal('1'), ada.seal('2'), ada.seal('3')];
    expect([bob.read(third), bob.read(first), bob.read(third), bob.read(first)]).to.deep.equal(['3', '1', undefined, undefined]);
    for (let at = 0; at < second.length; at++) {
      const changed = second.slice();
      changed[at] = (changed[at] as number) ^ 1;
      expect(bob.read(changed)).to.equal(undefined, `byte ${at}`);
    }
    expect(bob.read(second)).to.equal('2');
  });

  it('do not believe a counter before the datagram is authentic: a forged one far ahead moves no window (row 22)', () => {
    const { ada, bob } = secured();
    const [first, second] = [ada.seal('1'), ada.seal('2')];
    const forged = second.slice();
    forged[10] = 1;
    expect([bob.read(forged), bob.read(first), bob.read(second)]).to.deep.equal([undefined, '1', '2']);
  });

  it('end long before counters do: nothing is sealed from 2^48 on (row 23)', () => {
    const { ada, bob } = secured({ hooks: { nonce: 2 ** 48 - 2 } });
    expect([bob.read(ada.seal('last but one')), bob.read(ada.seal('last'))]).to.deep.equal(['last but one', 'last']);
    expect([ada.seal('none'), ada.secure.state, ada.secure.failure]).to.deep.equal([undefined, 'failed', 'record-failed']);
  });

  it('end at 2^20 forged datagrams, and not before (row 26)', () => {
    const { ada, bob } = secured({ crypto: simulatedCrypto });
    const forged = ada.seal('x');
    forged[forged.length - 1] = (forged.at(-1) as number) ^ 1;
    for (let count = 1; count < 2 ** 20; count++) bob.secure.receive(forged, 0);
    expect(bob.read(ada.seal('still'))).to.equal('still');
    bob.secure.receive(forged, 0);
    expect([bob.secure.state, bob.secure.failure]).to.deep.equal(['failed', 'record-failed']);
  });

  it('say again what was not answered, after 1, 2, 4 s and up to a quarter more, every second time in 548 bytes, and what was answered already (rows 8, 20)', () => {
    const [ada, bob] = [new End('ada', true), new End('bob', false)];
    ada.secure.start(0);
    const [initiation] = ada.out();
    const short = initiation?.subarray(0, DATAGRAM_BYTES_MIN);
    const waits = [1_000, 2_000, 4_000, 4_000].map((waitMs, index) => {
      const beganMs = ada.secure.nextAtMs;
      ada.secure.expire(beganMs);
      expect(ada.out()).to.deep.equal([index % 2 === 0 ? short : initiation]);
      return [(ada.secure.nextAtMs - beganMs) / waitMs, waitMs];
    });
    expect(waits.every(([share]) => (share as number) <= 2.5 && (share as number) >= 1)).to.equal(true);
    bob.take([short as Uint8Array]);
    const [response] = bob.out();
    bob.take([initiation as Uint8Array, short as Uint8Array]);
    expect(bob.out()).to.deep.equal([response, response]);
    expect(bob.secure.messageCount).to.equal(1);
    ada.take([response as Uint8Array]);
    const [confirmation] = ada.out();
    ada.take([response as Uint8Array]);
    expect(ada.out()).to.deep.equal([confirmation]);
    bob.take([confirmation as Uint8Array, confirmation as Uint8Array, initiation as Uint8Array]);
    expect([bob.secure.state, bob.out()]).to.deep.equal(['secured', []]);
  });

  it('let no forged response or confirmation end a handshake, wherever it was changed; 1,024 of them do (rows 6, 19)', () => {
    const [ada, bob] = [new End('ada', true), new End('bob', false)];
    ada.secure.start(0);
    bob.take(ada.out());
    const [response = new Uint8Array(0)] = bob.out();
    expect(
      forgeriesOf(response, 17)
        .map((forged) => ada.secure.receive(forged, 0))
        .filter((received) => received !== 'refused'),
    ).to.be.empty;
    ada.take([response]);
    const [confirmation = new Uint8Array(0)] = ada.out();
    for (const forged of forgeriesOf(confirmation, 13)) bob.secure.receive(forged, 0);
    bob.take([confirmation]);
    expect([ada.secure.state, ada.secure.messageCount, bob.secure.state, bob.secure.messageCount]).to.deep.equal([
      'secured',
      1,
      'secured',
      2,
    ]);
    expect(bob.read(ada.seal('hello'))).to.equal('hello');

    const [eve, dan] = [new End('eve', true), new End('dan', true)];
    for (const { secure } of [eve, dan]) secure.start(0);
    for (let count = 1; count < 1_024; count++) for (const { secure } of [eve, dan]) secure.receive(response, 0);
    eve.secure.receive(response, 0);
    expect([eve.secure.state, eve.secure.failure, dan.secure.state]).to.deep.equal(['failed', 'handshake-failed', 'handshaking']);
  });

  it('send an initiation with the cookie once for each cookie that is asked for', () => {
    const ada = new End('ada', true);
    ada.secure.start(0);
    const [plain] = ada.out();
    const cookie = Uint8Array.of(4, 0x0a, 0x0b, 0x0c, 1, ...new Uint8Array(8), ...new Uint8Array(16).fill(7));
    ada.take([cookie, cookie]);
    const again = ada.out();
    expect(again).to.have.length(1);
    expect(Buffer.from(again[0] as Uint8Array).toString('hex')).to.equal(
      Buffer.from(plain as Uint8Array)
        .toString('hex')
        .replace(`0c01${'00'.repeat(16)}`, `0c01${'07'.repeat(16)}`),
    );
  });

  it('get new keys after 120 s; of the keys before, datagrams are taken for another 10 s, and then no more (row 25)', () => {
    const { ada, bob } = secured();
    const [early, late] = [ada.seal('on its way'), ada.seal('too late')];
    const dueMs = ada.secure.nextAtMs;
    expect(dueMs).to.be.within(120_000, 130_000);
    rekey(ada, bob, dueMs);
    const fromBob = bob.seal('new', dueMs);
    expect([receiverOf(fromBob), ada.read(fromBob, dueMs)]).to.deep.equal([0x0a0b0c02, 'new']);
    const fromAda = ada.seal('new, too', dueMs);
    expect([receiverOf(fromAda), bob.read(fromAda, dueMs)]).to.deep.equal([0xf0f1f202, 'new, too']);
    expect([bob.read(early, dueMs + 9_999), bob.read(late, dueMs + 10_000)]).to.deep.equal(['on its way', undefined]);
    for (const { secure } of [ada, bob]) secure.expire(dueMs + 10_000);
    expect([[...ada.live], [...bob.live]]).to.deep.equal([[0x0a0b0c02], [0xf0f1f202]]);
  });

  it('have two pairs of keys at most, whatever comes twice or late, and go on for hours', () => {
    const { ada, bob } = secured();
    const old: Uint8Array[] = [];
    while (old.length < 20) {
      const nowMs = ada.secure.nextAtMs;
      ada.secure.expire(nowMs);
      const first = ada.secure.takeRekey();
      if (first === undefined) continue;
      old.push(first);
      for (const message of old.slice(-3)) bob.secure.receiveRekey(message, nowMs);
      for (let reply = bob.secure.takeRekey(); reply !== undefined; reply = bob.secure.takeRekey()) {
        ada.secure.receiveRekey(reply, nowMs);
        ada.secure.receiveRekey(reply, nowMs);
        const last = ada.secure.takeRekey();
        if (last !== undefined) for (const message of [last, last, first]) bob.secure.receiveRekey(message, nowMs);
      }
      expect([ada.read(bob.seal('b', nowMs), nowMs), bob.read(ada.seal('a', nowMs), nowMs)]).to.deep.equal(['b', 'a']);
      expect([ada.live.size, bob.live.size].every((size) => size <= 2)).to.equal(true);
    }
    expect(old.length).to.equal(20);
  });

  it('answer few new handshakes per pair of keys, none in its first minute, and keep one answer (row 24)', () => {
    const { bob } = secured();
    const ask = (index: number, nowMs: number) => {
      bob.secure.receiveRekey(Uint8Array.of(1, 0, 0, 1, index, ...seededRandom(`${index}`).bytes(32)), nowMs);
      return bob.secure.hasRekey;
    };
    expect([ask(0, 0), ask(1, 59_999), ask(2, 60_000)]).to.deep.equal([false, false, true]);
    for (let index = 3; index < 200; index++) ask(index, 60_000);
    expect([bob.secure.takeRekey()?.[0], bob.secure.takeRekey(), ask(201, 60_001)]).to.deep.equal([2, undefined, false]);
    expect([bob.live.size, bob.secure.state]).to.deep.equal([2, 'secured']);
  });

  it('end at 180 s when keys are not followed', () => {
    const { ada } = secured();
    expect(ada.seal('old', 180_000).length).to.be.above(0);
    expect([ada.seal('too old', 180_001), ada.secure.state]).to.deep.equal([undefined, 'failed']);
  });

  it('take new keys only of the node that proved itself before', () => {
    const [{ ada, bob }, other] = [secured(), secured({}, 'mallory')];
    const nowMs = other.ada.secure.nextAtMs;
    ada.secure.expire(nowMs);
    other.ada.secure.expire(nowMs);
    // Mallory answers in Bob's place, in whose session he cannot be: his proof is good, and not Bob's.
    bob.secure.receiveRekey(other.ada.secure.takeRekey() as Uint8Array, nowMs);
    other.ada.secure.receiveRekey(bob.secure.takeRekey() as Uint8Array, nowMs);
    expect([other.ada.secure.state, other.ada.secure.failure]).to.deep.equal(['failed', 'record-failed']);
  });
});
