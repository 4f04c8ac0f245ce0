/**
 * @module ProxyBehavior (service 12): lends the network of one node to programs of others, over byte streams. On the calling side programs connect to an
 * entrance, a port of their own machine; on the serving side this node connects to the target for them, where its rules allow it: by default nowhere.
 *
 * The caller speaks first: a head that says what is wanted (`messages.ts`). The answer is a head, or a reset with the reason (`outcomes.ts`). Then bytes
 * go both ways, each direction ended by itself; what fails on either side is reset on both.
 *
 * Bounds (`options.ts`): streams and requests of each node, bytes in a second, what waits for a slow side, connections of local programs. Everything ends
 * with this behaviour.
 */
import {
  type AwaitedWork,
  type BehaviorAgent,
  type BehaviorLimits,
  type ByteStream,
  CLOCK,
  type Clock,
  HTTP_PORT,
  type HttpPort,
  isNodeId,
  LOGGER,
  type Logger,
  NetworkBehavior,
  NetworkError,
  NODE_ID,
  type NodeId,
  type Route,
  requireRoute,
  SOCKET_PORT,
  type SocketPort,
  toNode,
} from '../../core/index.js';
import { fallback, optional, options, optionsReader, text, whole } from '../../core/schema/index.js';
import { type LocalProxy, Programs } from './calling/entrance.js';
import { Openings, type OpenStream } from './calling/openings.js';
import { ProxyRemote, type SiteOptions } from './calling/remote.js';
import type { ProxyHost } from './host.js';
import { SITE_LENGTH_MAX } from './messages.js';
import { limitsOf, ProxyCounters, type ProxyOptions, readProxyOptions } from './options.js';
import { Agenda } from './pipes/agenda.js';
import { Loops } from './pipes/loops.js';
import { parseTarget } from './rules/target.js';
import type { RequestHandler } from './serving/handler-site.js';
import { Server } from './serving/server.js';
import { type Site, Sites } from './serving/sites.js';

/** How a site is found. */
export interface ServeOptions extends SiteOptions {
  /** A service, 32 to 255, under which routes lead here, too: `to(toService(77))` asks one of the nodes that serve it. */
  readonly service?: number;
}

/** What is served until `end`, which is idempotent. Requests in work are finished. */
export interface Published {
  end(): void;
}

const readPublish = optionsReader(
  'proxy',
  options({ site: fallback(text(SITE_LENGTH_MAX), ''), service: optional(whole(32, 255)) }),
  'ARGUMENT_INVALID',
);

const SERVICE_ID = 12;
/** Deadlines and pauses of one connection. */
const DUE_PER_STREAM = 4;

