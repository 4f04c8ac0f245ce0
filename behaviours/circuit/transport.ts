/**
 * @module CircuitTransport: `mesh://nodeid` as a transport of datagrams: one socket, whose datagrams go over circuits that are dialled as they are
 * needed. It accepts by itself as long as its behaviour runs. A circuit that somebody else has dialled has an address of its own,
 * `mesh://nodeid/number`, because only the secure handshake over it proves who that is.
 */
import {
  Address,
  type BehaviorAgent,
  type DatagramSink,
  type DatagramSocket,
  type DatagramTransport,
  limitReached,
  NetworkError,
  type NodeId,
} from '../../core/index.js';
import type { Leg, LegUser } from './legs.js';
import type { Accepted, Open, Refusal } from './messages.js';
import { type CircuitCounters, type CircuitSettings, ENDS_PER_NEIGHBOUR_MAX, WAYS_MAX } from './options.js';
import { GivenWay, OwnWay, type WayHost } from './way.js';

export interface TransportHost extends Omit<WayHost, 'opened' | 'left'> {
  readonly counters: CircuitCounters;
  readonly settings: CircuitSettings;
  /** From outside of a callback or from within one; nothing when the behaviour does not run. */
  act(work: (agent: BehaviorAgent) => void): void;
}

const SCHEME = 'mesh';
const NOT_RELAYED: Accepted = { bytesPerSecond: 0, relays: 0 };

export class CircuitTransport implements DatagramTransport {
  readonly schemes = [SCHEME];
  readonly listensAt: Address;
  /** The first socket gets what strangers send. */
  private readonly sinks = new Set<DatagramSink>();
  private readonly own = new Map<NodeId, OwnWay>();
  /** By address. */
  private readonly given = new Map<string, GivenWay>();
  private lastNumber = 0;

  constructor(
    private readonly host: TransportHost,
    self: NodeId,
  ) {
    this.listensAt = meshAddress(self);
  }

  /** The circuits of this node. */
  get ways(): readonly (OwnWay | GivenWay)[] {
    return [...this.own.values(), ...this.given.values()].filter(({ leg }) => leg !== undefined);
  }

  bind(_address: Address, sink: DatagramSink): DatagramSocket {
    this.host.later(() => {
      this.sinks.add(sink);
      sink.onListening([this.listensAt]);
    });
    return {
      send: (datagrams, to) => this.host.act((agent) => this.send(agent, sink, datagrams, to)),
      close: () => this.sinks.delete(sink),
    };
  }

  anyAddress(): Address {
    return this.listensAt;
  }

  /** A circuit of somebody else ends here: it is accepted, or this is why not. `add` adds the neighbour's leg. */
  accept(agent: BehaviorAgent, connectionId: number, { source }: Open, add: (user: LegUser) => Leg): Refusal | undefined {
    const { host } = this;
    const refused = (reason: Refusal['reason'], current = 0, maximum = 0) => ({ reason, current, maximum, by: agent.nodeId });
    const { value: sink } = this.sinks.values().next();
    if (sink === undefined || source === agent.nodeId) return refused('not-accepting');
    const current = host.legs.count(connectionId, (user) => user instanceof GivenWay);
    if (current >= ENDS_PER_NEIGHBOUR_MAX) return refused('busy', current, ENDS_PER_NEIGHBOUR_MAX);
    const address = meshAddress(source, `${++this.lastNumber}`);
    const way = new GivenWay(this.wayHost, source, address, sink, agent.nowMs, host.settings.reservationMs);
    way.leg = add(way);
    this.given.set(address.text, way);
    host.counters.accepted++;
    host.schedule.set(agent, way, agent.nowMs + host.settings.reservationMs);
    host.sender.accepted(agent, way.leg, NOT_RELAYED);
    return undefined;
  }

  /** The behaviour stops: nothing is left, and links over circuits end. */
  stop(agent: BehaviorAgent): void {
    for (const way of [...this.own.values(), ...this.given.values()]) way.stop(agent);
    for (const sink of this.sinks) this.host.later(() => sink.onFailed(new NetworkError('TRANSPORT_FAILED', 'circuits were stopped')));
    this.sinks.clear();
  }

  /** Back over the circuit that it came from, while that stands; else over another one of the same node, or over one of this node's own. */
  private send(agent: BehaviorAgent, sink: DatagramSink, datagrams: readonly Uint8Array[], to: Address): void {
    const nodeId = to.nodeId as NodeId;
    const way = this.given.get(to.text) ?? (to.name === undefined ? undefined : this.newestOf(nodeId)) ?? this.ownWay(sink, nodeId);
    if (way !== undefined) return way.send(agent, datagrams);
    const reached = { limit: 'waysMax', current: this.own.size, maximum: WAYS_MAX, scope: 'node', configKey: 'circuit.waysMax' };
    this.host.later(() => sink.onUnreachable?.(to, limitReached(reached)));
  }

  private newestOf(nodeId: NodeId): GivenWay | undefined {
    return [...this.given.values()].findLast((way) => way.nodeId === nodeId);
  }

  private ownWay(sink: DatagramSink, nodeId: NodeId): OwnWay | undefined {
    const known = this.own.get(nodeId);
    if (known !== undefined) return known;
    if (this.own.size >= WAYS_MAX) return undefined;
    const way = new OwnWay(this.wayHost, nodeId, meshAddress(nodeId), sink);
    this.own.set(nodeId, way);
    return way;
  }

  private get wayHost(): WayHost {
    const { host } = this;
    return { ...host, opened: () => void host.counters.opened++, left: (way) => this.left(way) };
  }

  private left(way: OwnWay | GivenWay): void {
    if (way instanceof GivenWay) this.given.delete(way.address.text);
    else if (this.own.get(way.nodeId) === way) this.own.delete(way.nodeId);
  }
}

/** Where a node is reached through the mesh. */
export function meshAddress(nodeId: NodeId, name?: string): Address {
  return Address.of({ scheme: SCHEME, host: nodeId, name });
}
