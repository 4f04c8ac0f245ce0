/**
 * @module PunchBehavior (service 10): opens the way between two nodes behind NATs. It is one of the places where `node.connect(nodeId)` looks for
 * addresses: it asks a neighbour that has direct connections to both for help, and gives the address at which that one sees the node, at
 * the moment when both begin to send to each other. A connection over other nodes asks again and again, and becomes direct when that
 * succeeds.
 *
 * The helper (`helper.ts`) refers two of its neighbours to each other; both take part in an attempt (`attempts.ts`), which ends in an opening
 * (`opening.ts`). The messages stand in `messages.ts`. Datagrams only: two sides of TCP cannot share a port with what listens there.
 *
 * Bounds (`options.ts`): what one neighbour may ask, attempts at once, probes to one host on the word of others. A helper is believed only what it
 * has signed, for the attempt that it answers.
 */
import {
  type Address,
  type AddressSource,
  type BehaviorAgent,
  type BehaviorLimits,
  type BehaviorPorts,
  BoundedMap,
  type Connection,
  type Message,
  NetworkBehavior,
  NODE_VIEW,
  type NodeId,
  type NodeView,
  type PathCandidate,
  RouterTable,
  SIGNER,
  type Signer,
  Timeline,
} from '../../core/index.js';
import { Attempts } from './attempts.js';
import { Helper } from './helper.js';
import { AGREED, POP, POPPING, PunchMessage, REFERRED, REFUSED, type Reason, SEEN, WHERE } from './messages.js';
import { Observers } from './observers.js';
import { ATTEMPTS_MAX, LIMITS_OF_PUNCH, PunchCounters, type PunchOptions, REQUESTS_MAX, readPunchOptions } from './options.js';

const SERVICE_ID = 10;
/** Neighbours that are asked for help to one node. */
const HELPERS_MAX = 3;
/** With less time left for a look-up than a helper may take to answer, no further one is asked. */
const ANSWER_MS_MIN = 1_000;
/** For how long a neighbour is asked last that could not help to a node. */
const AVOID_MS = 300_000;
const AVOIDED_MAX = 1_024;

/** More than all attempts and requests together have to do. */
const TIMELINE_MAX = 4_096;

/** What does not pass by itself. */
const UNABLE: ReadonlySet<Reason> = new Set(['not-helping', 'no-line', 'unproven', 'unknown', 'other-family']);

type Settle = (addresses: readonly Address[]) => void;

/** Dials of a node that wait for the one attempt with it, and until when a further helper is asked for them. */
interface Waiting {
  readonly settles: readonly Settle[];
  readonly untilMs: number;
}

