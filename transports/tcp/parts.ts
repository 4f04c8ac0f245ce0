/** @module What a TCP transport lends its listeners and dials. */
import type { HostResolver } from './resolve.js';
import type { SocketTally } from './socket-tally.js';

export interface TcpParts {
  readonly tally: SocketTally;
  readonly resolver: HostResolver;
}
