/**
 * @module NodeLan: the LAN port on Node: multicast DNS on every address of the machine that has a link, IPv4 and IPv6, looked up anew now
 * and then because networks come and go. A packet counts only when it came over the link itself, and stands for nothing but the host that
 * it came from.
 */
import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { LAN_PORT_LIMITS, type LanChannel, type LanOpening, type LanPort, type LanSink } from '../../../api/lan-port.js';
import { NetworkError } from '../../../errors.js';
import { type BackoffSteps, backoffBoundMs } from '../../../structures/back-off.js';
import { facesOf, type LanFace } from './interfaces.js';
import { LanSocket, loadMdns, type MakeMdns, MDNS_PORT } from './lan-socket.js';
import { PacketGuard } from './packet-guard.js';
import { type Answer, LanRecords } from './records.js';

/** Between two looks at the machine's addresses. */
const SCAN_MS = 5_000;
/** An address of no use is tried again after this time, which doubles up to the longest: a new one may not be ready to send. */
const RETRY: BackoffSteps = { minMs: 2_500, maxMs: 60_000 };
const INSTANCE_BYTES = 8;
/** How long others may take it that a node which asks is there. */
const ASKER_TTL_SECONDS = 600;
const TOPIC = /^[a-z0-9]+$/;

export interface NodeLanOptions {
  /** For tests; 5353 by default. */
  readonly port?: number;
  readonly interfaces?: typeof networkInterfaces;
  readonly load?: () => Promise<MakeMdns>;
  readonly scanMs?: number;
}

export class NodeLan implements LanPort {
  constructor(private readonly options: NodeLanOptions = {}) {}

  open(opening: LanOpening, sink: LanSink): LanChannel {
    const { topic } = opening;
    if (!TOPIC.test(topic) || topic.length > LAN_PORT_LIMITS.topicMax)
      throw new NetworkError('ARGUMENT_INVALID', `a topic has 1 to ${LAN_PORT_LIMITS.topicMax} characters, a-z and 0-9`);
    return new NodeLanChannel(opening, sink, {
      port: MDNS_PORT,
      interfaces: networkInterfaces,
      load: loadMdns,
      scanMs: SCAN_MS,
      ...this.options,
    });
  }
}

class NodeLanChannel implements LanChannel {
  private readonly records: LanRecords;
  private readonly sockets = new Map<string, LanSocket>();
  /** By face, when one that was of no use is tried again, and how often it was. */
  private readonly retries = new Map<string, { readonly dueMs: number; readonly failures: number }>();
  private make: MakeMdns | undefined;
  private timer: NodeJS.Timeout | undefined;
  private hosts: readonly string[] = [];
  private cause: NetworkError | undefined;
  private isFailed = false;
  private isClosed = false;

  constructor(
    private readonly opening: LanOpening,
    private readonly sink: LanSink,
    private readonly options: Required<NodeLanOptions>,
  ) {
    this.records = new LanRecords(opening.topic, randomBytes(INSTANCE_BYTES).toString('hex'));
    void this.begin();
  }

  query(): void {
    for (const socket of this.sockets.values()) socket.query(this.records.question(ASKER_TTL_SECONDS));
  }

  announce(host: string, bytes: Uint8Array, ttlSeconds: number): void {
    if (bytes.length > LAN_PORT_LIMITS.announcementBytesMax)
      throw new NetworkError('ARGUMENT_INVALID', `${bytes.length} bytes do not fit a packet; ${LAN_PORT_LIMITS.announcementBytesMax} do`);
    const answer: Answer = this.records.answer(bytes, ttlSeconds);
    for (const socket of this.sockets.values()) if (socket.face.host === host) socket.respond(answer);
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    for (const socket of this.sockets.values()) socket.close();
    this.sockets.clear();
  }

  private async begin(): Promise<void> {
    try {
      this.make = await this.options.load();
    } catch (cause) {
      if (!this.isClosed) this.sink.onFailed(cause as NetworkError);
      return;
    }
    if (this.isClosed) return;
    this.timer = setInterval(() => this.scan(), this.options.scanMs).unref();
    this.scan();
  }

  /** Opens what has come, closes what has gone. */
  private scan(): void {
    const faces = facesOf(this.options.interfaces(), this.opening.interfaces);
    const keys = new Set(faces.map(({ key }) => key));
    for (const [key, socket] of this.sockets) if (!keys.has(key)) this.drop(key, socket);
    for (const key of this.retries.keys()) if (!keys.has(key)) this.retries.delete(key);
    const nowMs = performance.now();
    for (const face of faces)
      if (!this.sockets.has(face.key) && (this.retries.get(face.key)?.dueMs ?? 0) <= nowMs) this.sockets.set(face.key, this.socketOn(face));
    this.changed();
  }

  private socketOn(face: LanFace): LanSocket {
    const guard = new PacketGuard(this.records.label);
    const parts = { make: this.make as MakeMdns, port: this.options.port, guard, nowMs: () => performance.now() };
    const socket: LanSocket = new LanSocket(face, parts, {
      onReady: () => this.changed(),
      onPacket: (packet, host) => {
        for (const reading of this.records.read(packet)) {
          if (this.isClosed) return;
          if (reading.type === 'query') this.sink.onQuery();
          else this.sink.onAnnouncement(reading.bytes, reading.ttlSeconds, host);
        }
      },
      onFailed: (cause) => {
        this.cause = cause;
        const failures = 1 + (this.retries.get(face.key)?.failures ?? 0);
        this.retries.set(face.key, { dueMs: performance.now() + backoffBoundMs(failures, RETRY), failures });
        this.drop(face.key, socket);
        this.changed();
      },
    });
    return socket;
  }

  private drop(key: string, socket: LanSocket): void {
    this.sockets.delete(key);
    socket.close();
  }

  /** Reports changes of the hosts to the sink. */
  private changed(): void {
    if (this.isClosed) return;
    const hosts = [...this.sockets.values()].filter(({ isReady }) => isReady).map(({ face }) => face.host);
    if (hosts.join() !== this.hosts.join()) {
      this.hosts = hosts;
      this.sink.onHosts(hosts);
    }
    const isFailed = this.sockets.size === 0;
    if (isFailed && !this.isFailed)
      this.sink.onFailed(this.cause ?? new NetworkError('LAN_UNAVAILABLE', 'no network interface can be used'));
    this.isFailed = isFailed;
  }
}
