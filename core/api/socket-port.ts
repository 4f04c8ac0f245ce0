/**
 * @module SocketPort: TCP between this node and other programs, for behaviours that lead their connections through the network. Node's is in
 * `platform/node/sockets/`. Injected as `SOCKET_PORT`, where the platform has it. What it rejects with is an `Error` with the system's `code`.
 */
import type { BytePipe } from './stream.js';

/** A numeric host, without brackets, and a port. */
export interface SocketEndpoint {
  readonly host: string;
  readonly port: number;
}

/** A connection of a program, or to one. */
export interface LocalSocket extends BytePipe {
  /** This side and the other one, as the system has them. */
  readonly local: SocketEndpoint;
  readonly remote: SocketEndpoint;
}

/** A listener of this machine. */
export interface SocketListener {
  /** As bound. */
  readonly local: SocketEndpoint;
  /** Accepts no more. What was accepted goes on. Idempotent. */
  close(): void;
}

/** Opens sockets. None of them keeps the process alive. */
export interface SocketPort {
  /**
   * The same text for all programs that share one loopback network, and another one everywhere else, as far as that can be known: whether two mentions of
   * `127.0.0.1` mean one place.
   */
  readonly place: string;
  /** The addresses of a name, in the order in which they are tried. The look-up ends with the signal. */
  resolve(name: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Connects to a numeric host. The attempt ends with the signal, not what came of it. */
  dial(endpoint: SocketEndpoint, signal: AbortSignal): Promise<LocalSocket>;
  /** Listens on a numeric host; port 0 takes a free one. */
  listen(endpoint: SocketEndpoint, onSocket: (socket: LocalSocket) => void): Promise<SocketListener>;
  /** Whether this machine has that address itself. */
  isOwn(host: string): boolean;
}
