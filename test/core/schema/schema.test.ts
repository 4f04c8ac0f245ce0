/** @module Schemas: what each combinator reads, the nearest that it refuses, and what a person is told. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeValue, encodeValue, NetworkError } from '../../../core/index.js';
import {
  anything,
  boolean,
  byField,
  byFirst,
  bytes,
  callable,
  either,
  fallback,
  fields,
  type Infer,
  instance,
  list,
  mapOf,
  mapped,
  messageReader,
  number,
  oneOf,
  optional,
  options,
  optionsReader,
  parsed,
  refined,
  type Schema,
  text,
  tuple,
  WRONG,
  whole,
} from '../../../core/schema/index.js';

/** Values that are read, and as what, and values that are not. */
function judges<T>(schema: Schema<T>, read: readonly (readonly [given: unknown, as?: unknown])[], refused: readonly unknown[]): void {
  for (const pair of read) expect(schema.read(pair[0])).to.deep.equal(pair.length === 1 ? pair[0] : pair[1]);
  for (const value of refused) {
    expect(schema.read(value), String(value)).to.equal(WRONG);
    const flaws: { path: string; text: string }[] = [];
    schema.explain(value, 'here', flaws);
    expect(flaws, String(value)).to.not.have.lengthOf(0);
    expect(flaws.every(({ path }) => path.startsWith('here'))).to.equal(true);
  }
}

/** What a person is told. */
function told(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return `${(error as NetworkError).code} ${(error as NetworkError).message}`;
  }
  return 'nothing';
}

describe('scalar schemas', () => {
  it('numbers', () => {
    judges(whole(1, 5), [[1], [5]], [0, 6, 1.5, Number.NaN, '1', 1n, undefined, null]);
    judges(whole(), [[0], [Number.MAX_SAFE_INTEGER]], [-1, 2 ** 53, Number.POSITIVE_INFINITY]);
    judges(number(0, 1), [[0], [0.5], [1]], [-0.1, 1.1, Number.NaN, '0', undefined]);
  });

  it('texts and bytes', () => {
    judges(text(2), [[''], ['ab']], ['abc', 1, undefined, null]);
    judges(text(3, { min: 1, pattern: /^[a-z]+$/ }), [['a'], ['abc']], ['', 'abcd', 'A', 'a1']);
    judges(bytes(2), [[Uint8Array.of(1, 2)]], [Uint8Array.of(1), Uint8Array.of(1, 2, 3), [1, 2], 'ab']);
    judges(bytes(0, 1), [[Uint8Array.of()], [Uint8Array.of(1)]], [Uint8Array.of(1, 2)]);
  });

  it('others', () => {
    judges(boolean, [[true], [false]], [0, 'true', undefined, null]);
    judges(oneOf('a', 2), [['a'], [2]], ['b', '2', undefined]);
    judges(anything, [[undefined], [null], [{ a: 1 }]], []);
    const call = () => 1;
    judges(callable(), [[call]], [{}, undefined]);
    const address = new Date(0);
    judges(instance(Date, 'a date'), [[address]], [{}, 0]);
    judges(
      parsed('a number as text', (value) => (typeof value === 'string' && value !== '' ? Number(value) : undefined)),
      [['12', 12]],
      ['', 12, null],
    );
  });
});

