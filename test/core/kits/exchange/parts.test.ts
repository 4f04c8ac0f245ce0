/** @module The pure parts of the exchange kit, with literal inputs. */
import { expect } from 'chai';
import type { NodeId } from '../../../../core/index.js';
import { AvoidedHops } from '../../../../core/kits/exchange/avoided-hops.js';
import { CorrelationIds } from '../../../../core/kits/exchange/correlation-ids.js';
import {
  ANSWER,
  ANSWER_HEAD_BYTES,
  HEAD_BYTES,
  MessageHead,
  REQUEST,
  UNKNOWN,
  writeAttempt,
  writeHead,
  writeNumberedHead,
} from '../../../../core/kits/exchange/messages.js';

const ID = { idHigh: 0x01020304, idLow: 0xfffefdfc | 0 };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('heads of exchanges', () => {
  it('begin with the id; then kind, attempt, and for answers the part', () => {
    const request = new Uint8Array(HEAD_BYTES);
    writeHead(request, ID, REQUEST, 1);
    expect(hex(request)).to.equal('01020304fffefdfc0101');
    writeAttempt(request, 2);
    expect(hex(request)).to.equal('01020304fffefdfc0102');
    const answer = new Uint8Array(ANSWER_HEAD_BYTES);
    writeNumberedHead(answer, ID, ANSWER, 3, 0x0102_0000_0001);
    expect(hex(answer)).to.equal('01020304fffefdfc0203010200000001');
  });

  it('are read as they were written, and fit what a loss signal quotes', () => {
    const head = new MessageHead();
    const bytes = new Uint8Array(ANSWER_HEAD_BYTES);
    writeNumberedHead(bytes, ID, UNKNOWN, 0, 2 ** 48 - 1);
    expect(head.read(bytes)).to.equal(true);
    expect(head).to.deep.include({ ...ID, kind: UNKNOWN, attempt: 0, number: 2 ** 48 - 1, contentAt: 16 });
    writeHead(bytes, ID, REQUEST, 255);
    expect(head.read(bytes.subarray(0, HEAD_BYTES))).to.equal(true);
    expect(head).to.deep.include({ ...ID, kind: REQUEST, attempt: 255, number: 0, contentAt: 10 });
  });

  it('that are cut, or of no kind, are none', () => {
    const head = new MessageHead();
    const bytes = new Uint8Array(ANSWER_HEAD_BYTES);
    const isRead = (kind: number, length: number) => {
      writeHead(bytes, ID, kind, 1);
      return head.read(bytes.subarray(0, length));
    };
    const kinds = (length: number) => [0, 1, 2, 3, 4, 5, 6, 15, 16, 255].filter((kind) => isRead(kind, length));
    expect([kinds(16), kinds(15), kinds(10), kinds(9)]).to.deep.equal([
      [1, 2, 3, 4, 5, 16, 255],
      [1, 3, 5, 16, 255],
      [1, 3, 5, 16, 255],
      [],
    ]);
  });
});

describe('correlation ids', () => {
  it('take 64 bits of eight bytes, and a new block after 64', () => {
    let draws = 0;
    const random = { bytes: (count: number) => new Uint8Array(count).fill(draws++ === 0 ? 0xff : 0x01), float: () => 0 };
    const ids = new CorrelationIds();
    for (let count = 0; count < 64; count++) {
      ids.draw(random);
      expect([ids.idHigh, ids.idLow]).to.deep.equal([0xffff_ffff, -1]);
    }
    ids.draw(random);
    expect([ids.idHigh, ids.idLow, draws]).to.deep.equal([0x0101_0101, 0x0101_0101, 2]);
  });
});

describe('avoided hops', () => {
  it('are one connection for each of 1,024 nodes, for a minute', () => {
    const avoided = new AvoidedHops();
    const ids = Array.from({ length: 1_025 }, (_, index) => String(index) as NodeId);
    for (const id of ids) avoided.add(id, 7, 0);
    const has = (index: number, connectionId = 7, nowMs = 59_999) => avoided.has(ids[index] as NodeId, connectionId, nowMs);
    expect([has(0), has(1), has(1_024), has(1, 8), has(1, 7, 60_000), has(1)]).to.deep.equal([false, true, true, false, false, false]);
  });
});
