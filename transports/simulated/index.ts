/** @module The simulator's parts. Its entry point is `meshwright/simulation`, which adds the default router and the built-in behaviours. */
export type { LinkConditions } from './conditions.js';
export { simulatedCrypto } from './crypto.js';
export type { SimulatedFault } from './faults.js';
export type { LogSink } from './logger.js';
export { simulatedLogger } from './logger.js';
export { SimulatedNode } from './node.js';
export { SeededRandom } from './random.js';
export {
  type ScheduledEvent,
  Scheduler,
  type SchedulerLimits,
} from './scheduler.js';
export { type SimulatedNodeOptions, Simulation, SimulationError, type SimulationOptions, type SimulationParts } from './simulation.js';
export type { HostRef } from './topology.js';
export type { TraceEvent } from './trace.js';
export { traceText } from './trace-text.js';
export { turn } from './turn.js';
