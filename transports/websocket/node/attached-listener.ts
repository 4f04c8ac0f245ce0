/**
 * @module AttachedListener: one path of an HTTP server that the application has. Other paths are left to the application's own listeners for upgrades;
 * where it has none they are answered 404. It never starts, changes or closes the server.
 */
import type { AddressInfo, Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { Address } from '../../../core/address/address.js';
import type { Listener, ListenerSink } from '../../../core/api/transport.js';
import { type ErrorCode, NetworkError } from '../../../core/errors.js';
import { networkError } from '../../tcp/system-error.js';
import { Door, refuse, type Upgrade } from './door.js';
import type { WebSocketParts } from './parts.js';

export interface Attachment {
  readonly address: Address;
  readonly path: string;
  readonly server: Server;
}

/** The doors of each server, by path. */
const DOORS = new WeakMap<Server, Map<string, AttachedListener>>();

export class AttachedListener implements Listener {
  readonly #door: Door;
  #isClosed = false;
  #isAttached = false;

  constructor(
    private readonly attachment: Attachment,
    private readonly sink: ListenerSink,
    private readonly parts: WebSocketParts,
  ) {
    this.#door = new Door(attachment.address.scheme, sink, parts);
    queueMicrotask(() => this.#begin());
  }

  close(): void {
    const { server, path } = this.attachment;
    this.#isClosed = true;
    this.#door.close();
    server.off('listening', this.#onListening).off('error', this.#onError);
    if (this.#isAttached) DOORS.get(server)?.delete(path);
  }

  enter(upgrade: Upgrade): void {
    const { socket } = upgrade.request;
    const { tally, settings } = this.parts;
    if (!tally.take()) {
      refuse(upgrade.socket, 503);
      return this.sink.onRefused?.('full');
    }
    tally.track(socket);
    if (settings.unref) socket.unref();
    this.#door.enter(upgrade);
  }

  #begin(): void {
    const { server, address, path } = this.attachment;
    if (this.#isClosed) return;
    const isTls = server instanceof TlsServer;
    if ((address.scheme === 'wss') !== isTls) return this.#fail('ADDRESS_INVALID', `the server is one of ${isTls ? 'wss' : 'ws'}://`);
    if (doorsOf(server).has(path)) return this.#fail('ADDRESS_IN_USE', `the path ${path} is taken`);
    doorsOf(server).set(path, this);
    this.#isAttached = true;
    server.on('error', this.#onError);
    if (server.listening) this.#onListening();
    else server.once('listening', this.#onListening);
  }

  readonly #onListening = (): void => {
    const { server, address } = this.attachment;
    const bound = server.address() as AddressInfo | string | null;
    // A server on a path of the file system has no port: a proxy stands before it.
    const port = typeof bound === 'object' ? bound?.port : undefined;
    if (port !== undefined && address.port !== 0 && address.port !== port)
      return this.#fail('ADDRESS_INVALID', `the server listens on port ${port}`);
    this.sink.onListening([port === undefined ? address : address.withPort(port)]);
  };

  readonly #onError = (error: Error): void => {
    const { server, address } = this.attachment;
    // Of one that listens, an error is about a single connection.
    if (server.listening) return;
    this.close();
    this.sink.onFailed(networkError('listen', address, error));
  };

  #fail(code: ErrorCode, flaw: string): void {
    const { text } = this.attachment.address;
    this.close();
    this.sink.onFailed(new NetworkError(code, `cannot listen on ${text}: ${flaw}`, { details: { address: text } }));
  }
}

function doorsOf(server: Server): Map<string, AttachedListener> {
  const known = DOORS.get(server);
  if (known !== undefined) return known;
  const doors = new Map<string, AttachedListener>();
  DOORS.set(server, doors);
  server.on('upgrade', (request: Upgrade['request'], socket: Upgrade['socket'], head: Buffer) => {
    const [path = ''] = (request.url ?? '').split('?');
    const door = doors.get(path);
    if (door !== undefined) door.enter({ request, socket, head });
    else if (server.listenerCount('upgrade') === 1) refuse(socket, 404);
  });
  return doors;
}
