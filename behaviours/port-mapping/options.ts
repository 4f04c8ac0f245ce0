/**
 * @module Options of port mapping, what it needs of gateways, and its bounds.
 */
import type { BehaviorLimits } from '../../core/index.js';
import { either, fallback, list, options, optionsReader, parsed, whole } from '../../core/schema/index.js';

/** A port of a gateway that leads to this machine. */
export interface MappedPort {
  readonly externalHost: string;
  readonly externalPort: number;
}

/** A router that maps ports, as the package `@achingbrain/nat-port-mapper` has them. */
export interface PortGateway {
  /** Maps a port of each address of this machine that the gateway takes. The iteration ends, or throws, when `signal` is aborted. */
  mapAll(
    port: number,
    options: { readonly protocol: 'tcp' | 'udp'; readonly ttl: number; readonly autoRefresh: false; readonly signal: AbortSignal },
  ): AsyncIterable<MappedPort>;
  /** Ends the mappings. */
  stop(options: { readonly signal: AbortSignal }): Promise<void>;
}

/** Looks for gateways until `signal` is aborted: `upnpNat()` of that package. */
export interface PortGatewayFinder {
  findGateways(options: { readonly signal: AbortSignal }): AsyncIterable<PortGateway>;
}

export interface PortMappingOptions {
  /** Where to map: a finder, or the gateways themselves, 4 at most. Absent: nowhere. */
  readonly gateways?: PortGatewayFinder | readonly PortGateway[];
  /**
   * For how long a mapping is asked for, in ms: 3,600,000 by default; 120,000 to 86,400,000. It is renewed after half of that. The longer it is, the
   * longer it stays behind a node that has ended without a goodbye.
   */
  readonly leaseMs?: number;
}

/** Gateways that are used at once, ports that are mapped, and addresses that are announced. */
export const GATEWAYS_MAX = 4;
export const PORTS_MAX = 8;
export const MAPPED_MAX = 8;
/** A round takes no longer. */
export const ROUND_MS = 30_000;
/** Pauses after rounds of which nothing came. */
export const PAUSES = { minMs: 60_000, maxMs: 3_600_000 };
/** What is left to say to gateways at the end takes no longer. */
export const GOODBYE_MS = 1_000;

const LEASE_MS = 3_600_000;

const finder = parsed<PortGatewayFinder>('an object with the method findGateways', (value) =>
  typeof (Object(value) as PortGatewayFinder).findGateways === 'function' ? (value as PortGatewayFinder) : undefined,
);
const gateway = parsed<PortGateway>('an object with the methods mapAll and stop', (value) => {
  const { mapAll, stop } = Object(value) as PortGateway;
  return typeof mapAll === 'function' && typeof stop === 'function' ? (value as PortGateway) : undefined;
});

/** The options as they hold. */
export interface PortMappingSettings {
  readonly gateways: PortGatewayFinder | readonly PortGateway[];
  readonly leaseMs: number;
}

/** Throws `OPTION_INVALID`. */
export const readPortMappingOptions: (given: PortMappingOptions) => PortMappingSettings = optionsReader(
  'port-mapping',
  options({ gateways: fallback(either(list(gateway, GATEWAYS_MAX), finder), []), leaseMs: fallback(whole(120_000, 86_400_000), LEASE_MS) }),
);

/** As `node.limits()` shows them. */
export const LIMITS_OF_PORT_MAPPING: BehaviorLimits = {
  gatewaysMax: { value: GATEWAYS_MAX, unit: 'count', atTheBound: 'further gateways that are found are not used' },
  portsMax: { value: PORTS_MAX, unit: 'count', atTheBound: 'further addresses at which this node listens are not mapped' },
  mappedMax: { value: MAPPED_MAX, unit: 'count', atTheBound: 'further mapped addresses are not announced' },
  roundMs: { value: ROUND_MS, unit: 'ms', atTheBound: 'what has not been mapped by then is tried again later' },
};

/** What has happened since the start. Only ever rises. */
export class PortMappingCounters {
  /** Rounds in which at least one port was mapped, and those in which none was. */
  mapped = 0;
  failed = 0;
}
