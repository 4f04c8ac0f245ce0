/**
 * @module RouterSyncBehavior (service 3): the pipe between the router tables of neighbours. It carries what a table wants to send
 * (`createSync`, `createNews`) to the neighbour's table (`applySync`), and understands none of it.
 *
 * Both sides say hello when a connection opens, with the kind of their table; syncs go to a neighbour of the same kind alone. Every
 * interval is a round: each neighbour gets its sync, if there is one. When something may have happened in between (a sync, a
 * measurement, an end), all neighbours get their news after `batchMs`, at a bounded pace of the node and of each connection. A table that
 * is replaced (`node.useRouter`) is found at the next round.
 *
 * Messages stand in `messages.ts`, bounds in `handler.ts`. They take the control lane; what finds no room waits, and what is new meanwhile
 * becomes one with what comes after. On a close nothing is left. Whatever a remote sends, nothing of it throws.
 */
import { type BehaviorAgent, type Connection, NetworkBehavior, RouterTable, shortId } from '../../core/index.js';
import { Conditions } from '../../core/structures/conditions.js';
import { TokenBucket } from '../../core/structures/token-bucket.js';
import { WakeTimer } from '../../core/structures/wake-timer.js';
import { RouterSyncHandler, type RouterSyncToBehavior, type RouterSyncToHandler, type SyncRefusals } from './handler.js';
import { RouterSyncCounters, type RouterSyncOptions, type RouterSyncSettings, readRouterSyncOptions } from './options.js';

const SERVICE_ID = 3;
/** News that may be sent on one connection at once, and in every interval from then on. */
const NEWS_AT_ONCE = 32;
const NEWS_PER_INTERVAL = 16;
/** Of a message between neighbours, whose lane has to have room for both. */
const HEADER_BYTES_MAX = 64;

/** A node with more neighbours than that collects news for longer, so much for each: they cost it as many messages. */
const CROWD = 16;
/** So many times news go out after `batchMs`, and from then on once in `CALM` times `batchMs`: what follows comes together. */
const FIRST_NEWS = 2;
const CALM = 4;
const CROWD_MS = 0.25;
/** Refusals that go on for so long are worth a line in the log. */
const REFUSED_MS = 10_000;
const QUIET_MS = 60_000;
const NEIGHBOURS_MAX = 256;

type SyncAgent = BehaviorAgent<RouterSyncToHandler>;

export class RouterSyncBehavior extends NetworkBehavior<RouterSyncToBehavior, RouterSyncToHandler> {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'router-sync' } as const;
  static readonly inject = [RouterTable] as const;

  readonly counters: Readonly<RouterSyncCounters>;
  private readonly counting = new RouterSyncCounters();
  private readonly settings: RouterSyncSettings;
  /** Connections that were open when this behaviour started: their remotes' hellos met no behaviour. */
  private openBefore: ReadonlySet<number> = new Set();
  private readonly timer = new WakeTimer<SyncAgent>((agent) => this.news(agent));
  private readonly pace: TokenBucket;
  /** That of the table when handlers were asked last. */
  private revision: number | undefined;
  private readonly refusals: SyncRefusals = new Conditions({
    afterMs: REFUSED_MS,
    quietMs: QUIET_MS,
    sizeMax: NEIGHBOURS_MAX,
    onLasting: ({ log }, peer) => log.warn({ peer: shortId(peer) }, 'syncs of a neighbour are refused again and again'),
    onOver: ({ log }, peer) => log.warn({ peer: shortId(peer) }, 'syncs of a neighbour are no longer refused'),
  });
  /** How many there were last time. */
  private handlerCount = 0;

  /** Throws `OPTION_INVALID`. */
  constructor(
    private readonly router: RouterTable,
    options: RouterSyncOptions = {},
  ) {
    super();
    this.counters = this.counting;
    this.settings = readRouterSyncOptions(options);
    this.pace = new TokenBucket(FIRST_NEWS, 1_000 / Math.max(1, CALM * this.settings.batchMs), 0);
  }

  override onStarted(agent: SyncAgent): void {
    this.openBefore = new Set(agent.connections().map(({ id }) => id));
    agent.metrics.counters(this.counting);
  }

  override onIncomingConnectionConnected(agent: SyncAgent, connection: Connection): RouterSyncHandler {
    return this.handlerFor(agent, connection);
  }

  override onOutgoingConnectionConnected(agent: SyncAgent, connection: Connection): RouterSyncHandler {
    return this.handlerFor(agent, connection);
  }

  override onHandlerEvent(agent: SyncAgent): void {
    this.spread(agent);
  }

  override onIncomingConnectionDisconnected(agent: SyncAgent): void {
    this.spread(agent);
  }

  override onOutgoingConnectionDisconnected(agent: SyncAgent): void {
    this.spread(agent);
  }

  private handlerFor(agent: SyncAgent, connection: Connection): RouterSyncHandler {
    const { router, settings, refusals, counting: counters } = this;
    const pace = new TokenBucket(NEWS_AT_ONCE, (1_000 * NEWS_PER_INTERVAL) / settings.intervalMs, agent.nowMs);
    const { payloadBytesMax, controlLaneBytesMax } = agent.limits;
    const messageBytesMax = Math.min(payloadBytesMax, controlLaneBytesMax - HEADER_BYTES_MAX);
    return new RouterSyncHandler({
      router,
      settings,
      counters,
      refusals,
      pace,
      messageBytesMax,
      isLate: this.openBefore.has(connection.id),
    });
  }

  /** There may be news for every neighbour. */
  private spread(agent: SyncAgent): void {
    const { revision } = this.router;
    if (this.timer.dueMs < Number.POSITIVE_INFINITY || (revision !== undefined && revision === this.revision)) return;
    const waitMs = Math.max(this.settings.batchMs, this.pace.waitMs(1, agent.nowMs));
    this.timer.within(agent, waitMs + Math.max(0, this.handlerCount - CROWD) * CROWD_MS);
  }

  private news(agent: SyncAgent): void {
    this.revision = this.router.revision;
    this.pace.charge(1, agent.nowMs);
    this.handlerCount = agent.sendToHandlers('all', { type: 'news' });
  }
}
