/**
 * @module Secret: key bytes that an object keeps. Printing, logging or encoding whatever holds one shows a placeholder, at any depth and
 * with hidden properties too: the bytes are had by `reveal` only, where they are used.
 */
const SHOWN = '[secret]';

export class Secret {
  readonly #bytes: Uint8Array;

  /** Keeps a copy. */
  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
  }

  /** The bytes themselves: neither to be changed nor to be kept. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  /** What `util.inspect` and `console.log` show on Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return SHOWN;
  }
}
