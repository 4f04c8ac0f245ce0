/**
 * @module Noise: the handshake patterns XX, XXpsk0 and XXpsk3 under 25519, ChaChaPoly and SHA256 (specification revision 34, sections
 * 5.3, 7 and 9). Bytes in, bytes out: framing, identities and prologue are the business of `secure-handshake.ts`. XXpsk3 exists for
 * the published vectors only. What a remote sends wrongly is `undefined`, after which the state stays dead.
 */
import { NetworkError } from '../errors.js';
import { joinBytes } from '../structures/bytes.js';
import type { CipherState } from './cipher-state.js';
import type { AgreementKey, Crypto } from './crypto.js';
import { SymmetricState } from './symmetric-state.js';

export type NoisePattern = 'XX' | 'XXpsk0' | 'XXpsk3';

type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'psk';

const PATTERNS: Readonly<Record<NoisePattern, readonly (readonly Token[])[]>> = {
  XX: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']],
  XXpsk0: [
    ['psk', 'e'],
    ['e', 'ee', 's', 'es'],
    ['s', 'se'],
  ],
  XXpsk3: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se', 'psk']],
};

const KEY_BYTES = 32;
const TAG_BYTES = 16;

export interface HandshakeStateOptions {
  readonly crypto: Crypto;
  readonly pattern: NoisePattern;
  readonly isInitiator: boolean;
  readonly prologue: Uint8Array;
  readonly staticKey: AgreementKey;
  /** Called once, when this side writes its ephemeral key: a responder that refuses message 1 makes none. */
  readonly ephemeral: () => AgreementKey;
  /** 32 bytes, for the psk patterns and only for them. */
  readonly psk?: Uint8Array | undefined;
}

/** What a message carried. */
export interface HandshakeRead {
  readonly payload: Uint8Array;
  /** `h` after the message's tokens, before its payload: what the writer signed. */
  readonly transcriptHash: Uint8Array;
}

/** What a complete handshake gives. */
export interface HandshakeKeys {
  readonly send: CipherState;
  readonly receive: CipherState;
  /** The final `h`: the same on both sides and unlike any other session's. */
  readonly handshakeHash: Uint8Array;
}

export class HandshakeState {
  readonly #options: HandshakeStateOptions;
  #symmetric: SymmetricState;
  /** The index of the next message, 3 when all are through. */
  #messageIndex = 0;
  #isDead = false;
  #ephemeral: AgreementKey | undefined;
  #remoteEphemeral: Uint8Array | undefined;
  #remoteStatic: Uint8Array | undefined;

  constructor(options: HandshakeStateOptions) {
    const wantsPsk = options.pattern !== 'XX';
    if (wantsPsk !== (options.psk !== undefined))
      throw new NetworkError('ARGUMENT_INVALID', `psk is ${wantsPsk ? 'needed' : 'not allowed'} with ${options.pattern}`);
    if (options.psk !== undefined && options.psk.length !== KEY_BYTES)
      throw new NetworkError('ARGUMENT_INVALID', `psk must have ${KEY_BYTES} bytes`);
    this.#options = options;
    this.#symmetric = new SymmetricState(options.crypto, `Noise_${options.pattern}_25519_ChaChaPoly_SHA256`);
    this.#symmetric.mixHash(options.prologue);
  }

