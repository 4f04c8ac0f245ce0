/**
 * @module Validator: values of the application that are checked by a validator of its choice: anything that follows the Standard Schema, as zod, valibot and
 * arktype do. What the validator returns is handed on in place of the value; what it throws refuses the value, because a remote's value may have
 * caused it, and is nobody's but this node's. Where nobody can wait, an asynchronous validator is `SCHEMA_ASYNC`.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { NetworkError } from '../errors.js';
import { pathTo, type Schema, schema, WRONG } from './schema.js';

/** A validator that gives values of the type `T`. */
export type Validator<T = unknown> = StandardSchemaV1<unknown, T>;

/** What a validator gives. */
export type OutputOf<V extends Validator> = StandardSchemaV1.InferOutput<V>;

/** What it takes: what it gives, where it does not say. */
export type InputOf<V extends Validator> = unknown extends StandardSchemaV1.InferInput<V> ? OutputOf<V> : StandardSchemaV1.InferInput<V>;

/** The value as the validator has it, or what is wrong with it, for people. */
export type Checked<T> =
  | { readonly isValid: true; readonly value: T }
  | {
      readonly isValid: false;
      /** One line each; eight at most. */
      readonly issues: readonly string[];
      /** The validator has thrown this, whose text may be of this node alone: no remote is told of it. */
      readonly thrown?: { readonly error: unknown };
    };

const ISSUES_MAX = 8;
const ISSUE_LENGTH_MAX = 200;

/** An option that is a validator. */
export function validator<T = unknown>(): Schema<Validator<T>> {
  return schema('a validator that follows the Standard Schema', (value) => (isValidator(value) ? (value as Validator<T>) : WRONG));
}

export function isValidator(value: unknown): value is Validator {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = (value as { readonly '~standard'?: unknown })['~standard'];
  if (typeof standard !== 'object' || standard === null) return false;
  const { version, validate } = standard as { readonly version?: unknown; readonly validate?: unknown };
  return version === 1 && typeof validate === 'function';
}

/** Checks at once. Throws `SCHEMA_ASYNC` when the validator gives a promise; never for what the value is. */
export function checkNow<T>(given: Validator<T>, value: unknown): Checked<T> {
  const checked = check(given, value);
  if (!('then' in checked)) return checked;
  throw new NetworkError('SCHEMA_ASYNC', `the validator of ${vendorOf(given)} gives a promise where nobody can wait for it`);
}

/** Checks at once, or later where the validator is asynchronous. The promise is never rejected, and nothing is thrown. */
export function check<T>(given: Validator<T>, value: unknown): Checked<T> | PromiseLike<Checked<T>> {
  try {
    const result = given['~standard'].validate(value);
    return isThenable(result) ? result.then<Checked<T>, Checked<T>>(safely, thrown) : checkedBy(result);
  } catch (error) {
    return thrown(error);
  }
}

function safely<T>(result: StandardSchemaV1.Result<T>): Checked<T> {
  try {
    return checkedBy(result);
  } catch (error) {
    return thrown(error);
  }
}

function checkedBy<T>(result: StandardSchemaV1.Result<T>): Checked<T> {
  if (result.issues === undefined || result.issues === null) return { isValid: true, value: (result as { readonly value: T }).value };
  return { isValid: false, issues: result.issues.slice(0, ISSUES_MAX).map(lineOf) };
}

function thrown(error: unknown): Checked<never> {
  const text = error instanceof Error ? error.message : typeof error;
  return { isValid: false, issues: [`the validator threw: ${text.slice(0, ISSUE_LENGTH_MAX)}`], thrown: { error } };
}

function lineOf({ message, path = [] }: StandardSchemaV1.Issue): string {
  const where = path.reduce<string>((so, part) => pathTo(so, keyOf(part)), '');
  return `${where === '' ? '' : `${where}: `}${message}`.slice(0, ISSUE_LENGTH_MAX);
}

function keyOf(part: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof part === 'object' ? part.key : part);
}

function vendorOf(given: Validator): string {
  return String(given['~standard'].vendor).slice(0, ISSUE_LENGTH_MAX);
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function';
}
