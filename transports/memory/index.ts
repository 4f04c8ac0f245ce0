/** @module The memory transport's public surface. */
export { MemoryNetwork, type MemoryNetworkOptions } from './network.js';
export { MemoryTransport } from './transport.js';
