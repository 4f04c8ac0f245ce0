/**
 * @module The schemas: what options and bodies of messages must be. A schema is built once, with the module that needs it, and read by
 * `optionsReader` or `messageReader`.
 */
export { byField, byFirst, either, fallback, mapped, optional, refined } from './choices.js';
export { type FieldsOf, fields, type ListRules, list, mapOf, options, tuple } from './containers.js';
export { nearest } from './nearest.js';
export { messageReader, optionsReader } from './readers.js';
export {
  anything,
  boolean,
  bytes,
  callable,
  instance,
  number,
  oneOf,
  parsed,
  signal,
  type TextRules,
  text,
  unchecked,
  whole,
} from './scalars.js';
export { type Flaw, type Infer, type Schema, shown, WRONG, type Wrong } from './schema.js';
export { type Checked, check, checkNow, type InputOf, isValidator, type OutputOf, type Validator, validator } from './validator.js';