describe('schemas of lists and objects', () => {
  it('lists and tuples', () => {
    judges(list(whole(0, 9), 2), [[[]], [[1, 2]]], [[1, 2, 3], [10], [undefined], 'ab', { length: 1 }, undefined]);
    judges(list(whole(0, 9), 3, { min: 1, isDistinct: true }), [[[1]], [[1, 2]]], [[], [1, 1]]);
    judges(tuple(whole(), text(3)), [[[1, 'a']]], [[1], [1, 'a', 2], ['a', 1], [1, 'abcd'], {}, null]);
    const given = [1, 2];
    expect(list(whole(), 2).read(given), 'nothing changes: the list itself').to.equal(given);
    const changed = list(
      mapped(whole(), (value) => value + 1),
      2,
    ).read(given);
    expect([changed, given]).to.deep.equal([
      [2, 3],
      [1, 2],
    ]);
  });

  it('fields, of which others are left out, and options, which have no others', () => {
    const shape = { a: whole(), b: optional(text(3)), c: fallback(whole(), 7) };
    judges(
      fields(shape),
      [
        [{ a: 1 }, { a: 1, b: undefined, c: 7 }],
        [
          { a: 1, b: 'x', c: 2, d: 3 },
          { a: 1, b: 'x', c: 2 },
        ],
      ],
      [{}, { a: '1' }, { a: 1, b: 2 }, { a: 1, c: null }, [], null, undefined, new Uint8Array(1), 'a'],
    );
    judges(
      options(shape),
      [
        [
          { a: 1, b: undefined },
          { a: 1, b: undefined, c: 7 },
        ],
      ],
      [{ a: 1, d: 3 }, {}, []],
    );
  });

  it('maps with keys that are read', () => {
    const lower = mapped(text(2, { min: 1 }), (key) => key.toLowerCase());
    judges(
      mapOf(lower, whole()),
      [
        [{}, new Map()],
        [
          { A: 1, b: 2 },
          new Map([
            ['a', 1],
            ['b', 2],
          ] as const),
        ],
      ],
      [{ abc: 1 }, { a: '1' }, { a: 1, A: 2 }, [], null],
    );
  });

  it('choices', () => {
    judges(either(boolean, callable()), [[true]], [1, undefined]);
    judges(
      refined(fields({ min: whole(), max: whole() }), 'must not be less than min', ({ min, max }) => max >= min, 'max'),
      [[{ min: 1, max: 1 }]],
      [{ min: 2, max: 1 }, { min: 1 }],
    );
    judges(
      byFirst({ 0: tuple(oneOf(0), whole()), 1: tuple(oneOf(1), text(3)) }),
      [[[0, 5]], [[1, 'a']]],
      [[2, 5], [0, 'a'], [1, 5], [], ['0', 5], {}, { 0: 0, 1: 5 }, null, undefined],
    );
    judges(
      byField('kind', { 1: fields({ kind: oneOf(1), a: whole() }) }),
      [[{ kind: 1, a: 2 }]],
      [{ kind: 2, a: 2 }, { kind: 1 }, { kind: '1', a: 2 }, {}, null],
    );
    judges(
      byField('kind', { 1: fields({ kind: oneOf(1) }) }, 'later' as const),
      [[{ kind: 1 }], [{ kind: 2 }, 'later'], [{ kind: -1 }, 'later']],
      [{ kind: '2' }, { kind: 1.5 }, {}, null],
    );
  });
});

