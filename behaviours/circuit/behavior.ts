/**
 * @module CircuitBehavior (service 9): `mesh://nodeid`, a channel to a node through the mesh, over neighbours that relay it. The node's own secure
 * channel runs over it from end to end: relays see both ids, sizes and times. `node.connect(nodeId)` dials it by itself where no address of the
 * node can be connected.
 *
 * Whoever dials asks a neighbour to `open` a circuit (`messages.ts`); each relay passes that on along its own path to the node, which accepts.
 * From then on datagrams go back and forth, which relays may drop (`relay.ts`), and the links at both ends repair.
 *
 * Bounds (`options.ts`): circuits that are relayed, in all and for each neighbour, the rate of each neighbour, how long a circuit may be silent,
 * and circuits that end here. A refusal names the bound. Loops are cut: an opening is recognised when it comes again, passes four relays
 * at most, and never takes a connection that is itself a circuit. When a connection on the path is lost, or a relay falls silent, another
 * circuit takes the place of the first, and the link over it goes on (`way.ts`).
 */
import {
  type AddressSource,
  type BehaviorAgent,
  type BehaviorLimits,
  type BehaviorPorts,
  type Connection,
  type Message,
  NetworkBehavior,
  type NextHop,
  NODE_ID,
  type NodeId,
  type PathCandidate,
  RouterTable,
  shortId,
  WakeTimer,
} from '../../core/index.js';
import { Hops, SERVICE_ID } from './hops.js';
import { LegSender } from './leg-sender.js';
import { type Leg, Legs, type LegUser } from './legs.js';
import { ACCEPTED, CircuitMessage, CLOSED, DATA, OPEN, type Open, REFUSED, type Refusal } from './messages.js';
import { CircuitCounters, type CircuitOptions, type CircuitSettings, limitsOf, readCircuitOptions } from './options.js';
import { Relay, type RelayReport } from './relay.js';
import { Schedule } from './schedule.js';
import { CircuitTransport, meshAddress } from './transport.js';
import { OwnWay } from './way.js';

/** A circuit that begins or ends at this node. */
export interface CircuitReport {
  readonly nodeId: NodeId;
  /** The neighbour over which it goes. */
  readonly relay: NodeId;
  /** Relays on the path, and what the slowest of them takes from a neighbour; absent where the other side has dialled. */
  readonly relays: number | undefined;
  readonly bitsPerSecondMax: number | undefined;
  readonly openMs: number;
}

