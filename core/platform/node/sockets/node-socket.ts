/**
 * @module NodeSocket: a socket of Node as a pipe of bytes. The other program sees a reset as one.
 */
import type { Socket } from 'node:net';
import type { LocalSocket, SocketEndpoint } from '../../../api/socket-port.js';
import { NodePipe } from './node-pipe.js';

export class NodeSocket extends NodePipe implements LocalSocket {
  readonly local: SocketEndpoint;
  readonly remote: SocketEndpoint;

  constructor(private readonly socket: Socket) {
    super(socket);
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    this.local = { host: localAddress ?? '', port: localPort ?? 0 };
    this.remote = { host: remoteAddress ?? '', port: remotePort ?? 0 };
  }

  /** For a socket that reads into a buffer of its own: bytes that are good until the next read. */
  received(bytes: Uint8Array): void {
    this.reader.push(bytes);
  }

  override reset(_reason: string): void {
    this.socket.resetAndDestroy();
  }
}
