/**
 * @module Read rules: the sentences of the contract about reads and watches.
 */
import { type Account, branchOf } from './account.js';
import type { MapRecord, MapViolation } from './history.js';
import { type Rule, shortly, violation } from './write-rules.js';

const EPOCH_DIGITS = 8;

type Watched = Extract<MapRecord, { type: 'watched' }>;

/** That there is nothing is said only where somebody has had something: a holder that is not new. */
export const nothingOnlyFromThoseWhoKnow: Rule = (account) => {
  const knew = new Map<string, number>();
  for (const record of account.history.records)
    if ('holdings' in record)
      for (const [instance, held] of record.holdings) if (held.size > 0 && !knew.has(instance)) knew.set(instance, record.atMs);
  // Its holders know of a write from some time between its begin and its answer on.
  for (const { outcome, startMs } of account.writes)
    for (const holder of outcome.holders) knew.set(holder, Math.min(knew.get(holder) ?? startMs, startMs));
  return account.operations.flatMap(({ key, outcome, instance, startMs, endMs }) => {
    if (outcome.type !== 'read' || outcome.value !== undefined || outcome.revision !== undefined) return [];
    const side = sideAt(account, instance, startMs, endMs);
    const isKnown = [...knew].some(
      ([holder, sinceMs]) => sinceMs <= endMs && (side === undefined || side.includes(holder)) && livesAt(account, holder, startMs),
    );
    return isKnown ? [] : [violation('nothing-only-from-those-who-know', endMs, `${key} was said to be absent where nobody held the map`)];
  });
};

/** The side of a partition that lasted all the time; `undefined` for none. */
function sideAt(account: Account, instance: string, fromMs: number, toMs: number): readonly string[] | undefined {
  const last = account.history.records
    .filter((record) => (record.type === 'partition' || record.type === 'heal') && record.atMs <= fromMs)
    .at(-1);
  if (last?.type !== 'partition') return undefined;
  const isHealed = account.all('heal').some(({ atMs }) => atMs > last.atMs && atMs <= toMs);
  const started = account.all('start').filter(({ atMs }) => atMs > last.atMs && atMs <= toMs);
  const side = last.sides.find((one) => one.includes(instance));
  return isHealed || started.length > 0 ? undefined : side;
}

function livesAt(account: Account, instance: string, atMs: number): boolean {
  return !account.all('crash').some((crash) => crash.instance === instance && crash.atMs < atMs);
}

/** While nothing is disturbed, a read gives what was acknowledged before it began, or something newer. */
export const readsAreCurrent: Rule = (account) =>
  account.operations.flatMap(({ key, outcome, startMs, endMs }) => {
    if (outcome.type !== 'read' || !account.isCalm(startMs, endMs)) return [];
    const before = (account.writesOf.get(key) ?? []).filter(
      (write) => write.endMs < startMs && !account.mayBeLost.has(write.outcome.revision),
    );
    const newest = before
      .map((write) => write.outcome.revision)
      .sort()
      .at(-1);
    if (newest === undefined || (outcome.revision ?? '') >= newest) return [];
    if (outcome.value === undefined && account.mayBeAbsent(key, startMs, endMs)) return [];
    return [
      violation('reads-are-current', endMs, `${key} was read as ${shortly(outcome.revision)} after ${shortly(newest)} was acknowledged`),
    ];
  });

/** A session reads its own writes, whatever is disturbed. */
export const ownWritesAreRead: Rule = (account) =>
  account.operations.flatMap(({ key, outcome, instance, startMs, endMs }) => {
    if (outcome.type !== 'read') return [];
    const own = (account.writesOf.get(key) ?? []).filter((write) => write.instance === instance && write.endMs <= startMs);
    const last = own.at(-1);
    if (last !== undefined && account.mayBeLost.has(last.outcome.revision)) return [];
    if (last === undefined || (outcome.revision ?? '') >= last.outcome.revision) return [];
    // An own write that ended during the read may be what it gives.
    const during = (account.writesOf.get(key) ?? []).filter(
      (write) => write.instance === instance && write.endMs > startMs && write.startMs <= endMs,
    );
    if (during.some((write) => (outcome.revision ?? '') >= write.outcome.revision)) return [];
    if (outcome.value === undefined && account.wasEndedSince(key, last, endMs)) return [];
    return [
      violation(
        'own-writes-are-read',
        endMs,
        `${key} was read as ${shortly(outcome.revision)} after an own write ${shortly(last.outcome.revision)}`,
      ),
    ];
  });