export class CircuitBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'circuit' } as const;
  static readonly inject = [RouterTable, NODE_ID] as const;

  private readonly settings: CircuitSettings;
  private readonly counted = new CircuitCounters();
  private readonly legs = new Legs();
  private readonly sender = new LegSender();
  private readonly hops: Hops;
  private readonly relay: Relay;
  private readonly transport: CircuitTransport;
  private readonly received = new CircuitMessage();
  private isRunning = false;
  /** What is done when the present call is over. */
  private afterwards: (() => void)[] = [];
  private readonly timer = new WakeTimer<BehaviorAgent>(() => this.doAfterwards());

  constructor(router: RouterTable, self: NodeId, options: CircuitOptions = {}) {
    super();
    this.settings = readCircuitOptions(options);
    this.hops = new Hops(router);
    const { settings, legs, sender, hops, counted: counters } = this;
    const shared = { settings, legs, sender, hops, counters, schedule: new Schedule() };
    this.relay = new Relay(shared);
    const act = (work: (agent: BehaviorAgent) => void) => this.act(work);
    this.transport = new CircuitTransport({ ...shared, act, later: (work) => this.later(work) }, self);
  }

  override get ports(): BehaviorPorts {
    const addressSource: AddressSource = {
      addressesOf: (agent, nodeId) => (this.hops.leadsTo(agent, nodeId) ? [meshAddress(nodeId)] : []),
    };
    return { transport: this.transport, addressSource, pathReporter: { pathsTo: (agent, nodeId) => this.pathsTo(agent, nodeId) } };
  }

  override get limits(): BehaviorLimits {
    return limitsOf(this.settings);
  }

  /** What was sent and refused since the start. */
  get counters(): Readonly<CircuitCounters> {
    return { ...this.counted };
  }

  /** What this node has left for others. */
  get relaying(): RelayReport {
    return this.relay.report;
  }

  /** The circuits that begin or end here. */
  circuits(): readonly CircuitReport[] {
    return this.perform(({ nowMs }) =>
      this.transport.ways.map((way) => {
        const { bytesPerSecond, relays } = (way instanceof OwnWay ? way.accepted : undefined) ?? {};
        const { nodeId, leg, sinceMs } = way;
        return {
          nodeId,
          relay: (leg as Leg).nodeId,
          relays,
          bitsPerSecondMax: bytesPerSecond && bytesPerSecond * 8,
          openMs: nowMs - sinceMs,
        };
      }),
    );
  }

  /** For `node.explain`: the circuits to the node, over whom there could be one, and what this node relays for it. */
  private pathsTo(agent: BehaviorAgent, nodeId: NodeId): readonly PathCandidate[] {
    const address = meshAddress(nodeId).text;
    const open = this.circuits().filter((circuit) => circuit.nodeId === nodeId);
    if (open.length > 0) return open.map((circuit) => ({ address, outcome: 'open', reason: textOf(circuit) }));
    const relays = this.hops.candidates(agent, nodeId).map((hop) => shortId(hop.nodeId));
    const reason = relays.length > 0 ? `a circuit over ${relays.join(' or ')}` : 'no neighbour with a path to it relays';
    const isReached = agent.connectionTo(nodeId)?.path === 'direct';
    const own: PathCandidate[] = isReached ? [] : [{ address, outcome: relays.length > 0 ? 'possible' : 'refused', reason }];
    const relayed = isReached ? this.relay.offerTo(nodeId) : undefined;
    return relayed === undefined ? own : [...own, { address, ...relayed }];
  }

  override onStarted(agent: BehaviorAgent): void {
    const { circuitsMax } = this.settings;
    agent.metrics.counters(this.counted);
    agent.metrics.observe('relayed_circuits', () => this.relay.size);
    agent.metrics.observe('own_circuits', () => this.transport.ways.length);
    agent.queue('relayed', () => ({ messages: this.relay.size, messagesMax: Math.max(circuitsMax, 1) }));
    this.isRunning = true;
    this.timer.within(agent, 0);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const { received } = this;
    const { connectionId, bytes, bodyOffset, end, sourceVerified, source } = message;
    const isRead = sourceVerified && connectionId !== undefined && received.read(bytes, bodyOffset, end);
    if (!isRead) this.counted.malformed++;
    else if (received.kind === OPEN) this.opened(agent, { connectionId, nodeId: source }, received.number, received.open as Open);
    else this.receivedFor(agent, this.legs.find(connectionId, received));
  }

  override onDisconnected(agent: BehaviorAgent, { id, nodeId }: Connection): void {
    // Open still, when this behaviour is taken out of a running node.
    const isOpen = agent.connectionTo(nodeId)?.id === id;
    this.relay.left(id);
    for (const leg of this.legs.take(id)) {
      if (isOpen) this.sender.closed(agent, leg, 'stopping');
      leg.user.onClosed(agent, leg, isOpen ? 'stopping' : 'connection-lost');
    }
  }

  override onStopped(agent: BehaviorAgent): void {
    this.relay.stop(agent);
    this.transport.stop(agent);
    this.timer.cancel();
    this.isRunning = false;
    this.doAfterwards();
  }

  private opened(agent: BehaviorAgent, from: NextHop, number: number, open: Open): void {
    const { connectionId, nodeId } = from;
    const name = { number, isOpener: false };
    if (this.legs.find(connectionId, name) !== undefined) {
      this.counted.malformed++;
      return;
    }
    const add = (user: LegUser) => this.legs.opened(connectionId, nodeId, number, user);
    const refusal = this.refusalOf(agent, from, open, add);
    if (refusal === undefined) return;
    this.counted.refused++;
    this.sender.refused(agent, connectionId, name, refusal);
  }

  private refusalOf(agent: BehaviorAgent, from: NextHop, open: Open, add: (user: LegUser) => Leg): Refusal | undefined {
    const { connectionId, nodeId } = from;
    if (agent.connectionTo(nodeId)?.path !== 'direct') return { reason: 'loop', current: 0, maximum: 0, by: agent.nodeId };
    const isHere = open.target === agent.nodeId;
    return isHere ? this.transport.accept(agent, connectionId, open, add) : this.relay.open(agent, from, open, add);
  }

  /** A leg that is gone had its end under way when this was sent. */
  private receivedFor(agent: BehaviorAgent, leg: Leg | undefined): void {
    const { received } = this;
    if (leg === undefined) return;
    switch (received.kind) {
      case DATA:
        return leg.user.onData(agent, leg, received.data);
      case ACCEPTED:
        if (leg.isOpener && received.accepted !== undefined) leg.user.onAccepted(agent, leg, received.accepted);
        return;
      case REFUSED:
        if (leg.isOpener) leg.user.onRefused(agent, leg, received.refusal as Refusal);
        return;
      case CLOSED:
        this.legs.remove(leg);
        return leg.user.onClosed(agent, leg, received.closure);
    }
  }

  /** A channel may outlive this behaviour for a moment. */
  private act(work: (agent: BehaviorAgent) => void): void {
    if (this.isRunning) this.perform(work);
  }

  private later(work: () => void): void {
    this.afterwards.push(work);
    if (this.isRunning) this.perform((agent) => this.timer.within(agent, 0));
  }

  private doAfterwards(): void {
    const { afterwards } = this;
    this.afterwards = [];
    for (const work of afterwards) work();
  }
}

function textOf({ relay, relays, bitsPerSecondMax }: CircuitReport): string {
  const over = `a circuit over ${shortId(relay)}`;
  return relays === undefined
    ? `${over}, dialled by the other side`
    : `${over}, ${relays} relays, up to ${bitsPerSecondMax} bit/s each way`;
}
