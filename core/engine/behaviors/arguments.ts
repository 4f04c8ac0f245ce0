/**
 * @module Arguments: the checks of what an author or an application passes. What is wrong is named, at the door.
 */
import { NetworkError } from '../../errors.js';

/** A text, such as the reason of a close. */
export function requireText(title: string, given: unknown): string {
  if (typeof given === 'string') return given;
  throw new NetworkError('ARGUMENT_INVALID', `${title} is ${typeof given}; it must be a text`);
}

/** A number of milliseconds that can be waited for. */
export function requireDuration(title: string, given: unknown): number {
  if (typeof given === 'number' && given > 0) return given;
  throw new NetworkError('ARGUMENT_INVALID', `${title} is ${String(given)}; it must be a number of milliseconds above 0`);
}