/** Of each key a watch is sent revisions in rising order. */
export const watchRevisionsRise: Rule = (account) => {
  const last = new Map<string, string>();
  return account.all('watched').flatMap(({ watch, event, key, revision, atMs }) => {
    if (event === 'superseded') return [];
    const before = last.get(`${watch}/${key}`) ?? '';
    last.set(`${watch}/${key}`, revision);
    return revision > before
      ? []
      : [violation('watch-revisions-rise', atMs, `${watch} was sent ${key} ${shortly(revision)} after ${shortly(before)}`)];
  });
};

/** A watch that goes on has at the end what there is, and what it was not sent on the way was marked as coalesced, or has lost. */
export const watchMissesNothing: Rule = (account) => {
  const ended = new Set(account.all('watch-ended').map(({ watch }) => watch));
  const watched = account.all('watched');
  return account
    .all('watch-began')
    .filter(({ watch }) => !ended.has(watch))
    .flatMap(({ watch, atMs }) => {
      const events = watched.filter((one) => one.watch === watch);
      return [...missedAtTheEnd(account, watch, events), ...missedOnTheWay(account, watch, events, atMs)];
    });
};

function missedAtTheEnd({ history: { final, endMs } }: Account, watch: string, events: readonly Watched[]): MapViolation[] {
  return [...final].flatMap(([key, { revision, value }]) => {
    const last = events.filter((one) => one.key === key && one.event !== 'superseded').at(-1);
    // What was deleted before the watch began is no event.
    const isSame =
      last === undefined ? value === undefined : last.revision === revision || (last.event === 'delete' && value === undefined);
    return isSame
      ? []
      : [violation('watch-misses-nothing', endMs, `${watch} has ${key} ${shortly(last?.revision)}; there is ${shortly(revision)}`)];
  });
}

function missedOnTheWay(account: Account, watch: string, events: readonly Watched[], beganMs: number): MapViolation[] {
  return account.writes.flatMap(({ key, kind, outcome: { revision }, startMs, endMs }) => {
    const own = events.filter((one) => one.key === key);
    if (startMs < beganMs || account.mayBeLost.has(revision) || own.some((one) => one.revision === revision)) return [];
    // The first account names what there is, and not what was deleted before.
    if (kind === 'delete' && !events.some((one) => one.atMs < endMs)) return [];
    // What came before it has a higher revision only in another branch. One of the same epoch does not follow it, since two nodes took over at once, and
    // is an account of it only where it says so.
    const branch = branchOf(revision);
    const isAccount = (one: Watched) => one.isCoalesced || one.isInitial;
    const isBeside = (other: string) => other.startsWith(revision.slice(0, EPOCH_DIGITS)) && branchOf(other) !== branch;
    const next = own.find(
      (one) => one.event !== 'superseded' && one.atMs >= startMs && one.revision > revision && (isAccount(one) || !isBeside(one.revision)),
    );
    // Before the first account of all there is has come, the watch has not begun for the owner.
    if (next !== undefined && isAccount(next)) return [];
    // On a side that lost, the last write is reported; those that it followed have no event.
    if (own.some((one) => one.event === 'superseded' && one.revision >= revision && branchOf(one.revision) === branch)) return [];
    return [violation('watch-misses-nothing', endMs, `${watch} was sent neither ${key} ${shortly(revision)} nor that it was passed over`)];
  });
}

/** A watch that does not go on says why. */
export const watchEndsWithAReason: Rule = (account) =>
  account
    .all('watch-ended')
    .filter(({ reason }) => reason === undefined)
    .map(({ watch, atMs }) => violation('watch-ends-with-a-reason', atMs, `${watch} ended without a reason`));
