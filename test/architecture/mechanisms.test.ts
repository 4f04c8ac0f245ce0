/** @module The proof that every mechanism rule can fail: each mechanism is written a second time. */
import { expect } from 'chai';
import { faults, judges } from './judge.js';
import { MECHANISMS, type Mechanism, standsOnce } from './mechanism-rules.js';

describe('mechanism rules', () => {
  /** Holds the rule, without its list, to texts of files that it watches and of its home. */
  const once = (mechanism: Mechanism, homes: readonly string[], good: readonly string[], bad: readonly string[]) => {
    const rule = standsOnce({ ...mechanism, listed: [] });
    judges(rule, 'behaviours/a/b.ts', good, bad);
    for (const path of [...homes, 'test/a.ts', 'cli/a.ts', 'bench/a.ts']) judges(rule, path, [...good, ...bad], []);
  };

  it('whole numbers by hand', () => {
    once(
      MECHANISMS.integers,
      ['core/structures/bytes.ts'],
      ['value >>> 7;', 'flags << 3;', 'index >> 1;', 'writeU32(bytes, 8, value);', '// value >>> 8', 'x >>> 160;'],
      [
        'bytes[0] = value >>> 8;',
        'high << 24;',
        'word >> 16;',
        'state >>>= 8;',
        'value >>> (24 - 8 * at);',
        'new DataView(buffer);',
        'value * 256 + byte;',
      ],
    );
    judges(standsOnce({ ...MECHANISMS.integers, listed: [] }), 'core/wire/a.ts', [], ['high << 24;']);
  });

  it('timers and dials of behaviours', () => {
    once(
      MECHANISMS.timers,
      ['core/kits/dial/a.ts', 'core/structures/wake-timer.ts'],
      ['timer.within(agent, 5);', 'afterAll();'],
      ['agent.after(5, f);', 'later.after (5, f);', 'agent\n  .after(5, f);'],
    );
    once(
      MECHANISMS.dials,
      ['core/kits/dial/a.ts'],
      ['this.connect(a);', 'agent.connections();', 'connect(a);'],
      ['agent.connect(address, f);', 'later.connect(a);'],
    );
  });

  it('maps that forget by hand', () => {
    once(
      MECHANISMS.oldest,
      ['core/structures/bounded-map.ts', 'core/structures/seen-set.ts'],
      ['map.oldest;', 'for (const key of map.keys()) f(key);', 'const [first] = list;', 'iterator.next();'],
      ['map.delete(map.keys().next().value);', 'const [oldest] = this.seen.keys();', 'const [first] = isFull ? map.keys() : [];'],
    );
  });

  it('waits that grow by hand', () => {
    once(
      MECHANISMS.waits,
      ['core/structures/back-off.ts'],
      ['backoffBoundMs(failures, steps);', 'Math.max(waitMs, 5);', 'count * waitMs;', 'nowMs + waitMs;'],
      [
        'Math.min(2 * kept.waitMs, maxMs);',
        'this.intervalMs *= 2;',
        'gapMs = gapMs * 2;',
        'delayMs * options.growth;',
        'minMs * 2 ** failures;',
        'boundMs + backoffMs * multiplier;',
      ],
    );
  });

  it('abortions that are listened to by hand', () => {
    once(
      MECHANISMS.signals,
      ['core/structures/abort.ts'],
      ['onAbort(signal, end);', 'signal.removeEventListener(type, end);'],
      ["signal?.addEventListener('abort', end);", "signal\n  .addEventListener ('abort', end);"],
    );
  });

  it('tables without a bound', () => {
    once(
      MECHANISMS.endless,
      [],
      ['new PendingTable<Call>(limits.callsMax);', 'new Table(Infinity);'],
      ['new PendingTable(Infinity);', 'new PendingTable<A<B>>(\n  Number.POSITIVE_INFINITY,\n);'.replace(',\n)', ')')],
    );
  });

  it('lists shrink: a listed file may have the sign, and has to', () => {
    const rule = standsOnce({ ...MECHANISMS.endless, listed: ['core/a.ts'] });
    const endless = 'new PendingTable(Infinity);';
    expect(faults(rule, { 'core/a.ts': endless })).to.deep.equal([]);
    expect(faults(rule, { 'core/a.ts': endless, 'core/b.ts': endless })).to.have.lengthOf(1);
    expect(faults(rule, { 'core/a.ts': '' })[0]).to.match(/^core\/a\.ts is listed in mechanism-rules\.ts and need not be/);
    expect(faults(rule, {})).to.have.lengthOf(1);
  });
});
