/**
 * @module CircuitTransport: `mesh://nodeid` as a transport: dials and takes circuits, which are the node's channels like any other. It accepts
 * by itself as long as its behaviour runs, and announces no address: who may be reached over circuits is what routes say.
 */
import {
  Address,
  type BehaviorAgent,
  type Dial,
  type DialSink,
  type Listener,
  type ListenerSink,
  limitReached,
  type NodeId,
  type Transport,
} from '../../core/index.js';
import { CircuitLink } from './circuit-link.js';
import type { Leg, LegUser } from './legs.js';
import type { Accepted, Open, Refusal } from './messages.js';
import { Opening, type OpeningHost } from './opening.js';
import { ENDS_PER_NEIGHBOUR_MAX, OPENINGS_MAX } from './options.js';

const SCHEME = 'mesh';
const NOT_RELAYED: Accepted = { bytesPerSecond: 0, relays: 0 };

export class CircuitTransport implements Transport {
  readonly schemes = [SCHEME];
  readonly listensAt: Address;
  private listener: ListenerSink | undefined;
  private readonly openings = new Set<Opening>();
  readonly links = new Set<CircuitLink>();

  constructor(
    private readonly host: Omit<OpeningHost, 'settled' | 'ended'>,
    self: NodeId,
  ) {
    this.listensAt = meshAddress(self);
  }

  get openingCount(): number {
    return this.openings.size;
  }

  listen(_address: Address, sink: ListenerSink): Listener {
    this.host.later(() => {
      this.listener = sink;
      sink.onListening([]);
    });
    return {
      close: () => {
        if (this.listener === sink) this.listener = undefined;
      },
    };
  }

  dial(address: Address, sink: DialSink): Dial {
    const opening = new Opening(this.openingHost, address.nodeId as NodeId, address, sink);
    if (this.openings.size >= OPENINGS_MAX) {
      const reached = {
        limit: 'openingsMax',
        current: this.openings.size,
        maximum: OPENINGS_MAX,
        scope: 'node',
        configKey: 'circuit.openingsMax',
      };
      this.host.later(() => sink.onFailed(limitReached(reached)));
      return { cancel: () => {} };
    }
    this.openings.add(opening);
    // What comes of it at once comes when this call is over.
    this.host.later(() => this.host.act((agent) => this.openings.has(opening) && opening.next(agent)));
    return {
      cancel: () => {
        if (this.openings.delete(opening)) this.host.act((agent) => opening.cancel(agent));
      },
    };
  }

  /** A circuit of somebody else ends here: it is accepted, or this is why not. `add` adds the neighbour's leg. */
  accept(agent: BehaviorAgent, connectionId: number, { source }: Open, add: (user: LegUser) => Leg): Refusal | undefined {
    const { listener, host } = this;
    const refused = (reason: Refusal['reason'], current = 0, maximum = 0) => ({ reason, current, maximum, by: agent.nodeId });
    if (listener === undefined || source === agent.nodeId) return refused('not-accepting');
    const current = host.legs.count(connectionId, (user) => user instanceof CircuitLink);
    if (current >= ENDS_PER_NEIGHBOUR_MAX) return refused('busy', current, ENDS_PER_NEIGHBOUR_MAX);
    const leg = add(NOBODY);
    const link = this.linkOf(agent, leg, meshAddress(source), undefined);
    const sink = listener.onAccepted(link);
    if (sink === undefined) {
      host.legs.remove(leg);
      return refused('not-accepting');
    }
    this.links.add(link);
    link.attach(sink);
    host.counters.accepted++;
    host.sender.accepted(agent, leg, NOT_RELAYED);
    return undefined;
  }

  /** The behaviour stops: nothing is left. */
  stop(agent: BehaviorAgent): void {
    this.listener = undefined;
    for (const opening of [...this.openings]) opening.cancel(agent);
    for (const link of [...this.links]) link.stop(agent);
  }

  private get openingHost(): OpeningHost {
    return {
      ...this.host,
      ended: (agent, link, isSilent) => this.ended(agent, link, isSilent),
      settled: (agent, opening, leg, accepted) => this.settled(agent, opening, leg, accepted),
    };
  }

  private settled(agent: BehaviorAgent, opening: Opening, leg: Leg | undefined, accepted: Accepted | undefined): void {
    if (!this.openings.delete(opening)) return;
    if (leg === undefined) return this.host.later(() => opening.sink.onFailed(opening.error));
    const link = this.linkOf(agent, leg, opening.address, accepted);
    this.links.add(link);
    this.host.counters.opened++;
    link.attach(opening.sink.onConnected(link));
  }

  private linkOf(agent: BehaviorAgent, leg: Leg, remote: Address, accepted: Accepted | undefined): CircuitLink {
    const link = new CircuitLink(this.openingHost, leg, remote, this.listensAt, accepted, agent.nowMs);
    leg.user = link;
    return link;
  }

  /** The neighbour over which nothing came is asked last from now on. */
  private ended(agent: BehaviorAgent, link: CircuitLink, isSilent: boolean): void {
    this.links.delete(link);
    if (isSilent && link.path !== undefined) this.host.hops.failed(link.leg.nodeId, link.remoteAddress.nodeId as NodeId, agent.nowMs);
  }
}

/** Uses a leg that has no user yet. */
const NOBODY: LegUser = { onAccepted: () => {}, onRefused: () => {}, onClosed: () => {}, onData: () => {} };

/** Where a node is reached through the mesh. */
export function meshAddress(nodeId: NodeId): Address {
  return Address.of({ scheme: SCHEME, host: nodeId });
}
