/**
 * @module Transcript: the packets of two nodes at a `DatagramWire`, one line for each: when, who, the number that it has or `-`, what it acknowledges, how
 * many pieces it has. Times count from the beginning of the transcript, numbers from the sender's first one in it.
 */
import { readPacket } from '../../../../core/engine/links/datagrams/packet.js';
import { SecureDatagrams } from '../../../../core/security/datagrams/secure-datagrams.js';
import { DatagramWire, type Sent } from './wire.js';

export interface Line {
  readonly atMs: number;
  readonly by: 'ada' | 'bob';
  readonly number: number | undefined;
  /** First and last numbers that are acknowledged, newest first. */
  readonly acknowledged: readonly (readonly [number, number])[] | undefined;
  readonly pieceCount: number;
}

type Raw = Omit<Line, 'atMs'> & { readonly atMs: number };

/** A wire whose packets are written down, between `record` and `end`. Nothing but the test has the nodes say anything. */
export class TranscriptWire extends DatagramWire {
  /** Losses: the datagram at that place of Ada's, or Bob's, in the transcript. */
  loses: (line: Line) => boolean = () => false;
  readonly #lines: Raw[] = [];
  readonly #fates = new Map<Uint8Array, Raw>();
  readonly #firsts = { ada: 0, bob: 0 };
  #startMs = 0;
  readonly #seal = SecureDatagrams.prototype.seal;

  constructor(options: ConstructorParameters<typeof DatagramWire>[0] = {}) {
    const limits = { pingIntervalMs: 600_000, silenceMs: 3_600_000, idleMs: 86_400_000 };
    super({ limits, ...options });
    const { onWay } = this;
    this.onWay = (sent: Sent) => {
      const raw = this.#fates.get(sent.bytes);
      return raw !== undefined && this.loses(this.#lineOf(raw)) ? [] : onWay(sent);
    };
  }

  /** An open link, on which everything has arrived. */
  record(): this {
    this.open();
    this.advance(10_000);
    const add = (secure: SecureDatagrams, plaintext: Uint8Array, datagram: Uint8Array | undefined) =>
      this.#add(secure, plaintext, datagram);
    const seal = this.#seal;
    SecureDatagrams.prototype.seal = function (plaintext, nowMs) {
      const datagram = seal.call(this, plaintext, nowMs);
      add(this, plaintext, datagram);
      return datagram;
    };
    this.say(0);
    this.advance(10_000);
    this.tellBack(Uint8Array.of(0));
    this.advance(10_000);
    for (const { by, number } of this.#lines) if (number !== undefined) this.#firsts[by] = number + 1;
    this.#lines.length = 0;
    this.#startMs = this.time.nowMs;
    return this;
  }

  end(): void {
    SecureDatagrams.prototype.seal = this.#seal;
  }

  /** Ada sends so many messages, each of which fills a packet. */
  sayLong(count: number): void {
    for (let number = 0; number < count; number++) this.tell(64, new Uint8Array(1_000).fill(number));
    this.deliver();
  }

  /** The number in a packet that stands for 0 in the transcript. */
  firstOf(who: 'ada' | 'bob'): number {
    return this.#firsts[who];
  }

  /** Bob sends Ada a message. */
  tellBack(payload: Uint8Array): void {
    const [link] = this.bob.network.links.openLinks();
    const route = { type: 'connection', connectionId: link?.id ?? 0 } as const;
    const work = () => void this.bob.network.parts.application.send(route, 64, payload, undefined);
    this.bob.step({ type: 'work', work });
    this.deliver();
  }

  get lines(): Line[] {
    return this.#lines.map((raw) => this.#lineOf(raw));
  }

  of(who: 'ada' | 'bob'): Line[] {
    return this.lines.filter(({ by }) => by === who);
  }

  /** One line of text for each packet. */
  get text(): string[] {
    return this.lines.map(({ atMs, by, number, acknowledged, pieceCount }) => {
      const ranges = acknowledged?.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
      const parts = [number === undefined ? '' : `number ${number}`, pieceCount === 0 ? '' : 'content'];
      if (ranges !== undefined) parts.push(`ack ${ranges.join(' ')}`);
      return `${Math.round(atMs)} ${by}: ${parts.filter((part) => part !== '').join(', ')}`;
    });
  }

  #add({ isInitiator }: SecureDatagrams, plaintext: Uint8Array, datagram: Uint8Array | undefined): void {
    const packet = readPacket(plaintext);
    if (packet === undefined || datagram === undefined) return;
    const acknowledged = packet.acknowledgement?.ranges.map(({ first, last }) => [first, last] as const);
    const { number } = packet;
    const raw = {
      atMs: this.time.nowMs,
      by: isInitiator ? ('ada' as const) : ('bob' as const),
      number,
      acknowledged,
      pieceCount: packet.pieces.length,
    };
    this.#lines.push(raw);
    this.#fates.set(datagram, raw);
  }

  #lineOf({ atMs, by, number, acknowledged, pieceCount }: Raw): Line {
    const first = this.#firsts[by];
    const remotes = this.#firsts[by === 'ada' ? 'bob' : 'ada'];
    const own = acknowledged?.filter(([, to]) => to >= remotes);
    const ranges = own?.map(([from, to]) => [Math.max(from - remotes, 0), to - remotes] as const);
    return { atMs: atMs - this.#startMs, by, number: number === undefined ? undefined : number - first, acknowledged: ranges, pieceCount };
  }
}
