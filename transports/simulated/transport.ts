/**
 * @module SimulatedTransport: `sim://host[:port]`, the transport of one instance on a simulated host. A dial takes one
 * round trip. Where the host is down or the path is cut, or the host is behind a NAT that the dialler is not behind, a dial gets no answer until
 * its owner gives up, as with TCP.
 */
import {
  Address,
  type Dial,
  type DialSink,
  type Listener,
  type ListenerSink,
  NetworkError,
  type ResolveSink,
  type Transport,
} from '../../core/index.js';
import type { Host, Instance } from './host.js';
import { SimulatedLink } from './link.js';
import type { Path } from './path.js';
import { Pipe, type PipeReceiver, type PipeSource, type PipeWorld, type Segment } from './pipe.js';
import type { Realms } from './realms.js';

/** What transports need of their network. */
export interface TransportWorld extends PipeWorld {
  hostNamed(name: string): Host | undefined;
  /** The hosts for which a name stands; `undefined` for one that is none. */
  namesOf(name: string): readonly string[] | undefined;
  pathBetween(from: Host, to: Host): Path;
  readonly realms: Realms;
}

export class SimulatedTransport implements Transport {
  readonly schemes = ['sim'];

  constructor(
    private readonly world: TransportWorld,
    private readonly instance: Instance,
  ) {}

  listen(address: Address, sink: ListenerSink): Listener {
    checkScheme(address);
    const { instance } = this;
    const { listeners, host } = instance;
    const flaw = whyNotAt(address, host, listeners.has(address.port));
    let isOpen = flaw === undefined;
    if (isOpen) listeners.set(address.port, sink);
    instance.after(0, () => {
      if (flaw !== undefined) sink.onFailed(flaw);
      else if (isOpen) sink.onListening([address]);
    });
    return {
      close: () => {
        if (isOpen) listeners.delete(address.port);
        isOpen = false;
      },
    };
  }

  resolve(name: Address, sink: ResolveSink): Dial | undefined {
    return resolveSimulated(this.world, this.instance, name, sink);
  }

  dial(address: Address, sink: DialSink): Dial {
    checkScheme(address);
    const host = this.world.hostNamed(address.host);
    if (host === undefined) return { cancel: this.instance.after(0, () => sink.onFailed(unknown(address))) };
    const seenAs = this.world.realms.seenAs(this.instance.host, host);
    return seenAs === undefined ? { cancel: () => {} } : new Channel(this.world, this.instance, host, { address, seenAs }, sink);
  }
}

/** The hosts of a name that the network has. */
export function resolveSimulated(world: TransportWorld, instance: Instance, name: Address, sink: ResolveSink): Dial | undefined {
  const hosts = world.namesOf(name.host);
  if (hosts === undefined) return undefined;
  return { cancel: instance.after(0, () => sink.onResolved(hosts.map((host) => name.withHost(host)))) };
}

/** What is dialled, and by which host's name the dialler is seen there: its own, or that of the NAT which is the last on the way out. */
interface Target {
  readonly address: Address;
  readonly seenAs: string;
}

/** Where nobody listens. */
const NOBODY: PipeReceiver & PipeSource = { receive: () => {}, written: () => {}, bounced: () => {} };

/** A channel, from the dial until it has two ends. */
class Channel implements Dial, PipeReceiver, PipeSource {
  readonly #up: Pipe;
  readonly #near: SimulatedLink;
  /** The dialler has an answer, or wants none. */
  #isSettled = false;

  constructor(
    private readonly world: TransportWorld,
    private readonly instance: Instance,
    private readonly host: Host,
    private readonly target: Target,
    private readonly sink: DialSink,
  ) {
    const here = Address.of({ scheme: 'sim', host: instance.host.name, port: instance.nextPort() });
    this.#up = new Pipe(world, world.pathBetween(instance.host, host), instance);
    this.#near = new SimulatedLink(instance, this.#up, here, placeOf(target.address));
    this.#up.receiver = { receive: () => this.#opened() };
    this.#up.source = this;
    this.#up.send({ type: 'open' });
  }

  cancel(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#near.destroy();
    this.#up.forget();
  }

  /** The first segment at the other host. */
  #opened(): void {
    const { address, seenAs } = this.target;
    const there = this.host.instance as Instance;
    const listener = there.listeners.get(address.port);
    const down = new Pipe(this.world, this.world.pathBetween(this.host, this.instance.host), there);
    down.send({ type: listener === undefined ? 'refuse' : 'accept' });
    const far =
      listener === undefined
        ? undefined
        : new SimulatedLink(there, down, this.#near.remoteAddress, this.#near.localAddress.withHost(seenAs));
    this.#near.inward = down;
    if (far !== undefined) far.inward = this.#up;
    down.receiver = this;
    down.source = far ?? NOBODY;
    this.#up.receiver = far ?? NOBODY;
    if (far === undefined) return;
    const sink = listener?.onAccepted(far);
    if (sink === undefined) far.destroy();
    else far.attach(sink);
  }

  /** What comes from the other host, up to its answer. */
  receive(segment: Segment): void {
    if (segment.type !== 'accept' && segment.type !== 'refuse' && this.#isSettled) return this.#near.receive(segment);
    if (this.#isSettled) return;
    this.#isSettled = true;
    if (segment.type === 'accept') return this.#accepted();
    this.#near.discard();
    this.sink.onFailed(segment.type === 'reset' ? segment.cause : refused(this.target.address));
  }

  #accepted(): void {
    (this.#near.inward as Pipe).receiver = this.#near;
    this.#up.source = this.#near;
    this.#near.attach(this.sink.onConnected(this.#near));
  }

  written(byteCount: number): void {
    this.#near.written(byteCount);
  }

  /** There is no host, or another instance of it. */
  bounced(): void {
    if (this.#isSettled) this.#near.bounced();
    else this.receive({ type: 'refuse' });
  }
}

/** Host and port alone, as sockets have them. */
function placeOf({ scheme, host, port }: Address): Address {
  return Address.of({ scheme, host, port });
}

function checkScheme(address: Address): void {
  if (address.scheme !== 'sim') throw new NetworkError('SCHEME_UNKNOWN', `the simulated transport does not serve ${address.text}`);
}

/** Why a host has no listener, and no socket, at an address; `undefined` where it can have one. */
export function whyNotAt({ host, text }: Address, { name }: Host, isTaken: boolean): NetworkError | undefined {
  const details = { address: text };
  if (host !== name) return new NetworkError('ADDRESS_UNAVAILABLE', `cannot listen on ${text}: this host is ${name}`, { details });
  return isTaken ? new NetworkError('ADDRESS_IN_USE', `cannot listen on ${text}: the port is taken`, { details }) : undefined;
}

function refused({ text }: Address): NetworkError {
  return new NetworkError('CONNECTION_REFUSED', `cannot connect to ${text}: there is no listener`, { details: { address: text } });
}

function unknown({ text }: Address): NetworkError {
  return new NetworkError('HOST_UNRESOLVED', `cannot connect to ${text}: the network has no such host`, { details: { address: text } });
}
