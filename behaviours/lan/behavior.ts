/**
 * @module LanBehavior (service 17): nodes of one space that are on one local network find each other without any address. Each says to
 * everybody on the link where it listens, sealed for the members of the space, and asks the others to say so; what is heard goes to the
 * address book as unproven hints, and only the secure handshake proves who is there.
 *
 * It sends nothing over connections. Messages: `messages.ts`; times: `schedule.ts`; bounds: `neighbours.ts`. What is lost is said again;
 * at its end the node takes back what it said. Where nothing can be sent the node runs on without, says so once, and goes on trying.
 */
import {
  type Address,
  type BehaviorAgent,
  type Cancellable,
  LAN_PORT,
  type LanChannel,
  type LanPort,
  NetworkBehavior,
  NetworkError,
  type NodeId,
  SEALER,
  type Sealer,
} from '../../core/index.js';
import { AddressBookBehavior } from '../addressbook/index.js';
import { type LanCounters, newCounters } from './counters.js';
import { announcementFromBytes, announcementToBytes, placesAt, reachableAt } from './messages.js';
import { type LanNeighbour, Neighbours } from './neighbours.js';
import { checkOptions, type LanOptions } from './options.js';
import { Schedule } from './schedule.js';

/** Names the topic, and what is sealed. */
const DOMAIN = 'meshwright/lan/1';
const TOPIC_BYTES = 16;
/** What was announced holds so long without being said again: two of the longest waits between questions. */
const TTL_SECONDS = 600;
/** Between two looks at where this node listens. */
const LOOK_MS = 1_000;
/** What the port has told and was not looked at yet; beyond that it is ignored. */
const INBOX_MAX = 1_024;

