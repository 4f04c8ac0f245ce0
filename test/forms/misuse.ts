/**
 * @module Misuse of decorators, for the tests of both dialects: what is thrown where a class is defined. The classes themselves stand in each
 * dialect's own tests, because what is tested is how that dialect compiles them.
 */
import { expect } from 'chai';
import { NetworkError } from '../../core/errors.js';

/** Defines a class; the error that its decorators throw, or `accepted`. */
export function misuse(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    if (error instanceof NetworkError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

/** Each definition is refused for its `@Rpc`, with that text. */
export function expectRpcRefused(cases: readonly (readonly [text: RegExp, define: () => unknown])[]): void {
  for (const [text, define] of cases)
    expect(misuse(define))
      .to.match(/^BEHAVIOR_INVALID: @Rpc/)
      .and.match(text);
}
