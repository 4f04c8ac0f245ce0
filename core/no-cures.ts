/**
 * @module NoCures: in place of `cures.ts` in pages, which do not load its texts.
 */
import type { ErrorCode } from './errors.js';

export function cureOf(code: ErrorCode): string {
  return `See ${code} in docs/errors.md.`;
}
