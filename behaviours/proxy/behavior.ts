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
  type BehaviorAgent,
  type BehaviorLimits,
  type ByteStream,
  CLOCK,
  type Clock,
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
import { type LocalProxy, Programs } from './calling/entrance.js';
import { Openings, type OpenStream } from './calling/openings.js';
import { ProxyRemote } from './calling/remote.js';
import type { ProxyHost } from './host.js';
import { limitsOf, ProxyCounters, type ProxyOptions, readProxyOptions } from './options.js';
import { Agenda } from './pipes/agenda.js';
import { Server } from './serving/server.js';

const SERVICE_ID = 12;
/** Deadlines and pauses of one connection. */
const DUE_PER_STREAM = 4;

export class ProxyBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'proxy' } as const;
  static readonly inject = [SOCKET_PORT, CLOCK, LOGGER, NODE_ID] as const;

  private readonly host: ProxyHost;
  private readonly counted = new ProxyCounters();
  private readonly server: Server;
  private readonly openings: Openings;
  private readonly programs: Programs;
  private readonly listeners = new Set<LocalProxy>();

  constructor(sockets: SocketPort, clock: Clock, log: Logger, nodeId: NodeId, options: ProxyOptions = {}) {
    super();
    const settings = readProxyOptions(options);
    const agenda = new Agenda((work) => this.perform(work), DUE_PER_STREAM * (settings.streamsMax + settings.programsMax));
    const hop = `meshwright-${nodeId.slice(0, 16)}`;
    this.host = { settings, counters: this.counted, sockets, clock, log, nodeId, hop, agenda };
    this.server = new Server(this.host, async () => {});
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
    return new ProxyRemote({ host, openings, programs, listeners, requireRunning: () => this.perform(() => {}) }, route);
  }

  override onStarted(agent: BehaviorAgent): void {
    const { streamsMax, programsMax } = this.host.settings;
    agent.metrics.counters(this.counted);
    agent.queue('streams', () => ({ messages: this.server.streamCount, messagesMax: streamsMax }));
    agent.queue('programs', () => ({ messages: this.programs.size, messagesMax: programsMax }));
  }

  override onStream(_agent: BehaviorAgent, stream: ByteStream): Promise<void> {
    return this.server.serve(stream);
  }

  override onStopped(): void {
    for (const listener of [...this.listeners]) listener.close();
    this.programs.end();
    this.host.agenda.stop();
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
