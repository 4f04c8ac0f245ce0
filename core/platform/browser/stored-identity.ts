/** @module StoredIdentity: the identity of a page, kept in a database of its origin, so that a reload keeps it. */
import type { Random } from '../../api/ports.js';
import { NetworkError } from '../../errors.js';
import type { Crypto } from '../../security/crypto.js';
import { Identity, SEED_BYTES } from '../../security/identity.js';
import { completionOf, openDatabase, resultOf } from './indexed-db.js';

const SEED = 'seed';

/**
 * The identity that the database of that name has, made when it has none; two pages that ask at once get the same one. All scripts of the page's
 * origin can read it.
 */
export async function storedIdentity(name: string, crypto: Crypto, random: Random): Promise<Identity> {
  const database = await openDatabase(name);
  try {
    const transaction = database.transaction('identity', 'readwrite');
    const completion = completionOf(transaction);
    const store = transaction.objectStore('identity');
    const seed = await resultOf(store.get(SEED));
    const identity = seed === undefined ? Identity.generate(crypto, random) : identityOf(name, seed, crypto);
    if (seed === undefined) store.put(identity.exportSeed(), SEED);
    await completion;
    return identity;
  } finally {
    database.close();
  }
}

function identityOf(name: string, seed: unknown, crypto: Crypto): Identity {
  if (seed instanceof Uint8Array && seed.length === SEED_BYTES) return Identity.fromSeed(seed, crypto);
  throw new NetworkError('CRYPTO_FAILED', `the identity in the database ${name} is damaged`, { details: { directory: name } });
}