describe('options for people', () => {
  const read = optionsReader(
    'mail',
    options({
      port: fallback(whole(1, 65_535), 25),
      key: optional(bytes(32)),
      mode: fallback(oneOf('open', 'closed'), 'open'),
      peers: fallback(list(options({ host: text(64, { min: 1 }), weight: fallback(whole(0, 9), 1) }), 8), []),
    }),
  );

  it('gives what is left out its default', () => {
    expect(read({ peers: [{ host: 'a' }] })).to.deep.equal({ port: 25, key: undefined, mode: 'open', peers: [{ host: 'a', weight: 1 }] });
  });

  it('names each flaw by its path in what was passed', () => {
    expect(told(() => read({ port: 0 }))).to.equal('OPTION_INVALID mail: option port is 0; it must be a whole number from 1 to 65535');
    expect(told(() => read({ peers: [{ host: 'a' }, { host: '', weight: 10 }] }))).to.equal(
      'OPTION_INVALID mail: option peers[1].host is an empty text; it must be a text of 1 to 64 characters, ' +
        'and option peers[1].weight is 10; it must be a whole number from 0 to 9',
    );
    expect(told(() => read({ mode: 'opne' }))).to.equal('OPTION_INVALID mail: option mode is "opne"; it must be one of open, closed');
    expect(told(() => read(null))).to.equal('OPTION_INVALID mail: what was given is null; it must be an object');
  });

  it('says what an unknown option may have meant, or which there are', () => {
    expect(told(() => read({ prot: 1 }))).to.equal('OPTION_INVALID mail: option prot is unknown; did you mean port?');
    expect(told(() => read({ colour: 1 }))).to.equal('OPTION_INVALID mail: option colour is unknown; there are port, key, mode, peers');
    expect(told(() => read({ Port: 1 }))).to.match(/did you mean port\?/);
  });

  it('names the flaws of the choice that fits best, and of none where the value is of another kind', () => {
    const one = optionsReader(
      'mail',
      options({ to: either(text(8), options({ host: text(8), port: optional(whole()) }), list(text(8), 2)) }),
    );
    expect(told(() => one({ to: { host: 'a', prot: 1 } }))).to.equal('OPTION_INVALID mail: option to.prot is unknown; did you mean port?');
    expect(told(() => one({ to: ['a', 5] }))).to.equal('OPTION_INVALID mail: option to[1] is 5; it must be a text of 0 to 8 characters');
    expect(told(() => one({ to: 5 }))).to.equal(
      'OPTION_INVALID mail: option to is 5; it must be a text of 0 to 8 characters, or an object, or a list of 0 to 2 items',
    );
    const twins = optionsReader('mail', either(options({ a: whole() }), options({ b: whole() })));
    expect(told(() => twins(5))).to.equal('OPTION_INVALID mail: what was given is 5; it must be an object');
  });

  it('shows no text and no bytes, which may be secrets', () => {
    expect(told(() => read({ key: 'my passphrase' }))).to.equal(
      'OPTION_INVALID mail: option key is a text of 13 characters; it must be 32 bytes',
    );
    expect(told(() => read({ key: Uint8Array.of(1, 2) }))).to.equal('OPTION_INVALID mail: option key is 2 bytes; it must be 32 bytes');
  });

  it('has the first option in the details, and the code that it was given', () => {
    const strict = optionsReader('mail', options({ port: whole() }), 'ARGUMENT_INVALID');
    try {
      strict({ port: '1' });
      expect.fail('it was read');
    } catch (error) {
      expect(error).to.be.instanceOf(NetworkError);
      const { code, details } = error as NetworkError;
      expect([code, details]).to.deep.equal(['ARGUMENT_INVALID', { option: 'port' }]);
    }
  });
});

describe('messages of remotes', () => {
  const schema = byFirst({
    0: tuple(oneOf(0), whole(), text(8, { min: 1 }), anything),
    1: tuple(oneOf(1), list(fields({ id: bytes(2), name: optional(text(4)) }), 3)),
  });
  type Known = Infer<typeof schema>;
  const read: (value: unknown) => Known | undefined = messageReader(schema);

  it('are a value or nothing, whatever was sent', () => {
    expect(read([0, 7, 'echo', { a: 1 }])).to.deep.equal([0, 7, 'echo', { a: 1 }]);
    expect(read([1, [{ id: Uint8Array.of(1, 2), more: 1 }]])).to.deep.equal([1, [{ id: Uint8Array.of(1, 2), name: undefined }]]);
    fc.assert(
      fc.property(fc.anything(), (value) => {
        read(value);
      }),
    );
  });

  it('are read again as what was sent', () => {
    const id = fc.uint8Array({ minLength: 2, maxLength: 2 });
    const item = fc.oneof(fc.record({ id }), fc.record({ id, name: fc.string({ maxLength: 4, unit: 'grapheme-ascii' }) }));
    const message = fc.oneof(
      fc.tuple(fc.constant(0), fc.nat(), fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme-ascii' }), fc.boolean()),
      fc.tuple(fc.constant(1), fc.array(item, { maxLength: 3 })),
    );
    fc.assert(
      fc.property(message, (sent) => {
        const decoded = decodeValue(encodeValue(sent))?.value;
        expect(JSON.stringify(read(decoded))).to.equal(JSON.stringify(sent));
      }),
    );
  });
});
