/**
 * @module AgreementKeys: where fresh X25519 keys come from, ephemeral and static ones. It may hold a few spare keys, made while the node
 * waits for a remote's handshake message, so that no remote waits for them. Each key is given out once and is then its taker's alone.
 */
import type { Random } from '../api/ports.js';
import type { AgreementKey, Crypto } from './crypto.js';

const SECRET_BYTES = 32;

export class AgreementKeys {
  readonly #spare: AgreementKey[] = [];

  /** `spareMax`: 0 keeps none, and `prepare` does nothing: keys are drawn in the order in which they are taken. */
  constructor(
    private readonly crypto: Crypto,
    private readonly random: Random,
    private readonly spareMax = 0,
  ) {}

  take(): AgreementKey {
    return this.#spare.pop() ?? this.#make();
  }

  /** The node waits: now is the time for what costs time. */
  prepare(): void {
    while (this.#spare.length < this.spareMax) this.#spare.push(this.#make());
  }

  #make(): AgreementKey {
    return this.crypto.agreementKey(this.random.bytes(SECRET_BYTES));
  }
}
