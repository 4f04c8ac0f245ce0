/**
 * @module CheckMapHistory: whether a history of a shared map keeps the contract of `docs/maps.md`: one rule for each sentence.
 */
import { Account } from './account.js';
import type { MapHistory, MapRule, MapViolation } from './history.js';
import * as reads from './read-rules.js';
import * as writes from './write-rules.js';

/** The rules by name. */
export const MAP_RULES: Readonly<Record<MapRule, writes.Rule>> = {
  'one-value-per-revision': writes.oneValuePerRevision,
  'held-when-acknowledged': writes.heldWhenAcknowledged,
  'no-acknowledged-write-lost': writes.noAcknowledgedWriteLost,
  repaired: writes.repaired,
  'nothing-only-from-those-who-know': reads.nothingOnlyFromThoseWhoKnow,
  'reads-are-current': reads.readsAreCurrent,
  'own-writes-are-read': reads.ownWritesAreRead,
  'order-without-clocks': writes.orderWithoutClocks,
  'compare-and-set-is-atomic': writes.compareAndSetIsAtomic,
  'refused-is-not-done': writes.refusedIsNotDone,
  'losers-are-reported': writes.losersAreReported,
  'watch-revisions-rise': reads.watchRevisionsRise,
  'watch-misses-nothing': reads.watchMissesNothing,
  'watch-ends-with-a-reason': reads.watchEndsWithAReason,
};

/** What does not hold, in the order of the rules; nothing: the history keeps the contract, as far as it shows. */
export function checkMapHistory(history: MapHistory): readonly MapViolation[] {
  const account = new Account(history);
  return Object.values(MAP_RULES).flatMap((rule) => rule(account));
}
