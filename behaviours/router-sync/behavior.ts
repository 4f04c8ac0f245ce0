/**
 * @module RouterSyncBehavior (service 3): keeps the router tables of neighbours in step. It carries what a table wants to tell (`createSync`,
 * `createNews`) to the neighbour's table (`applySync`), and understands none of it.
 *
 * Both sides say hello when a connection opens, with the kind of their table; syncs go to a neighbour of the same kind alone. Every
 * interval is a round: each neighbour gets its sync, if there is one. When something may have happened in between (a sync, a
 * measurement, an end), all neighbours get their news after `batchMs`, at a bounded pace of the node and of each connection
 * (`pace.ts`). A table that is replaced (`node.useRouter`) is found at the next round.
 *
 * Messages and their bounds stand in `messages.ts` and `conversation.ts`. They take the control lane; what finds no room waits, and what
 * is new meanwhile becomes one with what comes after. On a close nothing is left. Whatever a remote sends, nothing of it throws.
 */
import { type BehaviorAgent, type Cancellable, type Connection, NetworkBehavior, RouterTable } from '../../core/index.js';
import { Conversation, PART_BYTES_MAX } from './conversation.js';
import { RouterSyncHandler, type RouterSyncToBehavior, type RouterSyncToHandler } from './handler.js';
import { HEAD_BYTES } from './messages.js';
import { RouterSyncCounters, type RouterSyncOptions, type RouterSyncSettings, resolveRouterSyncOptions } from './options.js';
import { Pace } from './pace.js';

const SERVICE_ID = 3;
/** Where the node's messages are shorter than that, no sync is possible. */
const PART_BYTES_MIN = 64;

/** A node with more neighbours than that collects news for longer, so much for each: they cost it as many messages. */
const CROWD = 16;
/** So many times news go out after `batchMs`, and from then on once in `CALM` times `batchMs`: what follows the first words comes together. */
const FIRST_WORDS = 2;
const CALM = 4;
const CROWD_MS = 0.25;

type SyncAgent = BehaviorAgent<RouterSyncToHandler>;

export class RouterSyncBehavior extends NetworkBehavior<RouterSyncToBehavior, RouterSyncToHandler> {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'router-sync' } as const;
  static readonly inject = [RouterTable] as const;

  readonly counters: Readonly<RouterSyncCounters>;
  private readonly counting = new RouterSyncCounters();
  private readonly settings: RouterSyncSettings;
  /** Connections that were open when this behaviour started: their remotes said hello to nobody. */
  private openBefore: ReadonlySet<number> = new Set();
  /** The handlers will be told. */
  private timer: Cancellable | undefined = undefined;
  private readonly pace: Pace;
  /** How many there were last time. */
  private handlerCount = 0;

  /** Throws `OPTION_INVALID`. */
  constructor(
    private readonly router: RouterTable,
    options: RouterSyncOptions = {},
  ) {
    super();
    this.counters = this.counting;
    this.settings = resolveRouterSyncOptions(options);
    this.pace = new Pace(Math.max(1, CALM * this.settings.batchMs), FIRST_WORDS, 1);
  }

  override onStarted(agent: SyncAgent): void {
    this.openBefore = new Set(agent.connections().map(({ id }) => id));
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
    const { router, settings, counting: counters } = this;
    const partBytesMax = Math.max(PART_BYTES_MIN, Math.min(PART_BYTES_MAX, agent.limits.payloadBytesMax - HEAD_BYTES));
    const conversation = new Conversation(connection, partBytesMax);
    return new RouterSyncHandler({ router, settings, counters, conversation, isLate: this.openBefore.has(connection.id) });
  }

  private spread(agent: SyncAgent): void {
    if (this.timer !== undefined) return;
    const waitMs = Math.max(this.settings.batchMs, this.pace.waitMs(agent.nowMs));
    this.timer = agent.after(waitMs + Math.max(0, this.handlerCount - CROWD) * CROWD_MS, (later) => {
      this.timer = undefined;
      this.pace.take(later.nowMs);
      this.handlerCount = later.sendToHandlers('all', { type: 'news' });
    });
  }
}
