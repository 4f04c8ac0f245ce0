/**
 * @module SimulatedDatagrams: `udp://host:port` of one instance on a simulated host; `sim://host[:port]` in a network whose links are all
 * datagrams. The path decides when a datagram arrives, how often, and
 * whether at all; nobody learns what was lost. A port without a socket, and a host that is down, swallow what is sent to them. NATs on the
 * way translate what leaves when it is sent, and what comes in when it arrives.
 */
import {
  Address,
  type DatagramSink,
  type DatagramSocket,
  type DatagramTransport,
  type Dial,
  NetworkError,
  type Repair,
  type ResolveSink,
} from '../../core/index.js';
import type { Instance } from './host.js';
import type { Flight, Refused } from './realms.js';
import { resolveSimulated, type TransportWorld, whyNotAt } from './transport.js';

/** What used bytes are overwritten with: they are valid during the call only, and this makes it so. */
const USED = 0xdb;

export class SimulatedDatagrams implements DatagramTransport {
  readonly schemes: readonly string[];

  constructor(
    private readonly world: TransportWorld,
    private readonly instance: Instance,
    private readonly scheme: 'udp' | 'sim' = 'udp',
    readonly repair: Repair | undefined = undefined,
  ) {
    this.schemes = [scheme];
  }

  anyAddress(): Address {
    return this.at(this.instance.nextPort());
  }

  resolve(name: Address, sink: ResolveSink): Dial | undefined {
    return resolveSimulated(this.world, this.instance, name, sink);
  }

  bind(address: Address, sink: DatagramSink): DatagramSocket {
    if (address.scheme !== this.scheme) throw new NetworkError('SCHEME_UNKNOWN', `simulated datagrams do not serve ${address.text}`);
    const { instance } = this;
    const { sockets, host } = instance;
    const port = address.port === 0 && this.scheme === 'udp' ? instance.nextPort() : address.port;
    const flaw = whyNotAt(address, host, sockets.has(port));
    let isOpen = flaw === undefined;
    if (isOpen) sockets.set(port, sink);
    instance.after(0, () => {
      if (flaw !== undefined) sink.onFailed(flaw);
      else if (isOpen) sink.onListening([this.at(port)]);
    });
    const own = this.at(port);
    return {
      send: (datagrams, to) => {
        if (isOpen && instance.isAlive) for (const datagram of datagrams) this.send(datagram, own, to);
      },
      close: () => {
        if (isOpen) sockets.delete(port);
        isOpen = false;
      },
    };
  }

  private at(port: number): Address {
    return Address.of({ scheme: this.scheme, host: this.instance.host.name, port });
  }

  private send(datagram: Uint8Array, from: Address, to: Address): void {
    const { world, instance } = this;
    const { scheduler, host: sender } = instance;
    const flight = world.realms.leave(sender, from, to, scheduler.nowMs);
    if (flight.type === 'refused') return this.refused(to, flight);
    const heading = world.realms.heading(flight, scheduler.nowMs);
    if (heading?.type === 'refused') return this.refused(to, heading);
    if (heading === undefined) return;
    const path = world.pathBetween(sender, heading.host);
    const arrivals = path.passDatagram(datagram.length, scheduler.nowMs);
    if (arrivals.length === 0) world.trace.add(scheduler.nowMs, 'loss', path.from.name, path.to.name, 1);
    for (const arrivesMs of arrivals) {
      const bytes = datagram.slice();
      scheduler.after(arrivesMs - scheduler.nowMs, () => this.arrive(bytes, flight));
    }
  }

  /** At the last NAT before the host, or at the host. */
  private arrive(bytes: Uint8Array, flight: Flight): void {
    const { world, instance } = this;
    const landing = world.realms.land(flight, instance.scheduler.nowMs);
    if (landing?.type === 'refused') return this.refused(flight.to, landing);
    if (landing === undefined) return;
    const { host, to } = landing;
    host.instance?.input(() => {
      const sink = host.instance?.sockets.get(to.port);
      if (sink === undefined) return;
      world.trace.delivered(instance.scheduler.nowMs, instance.host.name, host.name, bytes);
      sink.onDatagram(bytes, flight.from);
      bytes.fill(USED);
    });
  }

  private refused(to: Address, { reason, by }: Refused): void {
    const { world, instance } = this;
    world.trace.add(instance.scheduler.nowMs, 'nat-refused', instance.host.name, to.host, 1, `${reason} at ${by}`);
  }
}
