/** @module Operation (`meshwright/operation`): what an operator sees of a node from outside. On Node only. */

export { ControlClient, type ControlRequestOptions } from './control/control-client.js';
export type { Diagnosis } from './control/methods/doctor.js';
export type { Identification } from './control/methods/identify.js';
export type { PingResult } from './control/methods/ping.js';
export type { TopConnection, TopQueue, TopSnapshot } from './control/methods/top.js';
export { CONTROL_PATH_BYTES_MAX, pathInData, sharedPathOf, sharedSockets } from './control/socket-path.js';
export { type Dashboard, type DashboardOptions, dashboardHandler } from './dashboard/index.js';
export { FAULTS, type FaultName, type Finding } from './doctor/faults.js';
export { type HealthOptions, healthHandler, metricsHandler } from './handlers.js';
export { type ObservedNode, prometheusText } from './prometheus.js';
export { type OperationOptions, type OperationServer, serveOperation } from './server.js';
export {
  type OpenTelemetryApi,
  type OpenTelemetrySpan,
  openTelemetryTracing,
  type TracingOptions,
} from './tracing/open-telemetry.js';
export type { SpanContext } from './tracing/trace-context.js';
