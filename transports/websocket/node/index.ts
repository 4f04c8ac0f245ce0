/** @module The WebSocket transport's public surface on Node. */
export type { WebSocketOptions } from './options.js';
export { type WebSocketStats, WebSocketTransport } from './transport.js';
