/**
 * @module The built-in behaviours.
 */
import type { BehaviorEntry } from '../core/index.js';

/** Those that run by default, by name. */
export const BUILTINS = {} as Record<'handshake' | 'rpc', BehaviorEntry>;