export class ProxyBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'proxy' } as const;
  static readonly inject = [SOCKET_PORT, HTTP_PORT, CLOCK, LOGGER, NODE_ID] as const;

  private readonly host: ProxyHost;
  private readonly counted = new ProxyCounters();
  private readonly server: Server;
  private readonly sites: Sites;
  private readonly openings: Openings;
  private readonly programs: Programs;
  private readonly listeners = new Set<LocalProxy>();
  private isRunning = false;
  /** Services under which this node serves, and how many sites each has. */
  private readonly services = new Map<number, number>();

  constructor(sockets: SocketPort, http: HttpPort, clock: Clock, log: Logger, nodeId: NodeId, given: ProxyOptions = {}) {
    super();
    const settings = readProxyOptions(given);
    const agenda = new Agenda((work) => this.perform(work), DUE_PER_STREAM * (settings.streamsMax + settings.programsMax));
    const hop = `meshwright-${nodeId.slice(0, 16)}`;
    this.host = { settings, counters: this.counted, sockets, http, clock, log, nodeId, hop, agenda, loops: new Loops() };
    this.sites = new Sites(this.host);
    this.server = new Server(this.host, (pipe, head, visit) => this.sites.serve(pipe, head, visit));
    this.openings = new Openings(this.host, (...request) => this.openStream(...request));
    this.programs = new Programs(this.host);
  }

  override get limits(): BehaviorLimits {
    return limitsOf(this.host.settings);
  }

  get counters(): Readonly<ProxyCounters> {
    return { ...this.counted };
  }

  /** What a node lends, or a provider of a service: `toService(77)`. Throws `ARGUMENT_INVALID`. */
  to(target: NodeId | Route): ProxyRemote {
    if (typeof target === 'string' && !isNodeId(target))
      throw new NetworkError('ARGUMENT_INVALID', 'to: target must be a node id or a route');
    const route = typeof target === 'string' ? toNode(target) : target;
    requireRoute('to', route);
    const { host, openings, programs, listeners } = this;
    const requireRunning = () => this.perform(() => {});
    const awaited: AwaitedWork = (work) => this.awaited(work);
    return new ProxyRemote({ host, openings, programs, listeners, requireRunning, awaited }, route);
  }

  /**
   * Lets other nodes reach a web server of this machine, by its port or as `host:port`: by `http` and `gateway` of what `to` returns, until `end`. That alone
   * is served, whatever the rules say. Throws `ARGUMENT_INVALID`, `LIMIT_EXCEEDED` and `NOT_STARTED`.
   */
  publish(server: number | string, given: ServeOptions = {}): Published {
    const endpoint = parseTarget(typeof server === 'number' ? `127.0.0.1:${server}` : String(server));
    if (endpoint === undefined) throw new NetworkError('ARGUMENT_INVALID', 'publish: server must be a port, or host:port');
    return this.serveSite({ type: 'server', endpoint }, given);
  }

  /** Answers requests of other nodes in this process, until `end`. Throws as `publish`. */
  onRequest(handler: RequestHandler, given: ServeOptions = {}): Published {
    if (typeof handler !== 'function') throw new NetworkError('ARGUMENT_INVALID', 'onRequest: handler must be a function');
    return this.serveSite({ type: 'handler', handler }, given);
  }

  override onStarted(agent: BehaviorAgent): void {
    const { streamsMax, programsMax } = this.host.settings;
    agent.metrics.counters(this.counted);
    this.isRunning = true;
    agent.queue('streams', () => ({ messages: this.server.streamCount, messagesMax: streamsMax }));
    agent.queue('programs', () => ({ messages: this.programs.size, messagesMax: programsMax }));
  }

  override onStream(_agent: BehaviorAgent, stream: ByteStream): Promise<void> {
    return this.server.serve(stream);
  }

  override onStopped(): void {
    this.isRunning = false;
    for (const listener of [...this.listeners]) listener.close();
    this.programs.end();
    this.openings.stop();
    this.host.agenda.stop();
  }

  private serveSite(site: Site, given: ServeOptions): Published {
    const { site: name, service } = readPublish(given);
    return this.perform((agent) => {
      this.sites.add(name, site);
      if (service !== undefined) this.offer(agent, service, 1);
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        this.sites.remove(name);
        if (service !== undefined && this.isRunning) this.perform((later) => this.offer(later, service, -1));
      };
      return { end };
    });
  }

  private offer(agent: BehaviorAgent, service: number, change: 1 | -1): void {
    const count = (this.services.get(service) ?? 0) + change;
    if (count === 0) {
      this.services.delete(service);
      agent.unregisterService(service);
    } else {
      this.services.set(service, count);
      if (change === 1 && count === 1) agent.registerService(service);
    }
  }

  private openStream(request: Parameters<OpenStream>[0], settle: Parameters<OpenStream>[1]): { cancel(): void } {
    return this.perform((agent) => {
      const [opener] = agent.ports('streamOpener');
      const opened = opener?.use((port) => port.open({ ...request, serviceId: SERVICE_ID }, settle));
      if (opened === undefined) settle({ type: 'error', code: 'STREAMS_ABSENT', text: 'no behaviour of this node opens byte streams' });
      return opened?.answer ?? { cancel: () => {} };
    });
  }
}
