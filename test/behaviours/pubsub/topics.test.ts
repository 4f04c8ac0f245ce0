/**
 * @module Topics and patterns: what is one, and what a pattern matches.
 */
import { expect } from 'chai';
import { topic, topics } from '../../../behaviours/pubsub/index.js';
import type { NetworkError } from '../../../core/index.js';

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as NetworkError).code;
  }
  return 'none';
};

describe('topics (DNDM-03, DNDM-04, H-33)', () => {
  it('takes paths of segments', () => {
    for (const path of ['a', 'a/b', 'home/Küche/temperature', 'a.b/c-d_e', 'x'.repeat(256)]) expect(topic(path).path, path).to.equal(path);
  });

  it('refuses options that it does not know, so that no topic is public by a misspelt word', () => {
    for (const given of [{ schem: {} }, { hiddenby: new Uint8Array(32) }, { sign: true }, 5, 'x', null, [], () => {}])
      expect(
        codeOf(() => topic('a', given as never)),
        String(given),
      ).to.equal('ARGUMENT_INVALID');
    for (const given of [{ sgned: true }, { hiddenBy: new Uint8Array(32) }, { schema: {} }, 5, 'x', null])
      expect(
        codeOf(() => topics('a', given as never)),
        String(given),
      ).to.equal('ARGUMENT_INVALID');
    expect(() => topic('a', { hiddenby: 1 } as never)).to.throw('hiddenBy');
  });

  it('refuses what is no path', () => {
    for (const path of ['', '/', '/a', 'a/', 'a//b', 'a@b', 'a#b', 'a*', 'a\nb', '\uFEFFa', 'a\uD800', 'x'.repeat(257), 7, undefined])
      expect(
        codeOf(() => topic(path as string)),
        String(path),
      ).to.equal('ARGUMENT_INVALID');
  });

  it('takes types of 0 to 64 characters', () => {
    expect(topic('a').type).to.equal('');
    expect(topic('a', { type: 't'.repeat(64) }).type).to.equal('t'.repeat(64));
    for (const type of ['t'.repeat(65), 'a/b', 'a@b', 'a#b', '*', 5])
      expect(
        codeOf(() => topic('a', { type: type as string })),
        String(type),
      ).to.equal('ARGUMENT_INVALID');
  });

  it('hides a topic by a key of 16 to 64 bytes, and shows neither path nor key', () => {
    const hidden = topic('secret/plan', { type: 'note', hiddenBy: new Uint8Array(16).fill(7) });
    expect(hidden.isHidden).to.equal(true);
    expect(String(hidden)).to.equal('note@(hidden)');
    expect(JSON.stringify(hidden)).to.not.include('0707');
    for (const key of [new Uint8Array(15), new Uint8Array(65), 'key'])
      expect(codeOf(() => topic('a', { hiddenBy: key as Uint8Array }))).to.equal('ARGUMENT_INVALID');
    expect(topic('a', { hiddenBy: new Uint8Array(64) }).isHidden).to.equal(true);
  });

  it('matches by segments, never by characters', () => {
    const cases: readonly [pattern: string, matches: readonly string[], others: readonly string[]][] = [
      ['foo', ['foo'], ['foobar', 'foo/bar']],
      ['foo/*', ['foo/bar'], ['foo', 'foobar/x', 'foo/bar/x']],
      ['foo/**', ['foo', 'foo/bar', 'foo/bar/x'], ['foobar', 'bar/foo']],
      ['a/*/c', ['a/b/c'], ['a/c', 'a/b/b/c', 'a/b']],
      ['*', ['a'], ['a/b']],
      ['**', ['a', 'a/b'], []],
    ];
    for (const [pattern, matches, others] of cases) {
      for (const path of matches) expect(topics(pattern).matchesPath(path), `${pattern} ${path}`).to.equal(true);
      for (const path of others) expect(topics(pattern).matchesPath(path), `${pattern} ${path}`).to.equal(false);
    }
  });

  it('matches the type where the pattern has one', () => {
    expect(topics('a/*').matches({ path: 'a/b', type: 'x' })).to.equal(true);
    expect(topics('a/*', { type: 'x' }).matches({ path: 'a/b', type: 'x' })).to.equal(true);
    expect(topics('a/*', { type: 'y' }).matches({ path: 'a/b', type: 'x' })).to.equal(false);
  });

  it('refuses what is no pattern', () => {
    for (const path of ['', 'a/**/b', '**/a', 'a*', '*a/b', 'a/', 'a@b'])
      expect(
        codeOf(() => topics(path)),
        path,
      ).to.equal('ARGUMENT_INVALID');
  });
});
