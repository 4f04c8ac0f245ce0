/**
 * @module LanBehavior (service 17): nodes of one space on one local network find each other without any address. Each announces on the link
 * where it listens, sealed for the members of the space, and queries the others; what it receives goes to the address book as unproven
 * hints, and only the secure handshake proves who is there.
 *
 * It sends nothing over connections. Messages: `messages.ts`; times: `schedule.ts`; bounds: `neighbours.ts`. Announcements are repeated, and
 * withdrawn at the end. Where nothing can be sent the node runs on without, logs it once, and goes on trying.
 */
import {
  type Address,
  type BehaviorAgent,
  LAN_PORT,
  type LanChannel,
  type LanPort,
  NetworkBehavior,
  NetworkError,
  type NodeId,
  SEALER,
  type Sealer,
} from '../../core/index.js';
import { hexOf } from '../../core/structures/hex.js';
import { WakeTimer } from '../../core/structures/wake-timer.js';
import { AddressBookBehavior } from '../addressbook/index.js';
import { type LanCounters, newCounters } from './counters.js';
import { announcementFromBytes, announcementToBytes, placesAt, reachableAt } from './messages.js';
import { type LanNeighbour, Neighbours } from './neighbours.js';
import { type LanOptions, readLanOptions } from './options.js';
import { Schedule } from './schedule.js';

/** Names the topic, and what is sealed. */
const DOMAIN = 'meshwright/lan/1';
const TOPIC_BYTES = 16;
/** An announcement is valid for so long: two of the longest waits between queries. */
const TTL_SECONDS = 600;
/** Between two looks at where this node listens. */
const LOOK_MS = 1_000;
/** Events of the port that wait for the next look; further ones are ignored. */
const INBOX_MAX = 1_024;

export class LanBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: 17, name: 'lan' } as const;
  static readonly inject = [AddressBookBehavior, LAN_PORT, SEALER] as const;

  private readonly interfaces: readonly string[] | undefined;
  private readonly neighbourhood = new Neighbours();
  private readonly counted = newCounters();
  private channel: LanChannel | undefined;
  private schedule: Schedule | undefined;
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));
  private readonly inbox: ((agent: BehaviorAgent) => void)[] = [];
  private hosts: readonly string[] = [];
  private listening: readonly Address[] = [];
  private failure: NetworkError | undefined;

  constructor(
    private readonly book: AddressBookBehavior,
    private readonly port: LanPort,
    private readonly sealer: Sealer,
    options: LanOptions = {},
  ) {
    super();
    this.interfaces = readLanOptions(options).interfaces;
  }

  /** The addresses of this machine from which it announces; empty when it cannot. */
  get localHosts(): readonly string[] {
    return this.hosts;
  }

  /** Why nothing can be sent or received, while that is so. */
  get error(): NetworkError | undefined {
    return this.failure;
  }

  /** Nodes that announced themselves lately. Claims: nothing of it is proven. */
  get neighbours(): readonly LanNeighbour[] {
    return this.neighbourhood.all();
  }

  get counters(): Readonly<LanCounters> {
    return { ...this.counted };
  }

  override onStarted(agent: BehaviorAgent): void {
    const topic = hexOf(this.sealer.tag(DOMAIN).subarray(0, TOPIC_BYTES));
    this.schedule = new Schedule(agent.random);
    agent.metrics.counters(this.counted);
    agent.queue('inbox', () => ({ messages: this.inbox.length, messagesMax: INBOX_MAX }));
    this.channel = this.port.open(
      { topic, interfaces: this.interfaces },
      {
        onHosts: (hosts) => this.enter((now) => this.hostsChanged(now, hosts)),
        onQuery: () => this.enter((now) => this.schedule?.queryReceived(now.nowMs)),
        onAnnouncement: (bytes, ttlSeconds, host) => this.enter((now) => this.received(now, bytes, ttlSeconds, host)),
        onFailed: (cause) => this.enter((now) => this.failed(now, cause)),
      },
    );
    this.look(agent);
  }

  /** A look that failed has planned no other one. */
  override onTick(agent: BehaviorAgent): void {
    this.lookAgain(agent);
  }

  override onStopped(agent: BehaviorAgent): void {
    try {
      this.announce(agent.nodeId, 0);
    } finally {
      this.close();
    }
  }

  /** Events of the port become part of a callback of this behaviour: what goes wrong there is a fault of the behaviour. */
  private enter(work: (agent: BehaviorAgent) => void): void {
    if (this.inbox.length >= INBOX_MAX) return void this.counted.ignored++;
    this.inbox.push(work);
    if (this.inbox.length === 1) this.whileRunning((agent) => this.lookAgain(agent));
  }

  /** After a node has ended without a goodbye the channel is closed. */
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

  private received(agent: BehaviorAgent, sealed: Uint8Array, ttlSeconds: number, host: string): void {
    const { counted, neighbourhood } = this;
    counted.announcementsReceived++;
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
    const verdict = neighbourhood.announced({ nodeId, host, addresses }, untilMs, agent.nowMs);
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
    for (const work of this.inbox.splice(0)) work(agent);
    const { schedule, channel } = this;
    if (schedule === undefined || channel === undefined) return;
    this.noticeListening(agent);
    if (this.hosts.length > 0 && schedule.takeQuery(agent.nowMs)) {
      this.counted.queriesSent++;
      channel.query();
    }
    if (this.hosts.length > 0 && schedule.takeAnnouncement(agent.nowMs)) this.announce(agent.nodeId, TTL_SECONDS);
    this.neighbourhood.expire(agent.nowMs);
    this.lookAgain(agent);
  }

  private lookAgain(agent: BehaviorAgent): void {
    const dueMs = this.hosts.length === 0 ? Number.POSITIVE_INFINITY : (this.schedule?.nextDueMs as number);
    this.timer.at(agent, this.inbox.length > 0 ? agent.nowMs : Math.min(agent.nowMs + LOOK_MS, dueMs));
  }

  private noticeListening({ addresses, nowMs }: BehaviorAgent): void {
    if (addresses.map(({ text }) => text).join(' ') === this.listening.map(({ text }) => text).join(' ')) return;
    this.listening = addresses;
    this.schedule?.restart(nowMs);
  }

  /** Announces on each link the addresses at which this node is reached there. */
  private announce(nodeId: NodeId, ttlSeconds: number): void {
    for (const host of this.hosts) {
      const addresses = reachableAt(host, this.listening);
      if (addresses.length === 0) continue;
      this.counted.announcementsSent++;
      this.channel?.announce(host, this.sealer.seal(DOMAIN, announcementToBytes({ nodeId, addresses })), ttlSeconds);
    }
  }
}
