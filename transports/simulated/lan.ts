/**
 * @module SimulatedLan: the LAN port of an instance. All hosts behind one NAT are one local network, and so are those
 * behind none: a packet reaches every host of it to which the path is not cut, after that path's latency, unless it is lost; nothing is sent again.
 */
import { LAN_PORT_LIMITS, type LanChannel, type LanOpening, type LanPort, type LanSink, NetworkError } from '../../core/index.js';
import type { Instance } from './host.js';
import type { Topology } from './topology.js';

/** Headers and names of a packet. */
const OVERHEAD_BYTES = 200;

export class SimulatedLan implements LanPort {
  constructor(
    private readonly topology: Topology,
    private readonly instance: Instance,
  ) {}

  open({ topic }: LanOpening, sink: LanSink): LanChannel {
    return new SimulatedLanChannel(this.topology, this.instance, topic, sink);
  }
}

export class SimulatedLanChannel implements LanChannel {
  constructor(
    private readonly topology: Topology,
    private readonly instance: Instance,
    private readonly topic: string,
    private readonly sink: LanSink,
  ) {
    topology.lan.add(this);
    instance.after(0, () => {
      if (this.isOpen) sink.onHosts([instance.host.name]);
    });
  }

  query(): void {
    this.toAll(OVERHEAD_BYTES, (sink) => sink.onQuery());
  }

  announce(_host: string, bytes: Uint8Array, ttlSeconds: number): void {
    if (bytes.length > LAN_PORT_LIMITS.announcementBytesMax)
      throw new NetworkError('ARGUMENT_INVALID', `${bytes.length} bytes do not fit a packet`);
    const copy = bytes.slice();
    this.toAll(OVERHEAD_BYTES + bytes.length, (sink) => sink.onAnnouncement(copy.slice(), ttlSeconds, this.instance.host.name));
  }

  close(): void {
    this.topology.lan.delete(this);
  }

  private get isOpen(): boolean {
    return this.topology.lan.has(this);
  }

  private toAll(byteCount: number, deliver: (sink: LanSink) => void): void {
    const { topology, instance } = this;
    for (const other of topology.lan) {
      if (!other.instance.isAlive) topology.lan.delete(other);
      if (other === this || other.topic !== this.topic || other.instance.host.nat !== instance.host.nat) continue;
      const path = topology.pathBetween(instance.host, other.instance.host);
      const nowMs = instance.scheduler.nowMs;
      const { arrivesMs, lostCount } = path.pass(byteCount, nowMs);
      if (path.isBlocked || lostCount > 0) continue;
      other.instance.after(arrivesMs - nowMs, () => {
        if (other.isOpen) deliver(other.sink);
      });
    }
  }
}
