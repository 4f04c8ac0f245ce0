/**
 * @module PlatformDial: one dial by the platform's WebSocket. Why one fails is kept from pages, so that the error names what it may be.
 */
import { Address } from '../../core/address/address.js';
import type { Dial, DialSink } from '../../core/api/transport.js';
import { NetworkError } from '../../core/errors.js';
import { urlOf } from './address.js';
import { PlatformLink, type PlatformWebSocket } from './link.js';

export class PlatformDial implements Dial {
  #webSocket: PlatformWebSocket | undefined;
  #isDone = false;

  constructor(
    private readonly address: Address,
    private readonly sink: DialSink,
    private readonly webSocketClass: new (url: string) => PlatformWebSocket,
  ) {
    queueMicrotask(() => this.#begin());
  }

  cancel(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#webSocket?.close();
  }

  #begin(): void {
    const { address } = this;
    if (this.#isDone) return;
    try {
      const webSocket = new this.webSocketClass(urlOf(address));
      this.#webSocket = webSocket;
      webSocket.binaryType = 'arraybuffer';
      webSocket.onopen = () => this.#onOpen(webSocket);
      webSocket.onerror = () => this.#fail('TRANSPORT_FAILED', 'the browser does not say why');
      webSocket.onclose = () => this.#fail('TRANSPORT_FAILED', 'it was closed');
    } catch (error) {
      // A page that came over HTTPS may not use ws://, and some ports are barred.
      this.#fail('ADDRESS_INVALID', error instanceof Error ? error.message : String(error));
    }
  }

  #onOpen(webSocket: PlatformWebSocket): void {
    if (this.#isDone) return webSocket.close();
    const { scheme, host, port } = this.address;
    this.#isDone = true;
    const link = new PlatformLink(webSocket, Address.of({ scheme, host, port }));
    link.attach(this.sink.onConnected(link));
  }

  #fail(code: 'TRANSPORT_FAILED' | 'ADDRESS_INVALID', flaw: string): void {
    if (this.#isDone) return;
    this.#isDone = true;
    const { text } = this.address;
    this.sink.onFailed(new NetworkError(code, `cannot connect to ${text}: ${flaw}`, { details: { address: text } }));
  }
}
