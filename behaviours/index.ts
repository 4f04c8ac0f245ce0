/**
 * @module The built-in behaviours.
 */
import type { BehaviorEntry } from '../core/index.js';
import { HandshakeBehavior } from './handshake/index.js';

export * from './handshake/index.js';

/** Those that run by default, by name. */
export const BUILTINS = { handshake: HandshakeBehavior as BehaviorEntry } as Record<'handshake' | 'rpc', BehaviorEntry>;
