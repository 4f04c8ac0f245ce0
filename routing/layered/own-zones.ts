/**
 * @module OwnZones: this node's own zones in its RIB, so that they can be advertised: each as a neighbour over a link that leads nowhere and
 * costs nothing. Their services are those of all nodes in them, as far as they can be reached.
 */
import type { LinkMetric } from '../../core/api/router-table.js';
import type { Rib } from '../path-vector/rib/rib.js';
import type { RouteLink } from '../path-vector/rib/route-link.js';
import type { Zones } from '../path-vector/zones/zones.js';

const NO_DISTANCE: LinkMetric = { rttMs: 0, lossRatio: 0, bandwidth: undefined };

interface OwnZone {
  readonly level: number;
  readonly link: RouteLink;
  /** The services as they stand in the RIB. */
  services: string;
}

export class OwnZones {
  private readonly own: readonly OwnZone[];

  constructor(
    private readonly zones: Zones,
    private readonly rib: Rib,
    private readonly services: ReadonlySet<number>,
  ) {
    this.own = zones.own.map((name, index) => {
      const level = index + 1;
      const link = rib.addLink(-level, name) as RouteLink;
      link.measure.take(NO_DISTANCE);
      link.inbound.isSettled = true;
      rib.recost(link);
      rib.keys.remove(link.node);
      return { level, link, services: '' };
    });
  }

  /** Brings the services of the zones up to date. */
  refresh(): void {
    const { rib } = this;
    for (const zone of this.own) {
      const list = this.servicesIn(zone.level);
      const services = list.join();
      if (services === zone.services) continue;
      zone.services = services;
      rib.setDirect(zone.link, rib.sets.take(list));
    }
  }

  private servicesIn(level: number): number[] {
    const list = new Set(this.services);
    for (const [serviceId, providers] of this.rib.providers.all())
      if (!list.has(serviceId) && this.isAnyIn(level, providers)) list.add(serviceId);
    return [...list].sort((one, other) => one - other);
  }

  private isAnyIn(level: number, nodes: Iterable<number>): boolean {
    const { zones, rib } = this;
    for (const node of nodes) {
      const isOwn = this.own.some(({ link }) => link.node === node);
      if (!isOwn && zones.depthOf(rib.nodes.idOf(node)) >= level) return true;
    }
    return false;
  }
}
