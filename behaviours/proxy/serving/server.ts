/**
 * @module Server: what becomes of a stream that another node has opened: it is admitted by the quotas, says what it wants, and is led to a target, or
 * to a site of this node. Whatever fails resets the stream with the reason.
 */
import type { ByteStream, LocalSocket, NetworkError } from '../../../core/index.js';
import type { ProxyHost } from '../host.js';
import { HOPS_MAX, headBytes, REQUEST, type RequestHead, readHead, type SockHead } from '../messages.js';
import { asFailure, failure, resetTextOf } from '../outcomes.js';
import { join } from '../pipes/join.js';
import { pairOf } from '../pipes/loops.js';
import { StreamPipe } from '../pipes/stream-pipe.js';
import { parseTarget, textOf } from '../rules/target.js';
import { type Account, Accounts } from './accounts.js';
import { Targets } from './targets.js';
import { countFailure, Visit } from './visit.js';

/** Serves requests that name a site. */
export type SiteServer = (pipe: StreamPipe, head: RequestHead, visit: Visit) => Promise<void>;

export class Server {
  private readonly accounts: Accounts;
  private readonly targets: Targets;
  private readonly nodes: ReadonlySet<string> | undefined;

  constructor(
    private readonly host: ProxyHost,
    private readonly sites: SiteServer,
  ) {
    const { settings } = host;
    this.accounts = new Accounts(settings);
    this.targets = new Targets(host);
    this.nodes = settings.nodes && new Set(settings.nodes);
  }

  get streamCount(): number {
    return this.accounts.streamCount;
  }

  /** Never rejects. */
  async serve(stream: ByteStream): Promise<void> {
    const { settings, clock, counters } = this.host;
    stream.narrow(settings.windowBytes, settings.idleMs);
    const account = this.admit(stream, clock.nowMs());
    if (account instanceof Error) {
      countFailure(counters, account, false);
      return stream.reset(resetTextOf(account));
    }
    const visit = new Visit(this.host, stream, account);
    const pipe = new StreamPipe(stream);
    try {
      await this.lead(pipe, visit);
      visit.ended();
    } catch (thrown) {
      const error = asFailure(thrown, 'the connection was lost');
      pipe.reset(resetTextOf(error));
      visit.ended(error);
    } finally {
      this.accounts.leave(account);
    }
  }

  private admit({ nodeId, nodeVerified }: ByteStream, nowMs: number): Account | NetworkError {
    if (this.nodes !== undefined && !(nodeVerified && this.nodes.has(nodeId)))
      return failure('http_request_denied', 'the node serves others, or neighbours only');
    const account = this.accounts.enter(nodeId, nodeVerified, nowMs);
    return typeof account === 'string' ? failure('connection_limit_reached', `limit ${account}`) : account;
  }

  private async lead(pipe: StreamPipe, visit: Visit): Promise<void> {
    const { agenda, settings } = this.host;
    const expired = () => failure('http_request_error', `no head came within ${settings.headTimeoutMs} ms`);
    const body = await agenda.within(settings.headTimeoutMs, () => pipe.head(), expired);
    const head = body && readHead(body);
    if (head === undefined) throw failure('http_request_error', 'malformed head');
    await (head.kind === REQUEST ? this.sites(pipe, head, visit) : this.connect(pipe, head, visit));
  }

  private async connect(pipe: StreamPipe, { target: wanted, from, hops = [] }: SockHead, visit: Visit): Promise<void> {
    const { loops, hop } = this.host;
    visit.wanted = wanted;
    const target = parseTarget(wanted);
    if (target === undefined) throw failure('http_request_error', 'the target is no host and port');
    if (hops.length >= HOPS_MAX || hops.includes(hop) || (from !== undefined && loops.has(from))) throw loop();
    const forget = from === undefined ? undefined : loops.enter(from, () => pipe.reset(resetTextOf(loop())));
    try {
      const socket = await this.targets.reach(target);
      await this.through({ pipe, socket, target: textOf(target), visit, hops: [...hops, hop] });
    } finally {
      forget?.();
    }
  }

  private async through({ pipe, socket, target, visit, hops }: Connected): Promise<void> {
    const { counters, sockets, loops } = this.host;
    const forget = loops.leave(pairOf(socket.local, socket.remote, sockets.place), hops);
    counters.served++;
    visit.address = textOf(socket.remote);
    try {
      await pipe.write(headBytes({ target }));
      await join(pipe, socket, (thrown) => resetTextOf(asFailure(thrown, 'the connection was lost')), visit.passings);
    } catch (error) {
      socket.reset('');
      throw error;
    } finally {
      forget();
    }
  }
}

interface Connected {
  readonly pipe: StreamPipe;
  readonly socket: LocalSocket;
  readonly target: string;
  readonly visit: Visit;
  /** The nodes that have connected for it, this one included. */
  readonly hops: readonly string[];
}

function loop(): NetworkError {
  return failure('proxy_loop_detected', 'the connection comes from this node itself, or has passed it');
}
