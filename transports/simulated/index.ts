/** @module The simulator's parts. Its entry point is `meshwright/simulation`, which adds the default router and the built-in behaviours. */

export { SeededRandom } from './chance/random.js';
export type { LinkConditions } from './conditions.js';
export { simulatedCrypto } from './crypto.js';
export type { SimulatedFault } from './faults.js';
export type { LogSink } from './logger.js';
export { simulatedLogger } from './logger.js';
export type { NatKind, NatOptions } from './nat.js';
export { SimulatedNode } from './node.js';
export { type SimulatedNodeOptions, SimulationError, type SimulationOptions, type SimulationParts } from './options.js';
export {
  type ScheduledEvent,
  Scheduler,
  type SchedulerLimits,
} from './scheduler.js';
export { Simulation } from './simulation.js';
export type { HostRef } from './topology.js';
export { Recorder, type RecorderOptions } from './trace/recorder.js';
export type {
  LookupAccount,
  RecordedLookup,
  RecordedNode,
  RecordedStep,
  RunEvent,
  RunRecording,
  RunSample,
} from './trace/recording.js';
export type { TraceEvent } from './trace/trace.js';
export { traceText } from './trace/trace-text.js';
export { turn } from './turn.js';
