/**
 * @module MemoryTransport: `mem://name[:port]`, for nodes in one process and for tests. Names exist within a `MemoryNetwork`.
 */
import { Address } from '../../core/address/address.js';
import type { Dial, DialSink, Listener, ListenerSink, Transport } from '../../core/api/transport.js';
import { NetworkError } from '../../core/errors.js';
import { limitReached } from '../../core/limits.js';
import { MemoryLink } from './link.js';
import { type MemoryNetwork, PROCESS_NETWORK } from './network.js';

const PORT_MAX = 65_535;

export class MemoryTransport implements Transport {
  readonly schemes = ['mem'];
  readonly #network: MemoryNetwork;
  /** What accepted links show as the remote host of this transport's dials. */
  readonly #machine: string;
  #dialCount = 0;

  /** `network`: where its names are known. Default: one network for the whole process. */
  constructor(network: MemoryNetwork = PROCESS_NETWORK) {
    this.#network = network;
    this.#machine = network.nextMachine();
  }

  listen(address: Address, sink: ListenerSink): Listener {
    checkScheme(address);
    let isOpen = this.#network.addListener(address, sink);
    const isFree = isOpen;
    this.#network.later(() => {
      if (isOpen) sink.onListening([address]);
      else if (!isFree) sink.onFailed(inUse(address));
    });
    return {
      close: () => {
        if (isOpen) this.#network.removeListener(address);
        isOpen = false;
      },
    };
  }

  dial(address: Address, sink: DialSink): Dial {
    checkScheme(address);
    let isCancelled = false;
    this.#network.later(() => {
      if (!isCancelled) this.#connect(address, sink, () => isCancelled);
    });
    return {
      cancel: () => {
        isCancelled = true;
      },
    };
  }

  #connect(address: Address, sink: DialSink, isCancelled: () => boolean): void {
    const listener = this.#network.listenerAt(address);
    if (listener === undefined) sink.onFailed(refused(address));
    else if (this.#network.linkCount >= this.#network.linksMax) sink.onFailed(full(address, this.#network));
    else this.#join(address, listener, sink, isCancelled);
  }

  #join(address: Address, listener: ListenerSink, sink: DialSink, isCancelled: () => boolean): void {
    const port = (this.#dialCount++ % PORT_MAX) + 1;
    const [near, far] = MemoryLink.pair(this.#network, Address.of({ scheme: 'mem', host: this.#machine, port }), placeOf(address));
    this.#network.later(() => {
      if (isCancelled()) near.destroy();
      else near.attach(sink.onConnected(near));
    });
    const farSink = listener.onAccepted(far);
    if (farSink === undefined) far.destroy();
    else far.attach(farSink);
  }
}

/** Host and port alone, as sockets have them. */
function placeOf(address: Address): Address {
  return Address.of({ scheme: address.scheme, host: address.host, port: address.port });
}

function checkScheme(address: Address): void {
  if (address.scheme !== 'mem') throw new NetworkError('SCHEME_UNKNOWN', `the memory transport does not serve ${address.text}`);
}

function inUse(address: Address): NetworkError {
  return new NetworkError('ADDRESS_IN_USE', `cannot listen on ${address.text}: the name is taken`, { details: { address: address.text } });
}

function refused(address: Address): NetworkError {
  return new NetworkError('CONNECTION_REFUSED', `cannot connect to ${address.text}: there is no listener`, {
    details: { address: address.text },
  });
}

function full(address: Address, network: MemoryNetwork): NetworkError {
  const { linkCount: current, linksMax: maximum } = network;
  return limitReached({ limit: 'linksMax', current, maximum, scope: 'the memory network', what: `cannot connect to ${address.text}` });
}
