/**
 * @module WebSocketTransport with the platform's own WebSockets: dials `ws://` and `wss://`. A page cannot accept connections; who is to reach it goes
 * through a node that it is connected to.
 */
import type { Address } from '../../core/address/address.js';
import type { Dial, DialSink, Listener, ListenerSink, Transport } from '../../core/api/transport.js';
import { NetworkError } from '../../core/errors.js';
import { callable, optional, options, optionsReader } from '../../core/schema/index.js';
import { checkScheme, WEBSOCKET_SCHEMES } from './address.js';
import { PlatformDial } from './dial.js';
import type { PlatformWebSocket } from './link.js';

export type { PlatformWebSocket } from './link.js';

export interface WebSocketOptions {
  /** The class to use. Default: the platform's `WebSocket`, looked up when the first address is dialled. */
  readonly webSocket?: new (
    url: string,
  ) => PlatformWebSocket;
}

const OPTIONS = options({ webSocket: optional(callable<new (url: string) => PlatformWebSocket>('a class of WebSockets')) });
const readWebSocketOptions = optionsReader('WebSocketTransport', OPTIONS);

export class WebSocketTransport implements Transport {
  readonly schemes = WEBSOCKET_SCHEMES;
  readonly #given: (new (url: string) => PlatformWebSocket) | undefined;

  constructor(given: WebSocketOptions = {}) {
    this.#given = readWebSocketOptions(given).webSocket;
  }

  listen(address: Address, sink: ListenerSink): Listener {
    checkScheme(address);
    let isClosed = false;
    const text = `cannot listen on ${address.text}: a page accepts no connections`;
    queueMicrotask(() => {
      if (!isClosed) sink.onFailed(new NetworkError('ADDRESS_UNAVAILABLE', text, { details: { address: address.text } }));
    });
    return {
      close: () => {
        isClosed = true;
      },
    };
  }

  dial(address: Address, sink: DialSink): Dial {
    checkScheme(address);
    const known = this.#given ?? (globalThis as { WebSocket?: new (url: string) => PlatformWebSocket }).WebSocket;
    if (known === undefined) throw new NetworkError('TRANSPORT_FAILED', `cannot connect to ${address.text}: the platform has no WebSocket`);
    return new PlatformDial(address, sink, known);
  }
}
