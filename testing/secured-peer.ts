/**
 * @module SecuredPeer: a peer with an identity of its own that shakes hands as it should and then sends whatever the test wants: records
 * of arbitrary plaintext, frames of arbitrary bytes, messages with any header. For tests of hostile peers. It works over every transport
 * link, as `RawPeer` does.
 */

import { decodeValue, encodeValue, type Identity, type TransportLink } from '../core/index.js';
import { AgreementKeys } from '../core/security/agreement-keys.js';
import type { Crypto } from '../core/security/crypto.js';
import { SecureStream } from '../core/security/secure-stream.js';
import { spaceOf } from '../core/security/space.js';
import { varintBytes, writeVarint } from '../core/structures/bytes.js';
import { FrameReader } from '../core/wire/frame.js';
import { type ControlMessage, decodeControl, encodeReady } from '../core/wire/link-control.js';
import { HeaderDraft, HeaderView, KIND_DIRECT } from '../core/wire/message.js';
import { SeededRandom, simulatedCrypto } from '../transports/simulated/index.js';
import { RawPeer } from './raw-peer.js';
import { seededIdentity } from './seeded.js';

export interface SecuredPeerOptions {
  /** Names its seeded identity; `mallory` by default. */
  readonly name?: string;
  readonly identity?: Identity;
  /** That of the node which it meets; simulated by default. */
  readonly crypto?: Crypto;
  readonly network?: string;
  readonly networkKey?: Uint8Array;
  /** Whether it dials; true by default. */
  readonly isInitiator?: boolean;
  /** Whether it sends `ready` by itself as soon as the channel is secured, and answers pings; true by default. */
  readonly isPolite?: boolean;
  /** Services that its `ready` names. */
  readonly services?: readonly number[];
}

/** A message to send. What is left out: direct, 64 hops, service 64, no payload. */
export interface PeerMessage extends Partial<Pick<HeaderDraft, HeaderField>> {
  /** Bytes as they are, any other value as CBOR. */
  readonly payload?: unknown;
}

type HeaderField =
  | 'kind'
  | 'ttl'
  | 'fromServiceId'
  | 'serviceId'
  | 'streamId'
  | 'source'
  | 'destination'
  | 'routedServiceId'
  | 'meta'
  | 'scope'
  | 'sequence'
  | 'extension';

/** A message that came. */
export interface ReceivedMessage {
  readonly kind: number;
  readonly fromServiceId: number;
  readonly serviceId: number;
  readonly payload: Uint8Array;
  readonly value: unknown;
}

const FRAME_BYTES_MAX = 16 * 1024 * 1024 + 512;
const PING = 1;
const PONG = 2;
const DEFAULTS = { kind: KIND_DIRECT, ttl: 64, fromServiceId: 64, serviceId: 64 };

export class SecuredPeer extends RawPeer {
  readonly identity: Identity;
  /** Messages of all services but 0, and the control messages of service 0. */
  readonly messages: ReceivedMessage[] = [];
  readonly control: (ControlMessage | 'unknown' | 'malformed')[] = [];
  readonly #stream: SecureStream;
  readonly #frames = new FrameReader(FRAME_BYTES_MAX);
  readonly #options: SecuredPeerOptions;
  readonly #instance: Uint8Array;
  #hasGreeted = false;

  constructor(link: TransportLink, options: SecuredPeerOptions = {}) {
    super(link);
    const { name = 'mallory', crypto = simulatedCrypto, network = 'public', networkKey, isInitiator = true } = options;
    const random = new SeededRandom('secured peer', name);
    this.#options = options;
    this.identity = options.identity ?? seededIdentity(name, crypto);
    this.#instance = random.bytes(8);
    const staticKey = crypto.agreementKey(random.bytes(32));
    const { identity } = this;
    const space = spaceOf({ networkName: network, networkKey }, 'stream', crypto);
    const keys = new AgreementKeys(crypto, random);
    this.#stream = new SecureStream({ crypto, keys, identity, staticKey, instance: this.#instance, isInitiator, space });
  }

  get isSecured(): boolean {
    return this.#stream.state === 'secured';
  }

  /** The node has sent something that does not authenticate. */
  get hasFailed(): boolean {
    return this.#stream.state === 'failed';
  }

  /** The name of this session on both sides; absent until it is secured. */
  get channelBinding(): Uint8Array | undefined {
    return this.#stream.remote?.channelBinding;
  }

  /** Sends the first message of the handshake. For the dialling side, once. */
  begin(): this {
    this.#stream.start();
    this.send(...this.#stream.takeOutput());
    return this;
  }

  /** One record of any plaintext, of 1 to 65,519 bytes. */
  sendPlaintext(plaintext: Uint8Array): void {
    const record = this.#stream.seal(plaintext);
    if (record !== undefined) this.send(...record);
  }

  /** One frame of any bytes, in one record or more. */
  sendFrame(bytes: Uint8Array): void {
    const frame = new Uint8Array(varintBytes(bytes.length) + bytes.length);
    frame.set(bytes, writeVarint(frame, 0, bytes.length));
    for (let start = 0; start < frame.length; start += 65_519) this.sendPlaintext(frame.subarray(start, start + 65_519));
  }

  sendMessage({ payload = new Uint8Array(0), ...header }: PeerMessage): void {
    const draft = Object.assign(new HeaderDraft(), DEFAULTS, header);
    const body = payload instanceof Uint8Array ? payload : encodeValue(payload);
    const bytes = new Uint8Array(draft.byteLength + body.length);
    bytes.set(body, draft.write(bytes, 0));
    this.sendFrame(bytes);
  }

  /** A message of service 0, such as `encodePing(1)` gives it. */
  sendControl(payload: Uint8Array): void {
    this.sendMessage({ ttl: 1, fromServiceId: 0, serviceId: 0, payload });
  }

  /** Its side is open. */
  sendReady(services: readonly number[] = this.#options.services ?? []): void {
    this.sendControl(encodeReady(services));
  }

  override onBytes(bytes: Uint8Array): void {
    super.onBytes(bytes);
    if (this.hasFailed) return;
    this.#stream.push(bytes);
    const output = this.#stream.takeOutput();
    if (output.length > 0) this.send(...output);
    this.#greet();
    for (let plaintext = this.#stream.read(); plaintext !== undefined; plaintext = this.#stream.read()) this.#take(plaintext.slice());
    if (!this.hasFailed) this.#stream.settle();
  }

  #greet(): void {
    if (this.#hasGreeted || !this.isSecured || this.#options.isPolite === false) return;
    this.#hasGreeted = true;
    this.sendReady();
  }

  #take(plaintext: Uint8Array): void {
    this.#frames.push(plaintext);
    while (this.#frames.next()) this.#message(this.#frames.bytes.slice(this.#frames.start, this.#frames.end));
  }

  #message(bytes: Uint8Array): void {
    const view = new HeaderView();
    if (!view.read(bytes, 0, bytes.length)) throw new Error('the node has sent a malformed message');
    const payload = bytes.subarray(view.bodyOffset);
    if (view.serviceId === 0) return this.#controlled(payload);
    const { kind, fromServiceId, serviceId } = view;
    this.messages.push({ kind, fromServiceId, serviceId, payload, value: decodeValue(payload)?.value });
  }

  #controlled(payload: Uint8Array): void {
    this.control.push(decodeControl(payload));
    if (payload[0] !== PING || this.#options.isPolite === false) return;
    const pong = payload.slice();
    pong[0] = PONG;
    this.sendControl(pong);
  }
}
