/** @module The UDP transport's public surface. */

export type { UdpStats } from './tally.js';
export { type UdpOptions, UdpTransport } from './transport.js';
