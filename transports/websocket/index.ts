/** @module The WebSocket transport's public surface where the platform has WebSockets: in browsers, workers, Bun and Deno. */
export { type PlatformWebSocket, type WebSocketOptions, WebSocketTransport } from './transport.js';
