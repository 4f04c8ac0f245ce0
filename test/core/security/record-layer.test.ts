/**
 * @module Record layer: boundaries, tampering, rekeying and exhaustion of one direction.
 */
import { expect } from 'chai';
import { NetworkError } from '../../../core/errors.js';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { CipherState, COUNTER_MAX } from '../../../core/security/cipher-state.js';
import {
  RECORD_OVERHEAD,
  RECORD_PLAINTEXT_MAX,
  RecordOpener,
  RecordSealer,
  type RekeyLimits,
} from '../../../core/security/record-layer.js';
import { BACKENDS, bytes, hex, joined, seededRandom } from './support.js';

const OFTEN: RekeyLimits = { bytes: 2 ** 30, records: 10 };
const NEVER: RekeyLimits = { bytes: 2 ** 40, records: 2 ** 40 };

interface Direction {
  readonly sealer: RecordSealer;
  readonly opener: RecordOpener;
  readonly states: readonly [CipherState, CipherState];
}

function direction(sealLimits?: RekeyLimits, openLimits = sealLimits): Direction {
  const states = [new CipherState(nodeCrypto, bytes('07'.repeat(32))), new CipherState(nodeCrypto, bytes('07'.repeat(32)))] as const;
  return { sealer: new RecordSealer(states[0], sealLimits), opener: new RecordOpener(states[1], openLimits), states };
}

function record(sealer: RecordSealer, plaintext: Uint8Array): Uint8Array {
  return joined(sealer.seal(plaintext) as readonly Uint8Array[]);
}

function open(opener: RecordOpener, chunk: Uint8Array): (string | undefined)[] {
  opener.push(chunk);
  const plaintexts: (string | undefined)[] = [];
  for (let plaintext = opener.read(); plaintext !== undefined; plaintext = opener.read()) plaintexts.push(hex(plaintext));
  return plaintexts;
}

