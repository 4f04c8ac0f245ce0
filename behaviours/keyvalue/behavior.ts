/**
 * @module KeyValueBehavior (service 7): maps that nodes share. Each map belongs to the nodes closest to its key: the first is its owner, which stamps
 * all writes and answers all reads; the others are its replicas. What an acknowledgement means is written in `docs/maps.md`, and held to by the checker that
 * `meshwright/testing` exports.
 *
 * The house: `entries/` is what is held of a key, and how two holders merge; `holder/` is a node's part in a map: owner, replica, taking over,
 * handing over; `session/` is what the application holds: maps and watches. This file only passes hooks on.
 */
import {
  type BehaviorAgent,
  type BehaviorLimits,
  type BehaviorPorts,
  type Connection,
  LOGGER,
  type Logger,
  type Lost,
  type Message,
  NetworkBehavior,
  NetworkError,
  NODE_ID,
  type NodeId,
  RouterTable,
  SEALER,
  type Sealer,
  type schema,
  TurnEnd,
  WakeTimer,
} from '../../core/index.js';
import { randomId } from './entries/revision.js';
import { Serve } from './holder/serve.js';
import type { KeyValueHost } from './host.js';
import { KeyValueCounters, type KeyValueOptions, type KeyValueSettings, limitsOf, readKeyValueOptions } from './options.js';
import { MapPlacement } from './placement.js';
import { Requests } from './requests.js';
import { type MapOptions, readMapOptions, requireName } from './session/map-options.js';
import { Session } from './session/session.js';
import { SharedMap } from './session/shared-map.js';

const SERVICE_ID = 7;

export class KeyValueBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'keyvalue' } as const;
  static readonly inject = [RouterTable, NODE_ID, SEALER, LOGGER] as const;

  private readonly settings: KeyValueSettings;
  private readonly counted = new KeyValueCounters();
  private readonly requests: Requests;
  private readonly serve: Serve;
  private readonly session: Session;
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.serve.roles.look(agent));
  private readonly turnEnd = new TurnEnd<BehaviorAgent>();
  private instance = '';

  constructor(router: RouterTable, self: NodeId, sealer: Sealer, log: Logger, options: KeyValueOptions = {}) {
    super();
    const settings = readKeyValueOptions(options);
    const placement = new MapPlacement(router, sealer, SERVICE_ID, settings.holders);
    const act = (work: (agent: BehaviorAgent) => void) => this.act(log, work);
    const instance = () => this.instance;
    this.settings = settings;
    const user = { serviceId: SERVICE_ID, turnEnd: this.turnEnd, onRequest: this.serveRequest.bind(this) };
    this.requests = new Requests(user, self, router, this.counted);
    const host: KeyValueHost = {
      ...{ self, settings, counters: this.counted, log, act },
      get instance() {
        return instance();
      },
      ask: (agent, request, write, settle) => this.requests.ask(agent, request, write, settle),
      placed: (agent, map) => placement.of(agent, map),
      hasRoom: (count) => this.serve.hasRoom(count),
      atTurnEnd: (agent, work) => this.turnEnd.add(agent, work),
      wake: (agent, dueMs) => this.timer.at(agent, dueMs),
    };
    this.session = new Session(
      host,
      (work) => this.perform(work),
      (work) => this.awaited(work),
    );
    this.serve = new Serve(host, (map, losses) => this.session.lost(map, losses));
  }

  override get limits(): BehaviorLimits {
    return limitsOf(this.settings);
  }

  override get ports(): BehaviorPorts {
    return { tableReporter: { tables: () => [this.serve.roles.table] } };
  }

  get counters(): Readonly<KeyValueCounters> {
    return { ...this.counted };
  }

  /** Maps of which this node holds something, and those of them that it owns. */
  get mapCount(): { readonly held: number; readonly owned: number } {
    return { held: this.serve.roles.maps.size, owned: this.serve.roles.ownedCount };
  }

  /**
   * Opens a map; all that open the same name have the same. Nothing is sent yet. Throws `ARGUMENT_INVALID` for a name that is none (1 to 128
   * bytes) and `OPTION_INVALID`.
   */
  open<S extends schema.Validator>(
    name: string,
    options: MapOptions<schema.OutputOf<S>> & { readonly schema: S },
  ): SharedMap<schema.OutputOf<S>, schema.InputOf<S>>;
  open<V = unknown>(name: string, options?: MapOptions<V>): SharedMap<V>;
  open<V = unknown>(name: string, options: MapOptions<V> = {}): SharedMap<V> {
    requireName(name);
    return new SharedMap<V>(this.session, name, readMapOptions<V>(options));
  }

  override onStarted(agent: BehaviorAgent): void {
    this.instance = randomId(agent);
    agent.metrics.counters(this.counted);
    agent.queue('requests', () => ({ messages: this.requests.exchanges.requester.size, messagesMax: 65_536 }));
    agent.queue('watches', () => ({ messages: this.serve.roles.watchCount, messagesMax: this.settings.watchesMax }));
    this.requests.exchanges.onStarted(agent);
    this.serve.roles.restore(agent);
    this.timer.within(agent, 0);
  }

  override onConnected(agent: BehaviorAgent, connection: Connection): void {
    this.requests.exchanges.onConnected(agent, connection);
    if (this.serve.roles.maps.size > 0) this.timer.within(agent, 0);
  }

  override onDisconnected(agent: BehaviorAgent, { id }: Connection): void {
    this.requests.exchanges.onDisconnected(agent, id);
    if (this.serve.roles.maps.size > 0) this.timer.within(agent, 0);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.requests.exchanges.onMessage(agent, message, this.requests);
  }

  override onMessageLost(agent: BehaviorAgent, lost: Lost): void {
    this.requests.exchanges.onMessageLost(agent, lost);
  }

  override onStopped(agent: BehaviorAgent): void {
    this.session.stop();
    this.serve.roles.stop(agent);
    this.requests.exchanges.onStopped(agent);
    this.timer.cancel();
    this.turnEnd.cancel();
    this.serve.roles.journal.close(() => {});
  }

  private serveRequest(...given: Parameters<Serve['request']>): void {
    this.serve.request(...given);
  }

  /** What outlives this behaviour, such as a log that is being written, may call back when it has ended. */
  private act(log: Logger, work: (agent: BehaviorAgent) => void): void {
    try {
      this.perform(work);
    } catch (err) {
      if (err instanceof NetworkError && err.code === 'NOT_STARTED') log.debug({ err }, 'keyvalue acts no more');
      else log.error({ err }, 'keyvalue failed in a callback');
    }
  }
}
