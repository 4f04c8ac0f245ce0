/**
 * @module Two bare nodes with a link of datagrams between them, and whoever is on the way: the test sees each datagram, and may lose, change,
 * keep and forge them. Time passes only by `advance`.
 */
import { type Address, type NodeSendOptions, parseAddress, type SendResult } from '../../../../core/index.js';
import { SecureDatagrams } from '../../../../core/security/datagrams/secure-datagrams.js';
import { BareNode, orderedIdentities, recordingBehavior, VirtualTime } from '../../../../testing/index.js';

/** One datagram, as it was sent. */
export interface Sent {
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}

export const ADA_AT = parseAddress('udp://10.0.0.1:7400');
export const BOB_AT = parseAddress('udp://10.0.0.2:7400');
const SOCKET = { socketId: 1, mayOpen: true };

export class DatagramWire {
  readonly time = new VirtualTime();
  readonly ada: BareNode;
  readonly bob: BareNode;
  readonly adaNotes = recordingBehavior();
  readonly bobNotes = recordingBehavior();
  /** Of another service. */
  readonly adaOther = recordingBehavior({ serviceId: 65, name: 'other' });
  readonly bobOther = recordingBehavior({ serviceId: 65, name: 'other' });
  /** Where Ada's datagrams seem to come from: her NAT gives her another port. */
  adaAt = ADA_AT;
  /** Everything that was sent, also what was lost. */
  readonly sent: Sent[] = [];
  /** What becomes of a datagram on its way: what arrives in its place. */
  onWay: (sent: Sent) => readonly Sent[] = (sent) => [sent];
  readonly #queue: Sent[] = [];

  constructor(options: ConstructorParameters<typeof BareNode>[1] = {}) {
    const [adaIs, bobIs] = orderedIdentities(2);
    const common = { builtins: [], ...options } as const;
    this.ada = new BareNode('ada', { ...common, identity: adaIs as never, behaviors: [this.adaNotes, this.adaOther] }, this.time);
    this.bob = new BareNode('bob', { ...common, identity: bobIs as never, behaviors: [this.bobNotes, this.bobOther] }, this.time);
    this.ada.onSend = ({ to, datagrams }) => this.#send(this.adaAt, to, datagrams);
    this.bob.onSend = ({ to, datagrams }) => this.#send(BOB_AT, to, datagrams);
    this.ada.start();
    this.bob.start();
  }

  /** Ada dials Bob. */
  dial(): void {
    const { dialer } = this.ada.network;
    this.ada.step({ type: 'work', work: () => dialer.dial({ attemptId: dialer.nextAttemptId(), target: BOB_AT }) });
    const [link] = this.ada.network.links.all;
    if (link === undefined) throw new Error('there is no link');
    this.ada.step({ type: 'connected', connectionId: link.id, remoteAddress: BOB_AT, localAddress: ADA_AT, socketId: 1 });
    this.deliver();
  }

  /** An open link. */
  open(): this {
    this.dial();
    this.advance(1_000);
    return this;
  }

  /** Has everything arrive that is on its way, and what it draws. */
  deliver(): void {
    for (let sent = this.#queue.shift(); sent !== undefined; sent = this.#queue.shift())
      for (const { from, to, bytes } of this.onWay(sent)) this.arrive(to, from, bytes);
  }

  /** A datagram comes to whoever is there, from wherever it says. */
  arrive(to: Address, from: Address, bytes: Uint8Array): void {
    const node = to.text === BOB_AT.text ? this.bob : to.text === this.adaAt.text ? this.ada : undefined;
    node?.step({ type: 'datagram', bytes: bytes.slice(), from, localAddress: to, ...SOCKET });
  }

  advance(durationMs: number): void {
    const untilMs = this.time.nowMs + durationMs;
    for (;;) {
      const dueMs = Math.min(this.ada.network.nextDueMs, this.bob.network.nextDueMs);
      if (dueMs > untilMs) break;
      this.time.advance(Math.max(0, dueMs - this.time.nowMs));
      for (const node of [this.ada, this.bob]) if (node.network.nextDueMs <= this.time.nowMs) node.step({ type: 'time' });
      this.deliver();
    }
    this.time.advance(untilMs - this.time.nowMs);
  }

  /** Ada sends numbers to Bob. */
  say(...numbers: number[]): void {
    for (const number of numbers) this.tell(64, Uint8Array.of(number));
    this.deliver();
  }

  /** Ada sends a message, which sets out by `deliver`. */
  tell(serviceId: number, payload: Uint8Array, options?: NodeSendOptions): SendResult {
    const [link] = this.ada.network.links.openLinks();
    const { application } = this.ada.network.parts;
    let result: SendResult = 'unreachable';
    const work = () => {
      result = application.send({ type: 'connection', connectionId: link?.id ?? 0 }, serviceId, payload, options);
    };
    this.ada.step({ type: 'work', work });
    return result;
  }

  /** Ada, who has her keys and keeps no rule, sends a packet of the test's making. */
  put(packet: Uint8Array): void {
    const { seal } = SecureDatagrams.prototype;
    SecureDatagrams.prototype.seal = function (plaintext, nowMs) {
      return seal.call(this, this.isInitiator ? packet : plaintext, nowMs);
    };
    try {
      this.tell(64, Uint8Array.of(0));
    } finally {
      SecureDatagrams.prototype.seal = seal;
    }
    this.deliver();
  }

  /** What Bob got. */
  get heard(): number[] {
    return this.bobNotes.messages.map(({ payload }) => payload[0] as number);
  }

  bytesTo(to: Address): number {
    return this.sent.filter((one) => one.to.text === to.text).reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  bytesFrom(from: Address): number {
    return this.sent.filter((one) => one.from.text === from.text).reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  #send(from: Address, to: Address, datagrams: readonly Uint8Array[]): void {
    for (const bytes of datagrams) {
      const sent = { from, to, bytes };
      this.sent.push(sent);
      this.#queue.push(sent);
    }
  }
}
