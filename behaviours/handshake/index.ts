/**
 * @module The handshake behaviour's public surface: what other behaviours and applications may use of it.
 */
export { HandshakeBehavior, type HandshakeOptions } from './behavior.js';
export { HANDSHAKE_LIMITS } from './messages.js';
export { OBSERVERS_MAX, type ObservedAddress } from './observed.js';
