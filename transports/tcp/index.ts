/** @module The TCP transport's public surface. */
export type { HostAnswer, HostResolver } from './resolve.js';
export { processSocketBudget, SocketBudget } from './socket-budget.js';
export type { TcpStats } from './socket-tally.js';
export { type TcpOptions, TcpTransport } from './transport.js';
