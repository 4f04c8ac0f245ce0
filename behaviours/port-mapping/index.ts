/**
 * @module Port mapping's public surface.
 */
export { PortMappingBehavior } from './behavior.js';
export type { MappedPort, PortGateway, PortGatewayFinder, PortMappingCounters, PortMappingOptions } from './options.js';
