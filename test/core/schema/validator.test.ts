/** @module Validators of the Standard Schema: what they return is handed on, what they refuse or throw is named, and nobody waits where none can. */
import { expect } from 'chai';
import type { NetworkError } from '../../../core/index.js';
import { type Checked, check, checkNow, isValidator, optionsReader, type Validator, validator } from '../../../core/schema/index.js';

type Result<T> = ReturnType<Validator<T>['~standard']['validate']>;

function made<T>(validate: (value: unknown) => Result<T>, version = 1): Validator<T> {
  return { '~standard': { version: version as 1, vendor: 'test', validate } };
}

const trimmed = made<string>((value) =>
  typeof value === 'string'
    ? { value: value.trim() }
    : { issues: [{ message: 'must be a text', path: ['user', { key: 'first name' }, 0] }] },
);

describe('validators of the Standard Schema', () => {
  it('the parsed value is handed on', () => expect(checkNow(trimmed, ' a ')).to.deep.equal({ isValid: true, value: 'a' }));

  it('what is refused is named with its path', () =>
    expect(checkNow(trimmed, 1)).to.deep.equal({ isValid: false, issues: ['user["first name"]["0"]: must be a text'] }));

  it('at most eight flaws, each of at most 200 characters', () => {
    const wordy = made<never>(() => ({ issues: Array.from({ length: 100 }, () => ({ message: 'x'.repeat(1_000) })) }));
    const checked = checkNow(wordy, 0) as Checked<never> & { isValid: false };
    expect(checked.issues).to.deep.equal(Array.from({ length: 8 }, () => 'x'.repeat(200)));
  });

  it('a validator that throws refuses, whatever it throws', () => {
    const failing = (thrown: unknown) =>
      made<never>(() => {
        throw thrown;
      });
    const error = new TypeError('boom');
    expect(checkNow(failing(error), 0)).to.deep.equal({ isValid: false, issues: ['the validator threw: boom'], thrown: { error } });
    const nothing = { isValid: false, issues: ['the validator threw: undefined'], thrown: { error: undefined } };
    expect(checkNow(failing(undefined), 0)).to.deep.equal(nothing);
  });

  it('one that returns nonsense refuses', () => {
    expect(
      checkNow(
        made(() => undefined as never),
        0,
      ).isValid,
    ).to.equal(false);
    expect(
      checkNow(
        made(() => ({ issues: 'many' }) as never),
        0,
      ).isValid,
    ).to.equal(false);
  });

  it('an asynchronous one is SCHEMA_ASYNC where nobody can wait, and its rejection is nobody else’s', () => {
    const later = made<number>(async () => Promise.reject(new Error('late')));
    expect(() => checkNow(later, 1))
      .to.throw()
      .with.property('code', 'SCHEMA_ASYNC');
  });

  it('where somebody can, its result comes later, and is never rejected', async () => {
    expect(
      await check(
        made(async (value) => ({ value: Number(value) + 1 })),
        1,
      ),
    ).to.deep.equal({ isValid: true, value: 2 });
    const error = new Error('late');
    const late = await check(
      made(async () => Promise.reject(error)),
      1,
    );
    expect(late).to.deep.equal({ isValid: false, issues: ['the validator threw: late'], thrown: { error } });
    expect(
      (
        await check(
          made(async () => undefined as never),
          1,
        )
      ).isValid,
    ).to.equal(false);
  });

  it('is an option: what is no validator is refused by name', () => {
    const read = optionsReader('topic', validator());
    expect(read(trimmed)).to.equal(trimmed);
    const callable = Object.assign(() => {}, trimmed);
    expect(isValidator(callable)).to.equal(true);
    for (const wrong of [undefined, null, {}, { '~standard': {} }, made(() => ({ value: 1 }), 2), { '~standard': { version: 1 } }])
      expect(() => read(wrong), JSON.stringify(wrong))
        .to.throw()
        .satisfies((error: NetworkError) => error.code === 'OPTION_INVALID' && error.message.includes('Standard Schema'));
  });
});
