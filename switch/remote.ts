/**
 * @module Remote: another hashname as a hosted one sees it. Each action does by itself what has to come before: it asks for the key, connects, and opens
 * what it needs.
 */
import type { EntranceOptions, LocalProxy, Packet, PacketOptions, ProxyRemote, SiteOptions } from '../behaviours/index.js';
import type { ByteStream, Connection, NodeId, SendResult, StreamOptions } from '../core/index.js';
import type { HashnameState } from './states.js';

/** A line to another hashname. */
export interface Line {
  readonly hashname: NodeId;
  readonly connection: Connection;
  /** Sends a value to it. The result says whether it was accepted; a later loss is not reported. */
  send(value: unknown, options?: PacketOptions): SendResult;
  /** Its packets no longer go to the callback. The connection stays open. Idempotent. */
  close(): void;
}

/** What a hosted hashname does for its remotes. */
export interface RemoteHost {
  stateOf(hashname: NodeId): HashnameState;
  connect(hashname: NodeId): Promise<Connection>;
  openStream(hashname: NodeId, options: StreamOptions): Promise<ByteStream>;
  sendPacket(hashname: NodeId, value: unknown, options: PacketOptions | undefined): SendResult;
  /** Until the returned function is called. Throws `LIMIT_EXCEEDED`. */
  onLine(hashname: NodeId, callback: (packet: Packet) => void): () => void;
  disconnect(hashname: NodeId): void;
  /** Throws `BEHAVIOR_MISSING` without the flag `proxy`. */
  proxyTo(hashname: NodeId): ProxyRemote;
}

export class Remote {
  constructor(
    readonly hashname: NodeId,
    private readonly host: RemoteHost,
  ) {}

  /** How far this hashname has come with it. */
  get state(): HashnameState {
    return this.host.stateOf(this.hashname);
  }

  /**
   * Opens a stream to it, and calls `callback` with it. Its other end comes to `onStream` there. Rejects as `node.connect` and `node.openStream`, and
   * with `KEY_UNKNOWN`.
   */
  async stream(callback?: (stream: ByteStream) => void, options: StreamOptions = {}): Promise<ByteStream> {
    await this.host.connect(this.hashname);
    const stream = await this.host.openStream(this.hashname, options);
    callback?.(stream);
    return stream;
  }

  /** Opens a line to it; packets that come in the line go to `callback`, and nowhere else. Rejects as `stream`, and with `LIMIT_EXCEEDED`. */
  async line(callback: (packet: Packet) => void = () => {}): Promise<Line> {
    const connection = await this.host.connect(this.hashname);
    const close = this.host.onLine(this.hashname, callback);
    const { hashname, host } = this;
    return { hashname, connection, close, send: (value, options) => host.sendPacket(hashname, value, options) };
  }

  /**
   * Listens on a port of this machine that leads to `host:port` in its network, if it allows that. Both sides need the flag `proxy`: rejects with
   * `BEHAVIOR_MISSING` without, else as `stream` and as `ProxyRemote.proxy`.
   */
  async proxy(target: string, options: EntranceOptions = {}): Promise<LocalProxy> {
    const remote = this.host.proxyTo(this.hashname);
    await this.host.connect(this.hashname);
    return remote.proxy(target, options);
  }

  /**
   * A request to what it serves by `onRequest`. Resolves with the response, whatever its status. Rejects as `proxy` and as `ProxyRemote.http`.
   */
  async http(request: Request | string, options: SiteOptions = {}): Promise<Response> {
    const remote = this.host.proxyTo(this.hashname);
    await this.host.connect(this.hashname);
    return remote.http(request, options);
  }

  /** Ends the line. */
  disconnect(): void {
    this.host.disconnect(this.hashname);
  }
}
