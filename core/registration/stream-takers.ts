/** @module StreamTakers: that one method at most of a behaviour takes streams: of several, all but one would never run. */
import { type AnyClass, className, streamMethodsOf } from '../api/descriptor.js';
import { NetworkBehavior } from '../api/network-behavior.js';
import { errorOf, faultOf } from './dependency-graph.js';

/** Throws `BEHAVIOR_INVALID`. A class that takes them otherwise than one above it overrides the method of that one. */
export function checkStreamTakers(type: AnyClass<NetworkBehavior>): void {
  const hasHook = type.prototype.onStream !== NetworkBehavior.prototype.onStream;
  const takers = [...streamMethodsOf(type).map((name) => `@OnStream ${name}`), ...(hasHook ? ['the hook onStream'] : [])];
  if (takers.length < 2) return;
  const what = `${className(type)} takes streams by ${takers.join(' and by ')}, of which one would run`;
  throw errorOf([faultOf('BEHAVIOR_INVALID', what, 'leave one of them; a subclass overrides the method of its base by the same name')]);
}
