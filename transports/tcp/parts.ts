/** @module What a TCP transport lends its listeners and dials. */
import type { HostResolver } from './resolve.js';
import type { SocketTally } from './socket-tally.js';

export interface TcpParts {
  /**
   * What dialled sockets read into, one for all of a transport, which saves an allocation of 64 KiB for every read. The bytes are consumed before
   * the read returns.
   */
  readonly readBuffer: Uint8Array;
  readonly tally: SocketTally;
  readonly resolver: HostResolver;
  /** Sockets and listeners keep no process alive. */
  readonly isUnref: boolean;
}
