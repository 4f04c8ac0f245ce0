/**
 * @module Descriptor: a behaviour's static facts. The primitive is `static behavior = { serviceId, name } as const` on the class;
 * `@Behavior` and `@Rpc` (`decorators.ts`) write the same facts. This file reads and checks them and knows no container.
 */
import { NetworkError } from './errors.js';

export interface BehaviorDescriptor {
  /** 0-255; 0-31 are reserved for built-in behaviours. */
  readonly serviceId: number;
  /** For people: logs, faults, metrics. 1-64 characters of letters, digits, - and _. */
  readonly name: string;
  /** A gate sees connections before they are open, and admits them. */
  readonly gate?: boolean;
  /** The methods that may be called remotely; `@Rpc` adds to them. */
  readonly rpc?: readonly string[];
}
