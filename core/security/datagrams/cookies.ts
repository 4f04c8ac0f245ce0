/**
 * @module Cookies: how a node under load learns that an initiation comes from where it says, without keeping anything: it answers with a code over
 * the sender's address and ephemeral key, and begins a handshake only with who sends it back. The secret behind it changes every
 * 120 s; codes of the one before it hold as well. Pure.
 */
import type { Random } from '../../api/ports.js';
import { equalBytes, joinBytes } from '../../structures/bytes.js';
import type { Crypto } from '../crypto.js';
import { COOKIE_BYTES } from './header.js';

const SECRET_MS = 120_000;
const SECRET_BYTES = 32;
const EPHEMERAL_BYTES = 32;
const TEXT_ENCODER = new TextEncoder();

export class Cookies {
  #current: Uint8Array | undefined;
  #previous: Uint8Array | undefined;
  /** Whose secret `#current` is: periods of 120 s each. */
  #period = -1;

  constructor(
    private readonly crypto: Crypto,
    private readonly random: Random,
  ) {}

  /** The cookie for an initiation: `from` as text, and its Noise message, which begins with the ephemeral key. */
  issue(from: string, message: Uint8Array, nowMs: number): Uint8Array {
    this.#change(nowMs);
    return this.#code(this.#current as Uint8Array, from, message);
  }

  /** Whether it is one that was issued for just that. */
  isGood(cookie: Uint8Array, from: string, message: Uint8Array, nowMs: number): boolean {
    this.#change(nowMs);
    return [this.#current, this.#previous].some((secret) => secret !== undefined && equalBytes(this.#code(secret, from, message), cookie));
  }

  #change(nowMs: number): void {
    const period = Math.floor(nowMs / SECRET_MS);
    if (period === this.#period) return;
    this.#previous = period === this.#period + 1 ? this.#current : undefined;
    this.#current = this.random.bytes(SECRET_BYTES);
    this.#period = period;
  }

  #code(secret: Uint8Array, from: string, message: Uint8Array): Uint8Array {
    const bytes = joinBytes([message.subarray(0, EPHEMERAL_BYTES), TEXT_ENCODER.encode(from)]);
    return this.crypto.hmacSha256(secret, bytes).subarray(0, COOKIE_BYTES);
  }
}