export class LanBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: 17, name: 'lan' } as const;
  static readonly inject = [AddressBookBehavior, LAN_PORT, SEALER] as const;

  private readonly neighbourhood = new Neighbours();
  private readonly counted = newCounters();
  private channel: LanChannel | undefined;
  private schedule: Schedule | undefined;
  private timer: Cancellable | undefined;
  private readonly inbox: ((agent: BehaviorAgent) => void)[] = [];
  private hosts: readonly string[] = [];
  private listening: readonly Address[] = [];
  private failure: NetworkError | undefined;

  constructor(
    private readonly book: AddressBookBehavior,
    private readonly port: LanPort,
    private readonly sealer: Sealer,
    private readonly options: LanOptions = {},
  ) {
    super();
    checkOptions(options);
  }

  /** The addresses of this machine from which it speaks; empty when it cannot. */
  get localHosts(): readonly string[] {
    return this.hosts;
  }

  /** Why nothing can be said or heard, while that is so. */
  get error(): NetworkError | undefined {
    return this.failure;
  }

  /** Who has announced itself lately. Claims: nothing of it is proven. */
  get neighbours(): readonly LanNeighbour[] {
    return this.neighbourhood.all();
  }

  get counters(): Readonly<LanCounters> {
    return { ...this.counted };
  }

  override onStarted(agent: BehaviorAgent): void {
    const topic = hexOf(this.sealer.tag(DOMAIN).subarray(0, TOPIC_BYTES));
    this.schedule = new Schedule(agent.random);
    this.channel = this.port.open(
      { topic, interfaces: this.options.interfaces },
      {
        onHosts: (hosts) => this.enter((now) => this.hostsChanged(now, hosts)),
        onAsked: () => this.enter((now) => this.asked(now)),
        onTold: (bytes, ttlSeconds, host) => this.enter((now) => this.told(now, bytes, ttlSeconds, host)),
        onFailed: (cause) => this.enter((now) => this.failed(now, cause)),
      },
    );
    this.look(agent);
  }

  /** A look that failed has planned no other one. */
  override onTick(agent: BehaviorAgent): void {
    if (this.timer === undefined) this.lookAgain(agent);
  }

  override onStopped(agent: BehaviorAgent): void {
    try {
      this.tell(agent.nodeId, 0);
    } finally {
      this.close();
    }
  }

  /** What the port tells becomes part of a callback of this behaviour: what goes wrong there is a fault, and not the port's business. */
  private enter(work: (agent: BehaviorAgent) => void): void {
    if (this.inbox.length >= INBOX_MAX) return void this.counted.ignored++;
    this.inbox.push(work);
    if (this.inbox.length === 1) this.whileRunning((agent) => this.lookAgain(agent));
  }

  /** A node that has ended without a word hears nothing more. */
  private whileRunning(work: (agent: BehaviorAgent) => void): void {
    try {
      this.perform(work);
    } catch (error) {
      if (!(error instanceof NetworkError && error.code === 'NOT_STARTED')) throw error;
      this.inbox.length = 0;
      this.close();
    }
  }

  private close(): void {
    this.channel?.close();
    this.channel = undefined;
  }

  private hostsChanged(agent: BehaviorAgent, hosts: readonly string[]): void {
    this.hosts = hosts;
    if (hosts.length === 0) return;
    if (this.failure !== undefined) agent.log.info({ hosts }, 'LAN discovery works again');
    this.failure = undefined;
    this.schedule?.restart(agent.nowMs);
  }

  private asked(agent: BehaviorAgent): void {
    this.schedule?.heardQuestion(agent.nowMs);
  }

  private told(agent: BehaviorAgent, sealed: Uint8Array, ttlSeconds: number, host: string): void {
    const { counted, neighbourhood } = this;
    counted.heard++;
    if (!neighbourhood.admits(host, agent.nowMs)) return void counted.ignored++;
    const bytes = this.sealer.open(DOMAIN, sealed);
    if (bytes === undefined) return void counted.foreign++;
    const announcement = announcementFromBytes(bytes);
    if (announcement === undefined) return void counted.malformed++;
    const { nodeId } = announcement;
    if (nodeId === agent.nodeId) return;
    if (ttlSeconds <= 0) return void neighbourhood.left(nodeId, host);
    const addresses = placesAt(host, announcement.addresses);
    const untilMs = agent.nowMs + Math.min(ttlSeconds, TTL_SECONDS) * 1_000;
    const verdict = neighbourhood.heard({ nodeId, host, addresses }, untilMs, agent.nowMs);
    if (verdict === 'full') counted.ignored++;
    if (verdict === 'hint') this.hint(nodeId, addresses);
  }

  private hint(nodeId: NodeId, addresses: readonly Address[]): void {
    this.counted.hints++;
    this.book.addHint(nodeId, addresses, { source: 'lan', mode: 'link' });
  }

  private failed(agent: BehaviorAgent, cause: NetworkError): void {
    this.failure = cause;
    agent.log.warn({ err: cause }, 'LAN discovery does not work; the node runs on without');
  }

  /** Does what is due. */
  private look(agent: BehaviorAgent): void {
    this.timer = undefined;
    for (const work of this.inbox.splice(0)) work(agent);
    const { schedule, channel } = this;
    if (schedule === undefined || channel === undefined) return;
    this.noticeListening(agent);
    if (this.hosts.length > 0 && schedule.takeAsk(agent.nowMs)) {
      this.counted.asked++;
      channel.ask();
    }
    if (this.hosts.length > 0 && schedule.takeTell(agent.nowMs)) this.tell(agent.nodeId, TTL_SECONDS);
    this.neighbourhood.expire(agent.nowMs);
    this.lookAgain(agent);
  }

  private lookAgain(agent: BehaviorAgent): void {
    const dueMs = this.hosts.length === 0 ? Number.POSITIVE_INFINITY : (this.schedule?.nextDueMs as number);
    const waitMs = this.inbox.length > 0 ? 0 : Math.max(0, Math.min(LOOK_MS, dueMs - agent.nowMs));
    this.timer?.cancel();
    this.timer = agent.after(waitMs, (later) => this.look(later));
  }

  private noticeListening({ addresses, nowMs }: BehaviorAgent): void {
    if (addresses.map(({ text }) => text).join(' ') === this.listening.map(({ text }) => text).join(' ')) return;
    this.listening = addresses;
    this.schedule?.restart(nowMs);
  }

  /** Tells each link by which addresses this node is reached there; nothing where there are none. */
  private tell(nodeId: NodeId, ttlSeconds: number): void {
    for (const host of this.hosts) {
      const addresses = reachableAt(host, this.listening);
      if (addresses.length === 0) continue;
      this.counted.told++;
      this.channel?.tell(host, this.sealer.seal(DOMAIN, announcementToBytes({ nodeId, addresses })), ttlSeconds);
    }
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