describe('record layer', () => {
  it('gives the recorded bytes on both backends: three records, the third after a rekey', () => {
    for (const crypto of BACKENDS) {
      const sealer = new RecordSealer(new CipherState(crypto, bytes('07'.repeat(32))), { bytes: 2 ** 30, records: 2 });
      expect([1, 2, 3].map((value) => hex(record(sealer, Uint8Array.of(value))))).deep.equal([
        '001136206eddd4e948a291f23986408f1097c4',
        '0011b894d07cef1337215525e5079c4a8c43f8',
        '0011832bbd73e7d8735c48531abd20aa4af5b1',
      ]);
    }
  });

  it("carries 1 to 65,519 bytes; 0 and 65,520 are a programmer's mistake", () => {
    const { sealer, opener } = direction();
    for (const length of [1, 2, RECORD_PLAINTEXT_MAX]) {
      const sealed = record(sealer, new Uint8Array(length).fill(3));
      expect(sealed.length).equal(length + RECORD_OVERHEAD);
      expect(open(opener, sealed)).deep.equal([hex(new Uint8Array(length).fill(3))]);
    }
    for (const length of [0, RECORD_PLAINTEXT_MAX + 1]) expect(() => sealer.seal(new Uint8Array(length))).to.throw(NetworkError, '65519');
  });

  it('row 7: refuses a declared length below 17 from the header and takes 17 and 65,535', () => {
    for (const length of ['0000', '0001', '0010']) {
      const { opener } = direction();
      expect(open(opener, bytes(`${length}${'00'.repeat(20)}`))).deep.equal([]);
      expect([opener.hasFailed, opener.bufferedBytes], length).deep.equal([true, 0]);
    }
    for (const length of ['0011', 'ffff']) {
      const { opener } = direction();
      open(opener, bytes(`${length}00`));
      expect([opener.hasFailed, opener.bufferedBytes], length).deep.equal([false, Number.parseInt(length, 16)]);
    }
  });

  it('row 6: refuses a record with any bit of it changed, and everything after it', () => {
    for (let index = 0; index < 24; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const { sealer, opener } = direction();
        const sealed = record(sealer, bytes('010203040506'));
        sealed[index] = (sealed[index] as number) ^ (1 << bit);
        expect(open(opener, sealed), `byte ${index} bit ${bit}`).deep.equal([]);
        expect(open(opener, record(sealer, bytes('0102')))).deep.equal([]);
      }
    }
  });

  it('row 21: refuses a replayed, a skipped and a swapped record, and delivers nothing after it', () => {
    const orders: readonly (readonly [name: string, order: readonly number[], delivered: number])[] = [
      ['replayed', [0, 1, 1, 2, 3], 2],
      ['skipped', [0, 2, 3], 1],
      ['swapped', [0, 2, 1, 3], 1],
      ['begun late', [1, 2, 3], 0],
      ['in order', [0, 1, 2, 3], 4],
    ];
    for (const [name, order, delivered] of orders) {
      const { sealer, opener } = direction();
      const records = [0, 1, 2, 3].map((value) => record(sealer, Uint8Array.of(value)));
      const plaintexts = open(opener, joined(order.map((index) => records[index] as Uint8Array)));
      expect([plaintexts.length, opener.hasFailed], name).deep.equal([delivered, delivered < 4]);
    }
  });

  it('row 21: refuses a record of the other direction', () => {
    const { opener } = direction();
    const other = new RecordSealer(new CipherState(nodeCrypto, bytes('08'.repeat(32))));
    expect(open(opener, record(other, bytes('01')))).deep.equal([]);
    expect(opener.hasFailed).equal(true);
  });

  it('row 26: the first refused record ends it, however many follow', () => {
    const { sealer, opener } = direction();
    const good = record(sealer, bytes('01'));
    open(opener, bytes(`0020${'00'.repeat(32)}`));
    expect(opener.hasFailed).equal(true);
    expect(open(opener, good)).deep.equal([]);
    expect(opener.bufferedBytes).equal(0);
  });

  it('row 24: 10,000 records with a rekey every 10, chopped anywhere, arrive in order and none is lost', () => {
    const { sealer, opener } = direction(OFTEN);
    const random = seededRandom(24);
    let wire = new Uint8Array(0);
    let opened = 0;
    for (let index = 0; index < 10_000; index++) {
      const plaintext = new Uint8Array(4 + Math.floor(random.float() * 60)).fill(index & 0xff);
      new DataView(plaintext.buffer).setUint32(0, index);
      wire = joined([wire, record(sealer, plaintext)]) as Uint8Array<ArrayBuffer>;
      const cut = Math.floor(random.float() * (wire.length + 1));
      for (const text of open(opener, wire.subarray(0, cut))) expect(Number.parseInt(text?.slice(0, 8) ?? '', 16)).equal(opened++);
      wire = wire.slice(cut);
    }
    opened += open(opener, wire).length;
    expect([opened, opener.hasFailed]).deep.equal([10_000, false]);
  });

  it('row 24: rekeys after the record that reaches the byte count, not before', () => {
    const [exact, later]: readonly RekeyLimits[] = [
      { bytes: 10, records: 100 },
      { bytes: 11, records: 100 },
    ];
    for (const [limits, isSame] of [
      [exact, true],
      [later, false],
    ] as const) {
      const { sealer, opener } = direction(exact, limits);
      const records = [10, 1].map((length) => record(sealer, new Uint8Array(length)));
      expect(open(opener, joined(records))).lengthOf(isSame ? 2 : 1);
    }
    const { sealer, opener } = direction(exact);
    const records = [9, 5, 9, 1, 4].map((length) => record(sealer, new Uint8Array(length)));
    expect(open(opener, joined(records)), 'what is over the count is not carried on').lengthOf(5);
  });

  it('row 25: refuses the old key after a rekey, and the new one before it', () => {
    const early = direction(NEVER, OFTEN);
    const stale = Array.from({ length: 11 }, () => record(early.sealer, bytes('01')));
    expect(open(early.opener, joined(stale))).lengthOf(10);
    expect(early.opener.hasFailed).equal(true);
    const late = direction(OFTEN, NEVER);
    const fresh = Array.from({ length: 11 }, () => record(late.sealer, bytes('01')));
    expect(open(late.opener, joined(fresh))).lengthOf(10);
    expect(late.opener.hasFailed).equal(true);
  });

  it('row 23: the last counter is 2^48 - 1; then nothing is sealed or opened any more', () => {
    const { sealer, opener, states } = direction();
    for (const state of states) state.counter = COUNTER_MAX - 1;
    expect(open(opener, record(sealer, bytes('01')))).deep.equal(['01']);
    expect(sealer.seal(bytes('01'))).equal(undefined);
    expect(states[0].counter).equal(COUNTER_MAX);
    expect(open(opener, bytes(`0011${'00'.repeat(17)}`))).deep.equal([]);
    expect(opener.hasFailed).equal(true);
  });

  it('gives plaintext that does not alias the chunk', () => {
    const { sealer, opener } = direction();
    const chunk = record(sealer, bytes('010203'));
    opener.push(chunk);
    const plaintext = opener.read();
    chunk.fill(0);
    expect(hex(plaintext)).equal('010203');
  });

  /** What a record of that length costs when it comes byte by byte, in CPU time for each byte: the least of some rounds. */
  function pricePerByte(byteCount: number): number {
    const rounds = Array.from({ length: 5 }, () => {
      const { sealer, opener } = direction();
      const count = Math.ceil((8 * RECORD_PLAINTEXT_MAX) / byteCount);
      const wire = joined(Array.from({ length: count }, () => record(sealer, new Uint8Array(byteCount))));
      const before = process.cpuUsage();
      expect(openedByteByByte(opener, wire)).equal(count);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / wire.length;
    });
    return Math.min(...rounds);
  }

  function openedByteByByte(opener: ReturnType<typeof direction>['opener'], wire: Uint8Array): number {
    let count = 0;
    for (let index = 0; index < wire.length; index++) {
      opener.push(wire.subarray(index, index + 1));
      while (opener.read() !== undefined) count++;
    }
    return count;
  }

  it('row 32: bytes that come one by one cost no more in the longest record than in one of a sixteenth', () => {
    expect(pricePerByte(RECORD_PLAINTEXT_MAX) / pricePerByte(RECORD_PLAINTEXT_MAX >> 4)).below(4);
  });

  it('seals and opens nothing after wipe', () => {
    const { sealer, opener } = direction();
    const sealed = record(sealer, bytes('01'));
    sealer.wipe();
    opener.wipe();
    expect(sealer.seal(bytes('01'))).equal(undefined);
    expect(open(opener, sealed)).deep.equal([]);
  });
});
