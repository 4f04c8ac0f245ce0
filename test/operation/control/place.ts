/** @module Place: what the tests of the control socket share: a folder, nodes with a socket in it, and a bare connection to one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ControlOptions, createNode, type MeshNode, type NetworkError, type NodeOptions } from '../../../index.js';

export class Place {
  readonly directory = mkdtempSync(join(tmpdir(), 'mw-'));
  readonly nodes: MeshNode[] = [];
  private readonly sockets: Socket[] = [];

  path(name = 'a.sock'): string {
    return join(this.directory, name);
  }

  async node(control: ControlOptions = { path: this.path() }, options: NodeOptions = {}): Promise<MeshNode> {
    const node = await createNode({ logger: 'silent', control, ...options });
    this.nodes.push(node);
    await node.start();
    return node;
  }

  async bare(path = this.path()): Promise<Bare> {
    const socket = createConnection({ path, allowHalfOpen: true });
    this.sockets.push(socket);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Bare(socket);
  }

  async end(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(this.nodes.map((node) => node.stop()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A connection that writes what a test has, and reads lines. */
export class Bare {
  readonly lines: string[] = [];
  readonly closed: Promise<void>;
  isClosed = false;
  private look = () => {};

  constructor(readonly socket: Socket) {
    socket.on('error', () => {});
    createInterface({ input: socket })
      .on('error', () => {})
      .on('line', (line) => {
        this.lines.push(line);
        this.look();
      });
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        this.isClosed = true;
        resolve();
      }),
    );
  }

  say(text: string | Uint8Array): this {
    this.socket.write(text);
    return this;
  }

  /** The next line as JSON. */
  async next(): Promise<Record<string, unknown>> {
    while (this.lines.length === 0) {
      await new Promise<void>((resolve) => {
        this.look = resolve;
      });
    }
    return JSON.parse(this.lines.shift() as string) as Record<string, unknown>;
  }
}

export const request = (id: number, method: string, params: unknown = {}) => `${JSON.stringify({ v: 1, id, method, params })}\n`;

/** The error that a promise rejects with. */
export const refusal = (promise: Promise<unknown>): Promise<NetworkError> =>
  promise.then(
    () => expectRefusal(),
    (error: NetworkError) => error,
  );

function expectRefusal(): never {
  throw new Error('it was not refused');
}
