/**
 * @module Seeded identities and randomness, so that every run of a test is the same.
 */
import { type Crypto, Identity } from '../core/index.js';
import { SeededRandom, simulatedCrypto } from '../transports/simulated/index.js';

/** A seeded random generator: equal seeds, equal sequences. */
export function seededRandom(...seed: readonly (string | number)[]): SeededRandom {
  return new SeededRandom(...seed);
}

/** The identity of a number, always the same one. Of the simulated crypto, unless another is given; nodes that meet need the same. */
export function seededIdentity(seed: string | number, crypto: Crypto = simulatedCrypto): Identity {
  return Identity.generate(crypto, new SeededRandom('identity', seed));
}

/** Identities in ascending order of their node ids: who decides about duplicates follows from it. */
export function orderedIdentities(count: number, crypto: Crypto = simulatedCrypto): readonly Identity[] {
  const identities = Array.from({ length: count }, (_, index) => seededIdentity(index + 1, crypto));
  return identities.sort((left, right) => (left.nodeId < right.nodeId ? -1 : 1));
}
