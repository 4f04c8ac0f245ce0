/**
 * @module Support of the proxy tests: sockets that are pairs in memory, of which every attempt to connect is known, and nodes in virtual time that use them.
 */
import { ProxyBehavior, type ProxyOptions } from '../../../behaviours/proxy/index.js';
import {
  HTTP_PORT,
  type LocalSocket,
  SOCKET_PORT,
  type SocketEndpoint,
  type SocketListener,
  type SocketPort,
} from '../../../core/index.js';
import { NodeHttp } from '../../../core/platform/node/http/node-http.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

const coded = (code: string) => Object.assign(new Error(code), { code });

/** One end of a pair. A write is done when it was read. */
export class FakeSocket implements LocalSocket {
  other!: FakeSocket;
  resetReason: string | undefined;
  private readonly waiting: { readonly bytes: Uint8Array | undefined; readonly taken: () => void }[] = [];
  private reader: { resolve(bytes: Uint8Array | undefined): void; reject(error: Error): void } | undefined;

  constructor(
    readonly local: SocketEndpoint,
    readonly remote: SocketEndpoint,
  ) {}

  static pair(one: SocketEndpoint, two: SocketEndpoint): [FakeSocket, FakeSocket] {
    const ends: [FakeSocket, FakeSocket] = [new FakeSocket(one, two), new FakeSocket(two, one)];
    [ends[0].other, ends[1].other] = [ends[1], ends[0]];
    return ends;
  }

  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.reader = { resolve, reject };
      this.serve();
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.other.put(bytes);
  }

  end(): Promise<void> {
    return this.other.put(undefined, false);
  }

  reset(reason: string): void {
    for (const end of [this, this.other]) {
      if (end.resetReason !== undefined) continue;
      end.resetReason = reason;
      for (const { taken } of end.waiting.splice(0)) taken();
      end.serve();
    }
  }

  private put(bytes: Uint8Array | undefined, isWaited = true): Promise<void> {
    if (this.resetReason !== undefined) return Promise.reject(coded('ECONNRESET'));
    return new Promise((resolve) => {
      this.waiting.push({ bytes: bytes?.slice(), taken: resolve });
      if (!isWaited) resolve();
      this.serve();
    });
  }

  private serve(): void {
    const { reader } = this;
    if (reader === undefined) return;
    const next = this.waiting.shift();
    if (next === undefined && this.resetReason === undefined) return;
    this.reader = undefined;
    if (next === undefined) return reader.reject(coded('ECONNRESET'));
    next.taken();
    reader.resolve(next.bytes);
  }
}

/** A machine: what listens on it, what its names mean, and every attempt to connect that has left. */
export class FakeSockets implements SocketPort {
  readonly attempts: string[] = [];
  readonly lookUps: string[] = [];
  readonly own = new Set<string>();
  /** Answers of the resolver, one after another; the last one stays. */
  readonly names = new Map<string, (readonly string[])[]>();
  readonly listeners = new Map<string, (socket: LocalSocket) => void>();
  private nextPort = 40_000;

  constructor(readonly place = 'here') {}

  async resolve(name: string): Promise<readonly string[]> {
    this.lookUps.push(name);
    const answers = this.names.get(name) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) throw coded('ENOTFOUND');
    return answer;
  }

  async dial({ host, port }: SocketEndpoint, signal: AbortSignal): Promise<LocalSocket> {
    this.attempts.push(`${host}:${port}`);
    const accept = this.listeners.get(`${host}:${port}`);
    if (port === 9) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    if (signal.aborted) throw coded('ETIMEDOUT');
    if (accept === undefined) throw coded('ECONNREFUSED');
    const [near, far] = FakeSocket.pair({ host: '127.0.0.1', port: this.nextPort++ }, { host, port });
    accept(far);
    return near;
  }

  async listen({ host, port }: SocketEndpoint, onSocket: (socket: LocalSocket) => void): Promise<SocketListener> {
    const local = { host, port: port === 0 ? this.nextPort++ : port };
    const key = `${host}:${local.port}`;
    if (this.listeners.has(key)) throw coded('EADDRINUSE');
    this.listeners.set(key, onSocket);
    return { local, close: () => this.listeners.delete(key) };
  }

  isOwn(host: string): boolean {
    return this.own.has(host);
  }

  /** A program connects to a port of this machine. */
  async program(port: number): Promise<FakeSocket> {
    return (await this.dial({ host: '127.0.0.1', port }, new AbortController().signal)) as FakeSocket;
  }

  /** A server that does something with each connection. */
  serve(port: number, work: (socket: LocalSocket) => Promise<void>, host = '127.0.0.1'): void {
    this.listeners.set(`${host}:${port}`, (socket) => void work(socket).catch(() => {}));
  }
}

export async function echo(socket: LocalSocket): Promise<void> {
  for (let bytes = await socket.read(); bytes !== undefined; bytes = await socket.read()) await socket.write(bytes);
  await socket.end();
}

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/ /g, ''), 'hex'));

/** What comes until the end; or what it was reset with. */
export async function readAll(socket: LocalSocket): Promise<string> {
  let text = '';
  try {
    for (let part = await socket.read(); part !== undefined; part = await socket.read()) text += Buffer.from(part).toString('latin1');
  } catch (error) {
    return `${text}<${(error as { code: string }).code}>`;
  }
  return text;
}

/** Two or more nodes in a line, each on its own machine unless they share one; the last one lends its network. */
export async function line(count: number, options: ProxyOptions, machines = Array.from({ length: count }, () => new FakeSockets())) {
  const sim = new SimulatedNetwork({ seed: 1, latencyMs: 5 });
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < count; index++)
    nodes.push(
      await sim.createNode({
        name: `n${index}`,
        seeds: index === 0 ? [] : [`sim://n${index - 1}`],
        builtins: ['handshake', 'router-sync', 'streams'],
        behaviors: [[ProxyBehavior, options]],
        provide: [
          { token: SOCKET_PORT, useValue: machines[index] as FakeSockets },
          { token: HTTP_PORT, useValue: new NodeHttp() },
        ],
      }),
    );
  await sim.start(...nodes);
  await sim.run(2_000);
  const [caller, server] = [nodes[0], nodes.at(-1)] as [SimulatedNode, SimulatedNode];
  const remote = caller.behavior(ProxyBehavior).to(server.id);
  return { sim, nodes, caller, server, remote, near: machines[0] as FakeSockets, far: machines.at(-1) as FakeSockets };
}
