/**
 * @module Campaign for row 24: a million records with a rekey every ten, in both directions at once, chopped anywhere. Run it with
 * `node dist/test/campaigns/rekey.js [records] [seed]`; `npm test` has the small form. Prints what was lost, ends with 1 if anything was.
 */

import type { SecureStream } from '../../core/security/secure-stream.js';
import { ALICE, BOB, joined, seededRandom, shakeHands, streamOf } from '../core/security/support.js';

const [recordCount = 1_000_000, seed = 24] = process.argv.slice(2).map(Number);
const random = seededRandom(seed);
const BATCH = 64;

/** One direction: what was sealed, what is on the way, what came out. */
class Direction {
  sealed = 0;
  opened = 0;
  wrong = 0;
  #wire = new Uint8Array(0);

  constructor(
    private readonly from: SecureStream,
    private readonly to: SecureStream,
  ) {}

  send(count: number): void {
    const records: Uint8Array[] = [this.#wire];
    for (let index = 0; index < count; index++) {
      const plaintext = new Uint8Array(4 + Math.floor(random.float() * 40));
      new DataView(plaintext.buffer).setUint32(0, this.sealed++);
      records.push(...(this.from.seal(plaintext) ?? []));
    }
    this.#wire = joined(records) as Uint8Array<ArrayBuffer>;
  }

  /** Delivers a part that ends anywhere. */
  deliver(part: number): void {
    const end = Math.floor(part * this.#wire.length);
    this.to.push(this.#wire.subarray(0, end));
    for (let plaintext = this.to.read(); plaintext !== undefined; plaintext = this.to.read()) {
      const index = new DataView(plaintext.buffer, plaintext.byteOffset).getUint32(0);
      if (index !== this.opened++) this.wrong++;
    }
    this.#wire = this.#wire.slice(end);
  }
}

const hooks = { rekey: { bytes: 2 ** 30, records: 10 } };
const [alice, bob] = [streamOf(ALICE, true, { hooks }), streamOf(BOB, false, { hooks })];
shakeHands(alice, bob);
const directions = [new Direction(alice, bob), new Direction(bob, alice)] as const;
while (directions[0].sealed < recordCount) {
  for (const direction of directions) {
    direction.send(1 + Math.floor(random.float() * BATCH));
    direction.deliver(random.float());
  }
}
for (const direction of directions) direction.deliver(1);

const [sealedCount, openedCount, wrongCount] = (['sealed', 'opened', 'wrong'] as const).map(
  (name) => directions[0][name] + directions[1][name],
);
const failures = [alice.failure, bob.failure].filter((failure) => failure !== undefined);
console.log(`seed ${seed}: sealed ${sealedCount}, opened ${openedCount}, out of order ${wrongCount}, failures ${failures.length}`);
process.exitCode = sealedCount === openedCount && wrongCount === 0 && failures.length === 0 ? 0 : 1;
