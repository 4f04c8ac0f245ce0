/** @module Operation (`meshwright/operation`): what an operator sees of a node from outside. On Node only. */
export { type Dashboard, type DashboardOptions, dashboardHandler } from './dashboard/index.js';
export { type HealthOptions, healthHandler, metricsHandler } from './handlers.js';
export { type ObservedNode, prometheusText } from './prometheus.js';
export { type OperationOptions, type OperationServer, serveOperation } from './server.js';
