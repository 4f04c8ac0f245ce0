/** @module Tests of what a session remembers of its own writes. */
import { expect } from 'chai';
import { revisionOf } from '../../../behaviours/keyvalue/entries/revision.js';
import { putAnswer, takeAnswer } from '../../../behaviours/keyvalue/messages.js';
import { OwnWrites } from '../../../behaviours/keyvalue/session/own-writes.js';
import { ByteReader, ByteWriter, type NodeId } from '../../../core/index.js';

const revision = (epoch: number, counter: number, instance = 1) => revisionOf(epoch, counter, instance.toString(16).padStart(16, '0'));

function found(text: string) {
  const writer = new ByteWriter();
  putAnswer(writer, { revision: text, source: 'ab'.repeat(32) as NodeId, value: Uint8Array.of(1) });
  const taken = takeAnswer(new ByteReader(writer.written));
  if (taken === 'unknown') throw new Error('it is known');
  return taken;
}

describe('own writes of a session of maps', () => {
  it('an answer that is older than what was written, or none, is not current: for ten minutes (ATM-73)', () => {
    const own = new OwnWrites();
    own.add('map', 'key', revision(2, 5, 5), 1_000);
    const isCurrent = (text: string, nowMs = 1_000) => own.isCurrent('map', 'key', found(text), nowMs);
    const [older, newer] = [
      [revision(2, 5, 4), revision(2, 4, 9), revision(1, 9, 9)],
      [revision(2, 5, 5), revision(2, 5, 6), revision(2, 6, 1), revision(3, 1, 1)],
    ];
    expect([...older, ...newer].map((text) => isCurrent(text))).to.deep.equal([false, false, false, true, true, true, true]);
    expect([own.isCurrent('map', 'key', undefined, 1_000), own.isCurrent('map', 'other', undefined, 1_000)]).to.deep.equal([false, true]);
    expect([isCurrent(revision(1, 1), 600_999), isCurrent(revision(1, 1), 601_000)]).to.deep.equal([false, true]);
  });

  it('remembers 65,536 over all maps: of the map that was written to least recently the oldest is forgotten first', () => {
    const own = new OwnWrites();
    const isKnown = (map: string, key: number) => !own.isCurrent(map, `${key}`, undefined, 0);
    for (let key = 0; key < 2; key++) own.add('first', `${key}`, revision(1, 1), 0);
    for (let key = 0; key < 65_534; key++) own.add('second', `${key}`, revision(1, 1), 0);
    own.add('second', '0', revision(1, 2), 0);
    expect([isKnown('first', 0), isKnown('first', 1), isKnown('second', 0)]).to.deep.equal([true, true, true]);
    own.add('second', 'more', revision(1, 1), 0);
    expect([isKnown('first', 0), isKnown('first', 1)]).to.deep.equal([false, true]);
    own.add('second', 'and more', revision(1, 1), 0);
    own.add('second', 'one too many', revision(1, 1), 0);
    expect([isKnown('first', 1), isKnown('second', 0), isKnown('second', 1)]).to.deep.equal([false, true, false]);
  });
});
