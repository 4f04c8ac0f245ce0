/** @module Tests of the table of errors: stable codes, each with cause and cure; reasons and their numbers on the wire. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ERROR_CODES } from '../../core/error-causes.js';
import { assertNever, CLOSE_CODES, type CloseCode, closeCodeOf, type ErrorCode, isErrorCode, NetworkError } from '../../core/errors.js';

const CODES = Object.entries(ERROR_CODES) as [ErrorCode, readonly [string, string]][];

/** Every source file of the package itself. */
function sources(folder = process.cwd()): string[] {
  return ['core/', 'behaviours/', 'routing/', 'transports/', 'operation/'].flatMap((name) =>
    readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(folder, name, path), 'utf8')),
  );
}

describe('the table of errors', () => {
  it('has a cause and a cure for each code, as sentences', () => {
    for (const [code, [cause, cure]] of CODES) {
      expect(code).to.match(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/);
      for (const text of [cause, cure]) expect(text, code).to.match(/^\S.{8,}\.$/);
    }
  });

  it('lists its codes in alphabetic order, so that none is entered twice', () => {
    const codes = CODES.map(([code]) => code);
    const firstWords = codes.map((code) => code.split('_')[0] as string);
    expect(firstWords).to.deep.equal([...firstWords].sort());
    expect(new Set(codes).size).to.equal(codes.length);
  });

  it('has no code that nothing uses', () => {
    const text = sources().join('\n');
    expect(CODES.map(([code]) => code).filter((code) => !text.includes(`'${code}'`))).to.deep.equal([]);
  });
});

describe('a code of an error', () => {
  it('is one of the table, and nothing that every object has', () => {
    expect(['DIAL_FAILED', 'DIAL_FAILURE', 'toString', ''].map(isErrorCode)).to.deep.equal([true, false, false, false]);
  });
});

describe('NetworkError', () => {
  it('has a code, a text, details and a cause; what is left out is empty', () => {
    const cause = new Error('beneath');
    const full = new NetworkError('DIAL_FAILED', 'no way', { cause, details: { addresses: [] } });
    expect(full).to.be.instanceOf(Error);
    expect([full.name, full.code, full.message, full.cause, full.details]).to.deep.equal([
      'NetworkError',
      'DIAL_FAILED',
      'no way',
      cause,
      { addresses: [] },
    ]);
    const bare = new NetworkError('NOT_STARTED', 'no');
    expect([Object.hasOwn(bare, 'cause'), bare.details]).to.deep.equal([false, {}]);
  });

  it('is what a switch over a closed union ends with', () => {
    expect(() => assertNever('new' as never))
      .to.throw(NetworkError)
      .with.property('code', 'ARGUMENT_INVALID');
  });
});

describe('close codes', () => {
  it('have a number of their own each, from 1, which comes back as the code', () => {
    const numbers = Object.values(CLOSE_CODES);
    expect(new Set(numbers).size).to.equal(numbers.length);
    for (const [code, number] of Object.entries(CLOSE_CODES)) {
      expect(number).to.be.within(1, 0xffff);
      expect(closeCodeOf(number)).to.equal(code as CloseCode);
    }
  });

  it('of a later version read as goodbye', () => {
    for (const number of [0, 999, 65_535]) expect(closeCodeOf(number)).to.equal('goodbye');
  });
});
