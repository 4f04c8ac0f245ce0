/**
 * @module NodeSocket: a socket of Node as a pipe of bytes: it is read only when somebody reads, and a write is done when the system has the bytes, so that
 * a side that is slow holds one piece at most.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BytePipe, LocalSocket, SocketEndpoint } from '../../../api/socket-port.js';

/** Any duplex stream of bytes, which may end one direction by itself. */
export class NodePipe implements BytePipe {
  private readonly chunks: Uint8Array[] = [];
  private isEnded = false;
  private error: Error | undefined;
  private waiting: { resolve(bytes: Uint8Array | undefined): void; reject(error: Error): void } | undefined;

  constructor(private readonly duplex: Duplex) {
    duplex.pause();
    duplex.on('data', (bytes: Buffer) => {
      duplex.pause();
      this.chunks.push(bytes);
      this.serve();
    });
    duplex.on('end', () => {
      this.isEnded = true;
      this.serve();
    });
    duplex.on('error', (error) => this.fail(error));
    duplex.on('close', () => {
      if (!this.isEnded) this.fail(closed());
    });
  }

  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.serve();
      if (this.waiting !== undefined) this.duplex.resume();
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.duplex.write(bytes, (error) => (error ? reject(this.error ?? error) : resolve()));
    });
  }

  end(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.duplex.end((error?: Error | null) => (error ? reject(this.error ?? error) : resolve()));
    });
  }

  reset(_reason: string): void {
    this.duplex.destroy();
  }

  private serve(): void {
    const { waiting, error } = this;
    if (waiting === undefined) return;
    const bytes = this.chunks.shift();
    if (bytes === undefined && error === undefined && !this.isEnded) return;
    this.waiting = undefined;
    if (bytes !== undefined || error === undefined) waiting.resolve(bytes);
    else waiting.reject(error);
  }

  private fail(error: Error): void {
    this.error ??= error;
    this.serve();
  }
}

/** The other program sees a reset as one. */
export class NodeSocket extends NodePipe implements LocalSocket {
  readonly local: SocketEndpoint;
  readonly remote: SocketEndpoint;

  constructor(private readonly socket: Socket) {
    super(socket);
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    this.local = { host: localAddress ?? '', port: localPort ?? 0 };
    this.remote = { host: remoteAddress ?? '', port: remotePort ?? 0 };
  }

  override reset(_reason: string): void {
    this.socket.resetAndDestroy();
  }
}

function closed(): Error {
  return Object.assign(new Error('the socket was closed'), { code: 'ECONNRESET' });
}
