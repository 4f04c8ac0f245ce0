/** @module What a WebSocket transport lends its listeners and dials, and how it has WebSockets behave. */
import type { BlockList } from 'node:net';
import type { HostResolver } from '../../tcp/resolve.js';
import type { SocketTally } from '../../tcp/socket-tally.js';
import { MESSAGE_BYTES_MAX } from '../messages.js';
import type { WebSocketSettings } from './options.js';

export interface WebSocketParts {
  readonly settings: WebSocketSettings;
  readonly tally: SocketTally;
  readonly resolver: HostResolver;
  readonly proxies: BlockList;
}

/**
 * No compression: what is carried is encrypted. A message may come in few fragments, each of which costs more than its bytes. Pings are answered by
 * the link, within a bound.
 */
export const SOCKET_OPTIONS = {
  perMessageDeflate: false,
  maxPayload: MESSAGE_BYTES_MAX,
  maxFragments: 64,
  maxBufferedChunks: 1_024,
  autoPong: false,
  skipUTF8Validation: true,
  closeTimeout: 1_000,
};
