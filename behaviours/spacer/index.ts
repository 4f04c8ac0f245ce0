/**
 * @module The spacer's public surface: what other behaviours and applications may use of it.
 */
export { SpacerBehavior } from './behavior.js';
export { Resolution, type ResolvedNode } from './lookup/resolution.js';
export type { ResolveOptions } from './lookup/resolve-options.js';
export type { ResolveExplanation } from './lookup/resolver.js';
export type { LookupEnd, LookupStep, LookupTrace, StepOutcome } from './lookup/trace.js';
export { PROFILES, type SpacerCounters, type SpacerOptions, type SpacerProfile } from './options.js';
export type { ContactSnapshot } from './table/contact.js';
export type { ContactState } from './table/states.js';
export type { PutOptions } from './values/put-options.js';
export type { PutResult, Values } from './values/values.js';