  /** A state of its own that goes on from here. */
  copy(): HandshakeState {
    const copy = new HandshakeState(this.#options);
    copy.#symmetric = this.#symmetric.copy();
    copy.#messageIndex = this.#messageIndex;
    copy.#isDead = this.#isDead;
    copy.#ephemeral = this.#ephemeral;
    copy.#remoteEphemeral = this.#remoteEphemeral;
    copy.#remoteStatic = this.#remoteStatic;
    return copy;
  }

  get isComplete(): boolean {
    return this.#messageIndex === PATTERNS[this.#options.pattern].length;
  }

  /** The remote's static key, once its message was read. Proven only when the handshake is complete. */
  get remoteStatic(): Uint8Array | undefined {
    return this.#remoteStatic;
  }

  /** The next message. `undefined` when a key that the remote sent is refused. Throws when it is not this side's turn. */
  writeMessage(payload: Uint8Array | ((transcriptHash: Uint8Array) => Uint8Array)): Uint8Array | undefined {
    const tokens = this.#turn(true);
    if (this.#isDead) return undefined;
    const parts: Uint8Array[] = [];
    for (const token of tokens) {
      if (token === 'e') parts.push(this.#writeEphemeral());
      else if (token === 's') parts.push(this.#symmetric.encryptAndHash(this.#options.staticKey.publicKey));
      else if (!this.#mix(token)) return this.#die();
    }
    parts.push(this.#symmetric.encryptAndHash(typeof payload === 'function' ? payload(this.#symmetric.hash) : payload));
    this.#messageIndex++;
    return joinBytes(parts);
  }

  /** Takes the remote's next message. `undefined` when it is refused. Throws when it is not the remote's turn. */
  readMessage(message: Uint8Array): HandshakeRead | undefined {
    const tokens = this.#turn(false);
    if (this.#isDead) return undefined;
    let offset = 0;
    for (const token of tokens) {
      const byteCount = this.#byteCount(token);
      if (message.length < offset + byteCount) return this.#die();
      if (!this.#readToken(token, message.subarray(offset, offset + byteCount))) return this.#die();
      offset += byteCount;
    }
    const transcriptHash = this.#symmetric.hash;
    const payload = this.#symmetric.decryptAndHash(message.subarray(offset));
    if (payload === undefined) return this.#die();
    this.#messageIndex++;
    return { payload, transcriptHash };
  }

  /** The transport keys; once, after the last message. Ends this state. */
  split(): HandshakeKeys {
    if (!this.isComplete || this.#isDead) throw new NetworkError('ARGUMENT_INVALID', 'the handshake is not complete');
    this.#isDead = true;
    const handshakeHash = this.#symmetric.hash;
    const [first, second] = this.#symmetric.split();
    return this.#options.isInitiator ? { send: first, receive: second, handshakeHash } : { send: second, receive: first, handshakeHash };
  }

  /** Ends this state and overwrites its keys. Idempotent. */
  wipe(): void {
    this.#isDead = true;
    this.#symmetric.wipe();
  }

  #turn(isWriting: boolean): readonly Token[] {
    const tokens = PATTERNS[this.#options.pattern][this.#messageIndex];
    const isOwnTurn = (this.#messageIndex % 2 === 0) === this.#options.isInitiator;
    if (tokens === undefined || isOwnTurn !== isWriting) throw new NetworkError('ARGUMENT_INVALID', 'a handshake message out of turn');
    return tokens;
  }

  #die(): undefined {
    this.wipe();
    return undefined;
  }

  #writeEphemeral(): Uint8Array {
    this.#ephemeral = this.#options.ephemeral();
    this.#mixEphemeral(this.#ephemeral.publicKey);
    return this.#ephemeral.publicKey;
  }

  #byteCount(token: Token): number {
    if (token === 'e') return KEY_BYTES;
    if (token === 's') return KEY_BYTES + (this.#symmetric.hasKey ? TAG_BYTES : 0);
    return 0;
  }

  #readToken(token: Token, bytes: Uint8Array): boolean {
    if (token === 'e') {
      this.#remoteEphemeral = bytes.slice();
      this.#mixEphemeral(this.#remoteEphemeral);
      return true;
    }
    if (token !== 's') return this.#mix(token);
    this.#remoteStatic = this.#symmetric.decryptAndHash(bytes);
    return this.#remoteStatic !== undefined;
  }

  /** In psk patterns every ephemeral key is mixed into the key too (section 9.2). */
  #mixEphemeral(publicKey: Uint8Array): void {
    this.#symmetric.mixHash(publicKey);
    if (this.#options.psk !== undefined) this.#symmetric.mixKey(publicKey);
  }

  /** A key agreement or the psk. False when the remote's key is refused. */
  #mix(token: Exclude<Token, 'e' | 's'>): boolean {
    if (token === 'psk') {
      this.#symmetric.mixKeyAndHash(this.#options.psk as Uint8Array);
      return true;
    }
    const [initiatorKey, responderKey] = token;
    const [own, remote] = this.#options.isInitiator ? [initiatorKey, responderKey] : [responderKey, initiatorKey];
    const key = (own === 'e' ? this.#ephemeral : this.#options.staticKey) as AgreementKey;
    const shared = key.agree((remote === 'e' ? this.#remoteEphemeral : this.#remoteStatic) as Uint8Array);
    if (shared !== undefined) this.#symmetric.mixKey(shared);
    return shared !== undefined;
  }
}