export class PunchBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'punch' } as const;
  static readonly inject = [RouterTable, NODE_VIEW, SIGNER] as const;

  private readonly counted = new PunchCounters();
  private readonly timeline = new Timeline<BehaviorAgent>(TIMELINE_MAX);
  private readonly helper: Helper;
  private readonly attempts: Attempts;
  private readonly observers: Observers;
  private readonly received = new PunchMessage();
  /** By node: no more than there are dials. */
  private readonly waiting = new Map<NodeId, Waiting>();
  /** By neighbour and node, until when. */
  private readonly avoided = new BoundedMap<string, number>(AVOIDED_MAX);

  constructor(
    private readonly router: RouterTable,
    view: NodeView,
    signer: Signer,
    options: PunchOptions = {},
  ) {
    super();
    const canPunch = (connection: Connection) => this.canPunch(connection);
    const parts = { settings: readPunchOptions(options), counters: this.counted, view, signer, canPunch, timeline: this.timeline };
    this.helper = new Helper(parts);
    this.attempts = new Attempts(parts);
    this.observers = new Observers(parts);
  }

  override get ports(): BehaviorPorts {
    const addressSource: AddressSource = { addressesOf: (agent, nodeId, settle) => this.addressesOf(agent, nodeId, settle) };
    return { addressSource, pathReporter: { pathsTo: (agent, nodeId) => this.pathsTo(agent, nodeId) } };
  }

  override get limits(): BehaviorLimits {
    return LIMITS_OF_PUNCH;
  }

  /** What was attempted and refused since the start. */
  get counters(): Readonly<PunchCounters> {
    return { ...this.counted };
  }

  override onStarted(agent: BehaviorAgent): void {
    agent.metrics.counters(this.counted);
    agent.queue('attempts', () => ({ messages: this.attempts.size, messagesMax: ATTEMPTS_MAX }));
    this.observers.begin(agent);
    agent.queue('requests', () => ({ messages: this.helper.size, messagesMax: REQUESTS_MAX }));
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const { received } = this;
    const { connectionId, bytes, bodyOffset, end, sourceVerified, source } = message;
    const from = agent.connectionTo(source);
    const isRead = sourceVerified && from?.id === connectionId && from?.path === 'direct' && received.read(bytes, bodyOffset, end);
    if (!isRead || from === undefined) this.counted.malformed++;
    else this.take(agent, from);
  }

  override onConnected(agent: BehaviorAgent): void {
    this.observers.connected(agent);
  }

  override onDisconnected(agent: BehaviorAgent, { id }: Connection): void {
    this.helper.left(agent, id);
    this.attempts.left(agent, id);
  }

  override onStopped(): void {
    this.helper.stop();
    this.attempts.stop();
    this.observers.stop();
    this.timeline.stop();
  }

  private take(agent: BehaviorAgent, from: Connection): void {
    const { received, helper, attempts } = this;
    switch (received.kind) {
      case POP:
        return helper.pop(agent, from, received);
      case POPPING:
        return attempts.popping(agent, from, received);
      case AGREED:
        return helper.agreed(agent, from, received);
      case REFERRED:
        return attempts.referred(agent, from, received);
      case REFUSED:
        if (!helper.declined(agent, from, received)) attempts.refused(agent, from, received);
        return;
      case WHERE:
        return helper.where(agent, from, received);
      case SEEN:
        return this.observers.seen(agent, from, received);
    }
  }

  private addressesOf(agent: BehaviorAgent, nodeId: NodeId, settle: Settle): readonly Address[] | undefined {
    if (nodeId === agent.nodeId || agent.connectionTo(nodeId)?.path === 'direct') return [];
    const dialled = this.attempts.dialledAt(nodeId);
    if (dialled !== undefined) return dialled;
    const waiting = this.waiting.get(nodeId);
    const helpers = waiting === undefined ? this.helpersTo(agent, nodeId) : [];
    if (waiting === undefined && helpers.length === 0) return [];
    const untilMs = agent.nowMs + Math.max(0, agent.limits.addressLookupMs - ANSWER_MS_MIN);
    this.waiting.set(nodeId, { settles: [...(waiting?.settles ?? []), settle], untilMs });
    if (waiting === undefined) this.askNext(agent, nodeId, helpers);
    return undefined;
  }

  private askNext(agent: BehaviorAgent, nodeId: NodeId, [helper, ...others]: readonly Connection[]): void {
    if (helper === undefined || agent.nowMs > (this.waiting.get(nodeId)?.untilMs ?? 0)) return this.settle(nodeId, []);
    if (agent.connectionTo(helper.nodeId)?.id !== helper.id) return this.askNext(agent, nodeId, others);
    this.attempts.ask(agent, helper, nodeId, {
      ready: (_later, addresses) => this.settle(nodeId, addresses),
      ended: () => this.settle(nodeId, []),
      refused: (later, reason) => {
        // The other side has asked, and dials: its attempt is waited for as long as the look-up lasts.
        if (reason === 'running') return void this.waiting.delete(nodeId);
        if (reason === undefined || UNABLE.has(reason)) this.avoided.set(helper.nodeId + nodeId, later.nowMs + AVOID_MS);
        this.askNext(later, nodeId, others);
      },
    });
  }

  private settle(nodeId: NodeId, addresses: readonly Address[]): void {
    const { settles } = this.waiting.get(nodeId) ?? { settles: [] };
    this.waiting.delete(nodeId);
    for (const settle of settles) settle(addresses);
  }

  /** The neighbour that leads to the node first; those that could not help lately come last. */
  private helpersTo(agent: BehaviorAgent, target: NodeId): readonly Connection[] {
    const next = this.router.pathToNode(target);
    const hop = next.type === 'next' ? next.nodeId : undefined;
    const order = ({ nodeId }: Connection) => (agent.nowMs < (this.avoided.get(nodeId + target) ?? 0) ? 2 : 0) + (nodeId === hop ? 0 : 1);
    return agent
      .connections()
      .filter((connection) => connection.nodeId !== target && this.canPunch(connection))
      .sort((a, b) => order(a) - order(b))
      .slice(0, HELPERS_MAX);
  }

  private canPunch({ nodeId, path }: Connection): boolean {
    return path === 'direct' && this.router.offers(nodeId, SERVICE_ID) === true;
  }

  private pathsTo({ nowMs }: BehaviorAgent, nodeId: NodeId): readonly PathCandidate[] {
    const past = this.attempts.past.get(nodeId);
    if (past === undefined) return [];
    const { address, isOpen, text, atMs } = past;
    const at = address?.withNodeId(undefined).text ?? 'udp';
    return [{ address: at, outcome: isOpen ? 'open' : 'failed', reason: `through NATs ${text}`, agoMs: nowMs - atMs }];
  }
}
