/**
 * @module Write rules: the sentences of the contract about writes: what a revision names, who holds what was acknowledged, and what is left of it.
 */
import { type Account, bestOf, branchOf, isWrite, type Write } from './account.js';
import type { Holdings, MapRule, MapViolation } from './history.js';

export type Rule = (account: Account) => MapViolation[];

export function violation(rule: MapRule, atMs: number, text: string): MapViolation {
  return { rule, atMs, text };
}

export const shortly = (revision: string | undefined) =>
  revision === undefined ? 'nothing' : `${revision.slice(0, 8)}.${Number.parseInt(revision.slice(8, 20), 16)}.${revision.slice(20, 24)}`;

/** No revision ever names two values. */
export const oneValuePerRevision: Rule = ({ operations }) => {
  const named = new Map<string, unknown>();
  const found: MapViolation[] = [];
  for (const { key, value, outcome, endMs } of operations) {
    const seen = outcome.type === 'written' ? value : outcome.type === 'read' ? outcome.value : undefined;
    if (!('revision' in outcome) || outcome.revision === undefined) continue;
    const name = outcome.revision;
    if (named.has(name) && named.get(name) !== seen)
      found.push(violation('one-value-per-revision', endMs, `${shortly(name)} of ${key} is ${seen} and ${named.get(name)}`));
    named.set(name, seen);
  }
  const writes = operations.filter(isWrite);
  const twice = writes.filter(({ outcome }, index) => writes.findIndex((other) => other.outcome.revision === outcome.revision) < index);
  return [
    ...found,
    ...twice.map(({ outcome, endMs }) => violation('one-value-per-revision', endMs, `two writes are ${shortly(outcome.revision)}`)),
  ];
};

/** A write that is acknowledged is held by its owner and a replica, or by the owner where that was asked. Who crashed while the answer came held it, too. */
export const heldWhenAcknowledged: Rule = (account) =>
  account.writes.flatMap(({ key, acknowledge, outcome: { revision, holders }, startMs, endMs }) => {
    const wanted = acknowledge === 'owner' ? 1 : 2;
    const crashed = account
      .all('crash')
      .filter(({ atMs, instance, holdings }) => atMs > startMs && atMs <= endMs && (holdings.get(instance)?.get(key) ?? '') >= revision);
    const count = new Set([...holders, ...crashed.map(({ instance }) => instance)]).size;
    const text = `${key} ${shortly(revision)} was acknowledged, held by ${count}`;
    return count >= wanted ? [] : [violation('held-when-acknowledged', endMs, text)];
  });

/** What stands at the end is no older than any acknowledged write that may not be lost. */
export const noAcknowledgedWriteLost: Rule = ({ writes, mayBeLost, history: { final, endMs } }) =>
  writes.flatMap(({ key, outcome: { revision } }) => {
    if (mayBeLost.has(revision)) return [];
    const last = final.get(key);
    if (last?.revision !== undefined && last.revision >= revision) return [];
    return [
      violation(
        'no-acknowledged-write-lost',
        endMs,
        `${key} ${shortly(revision)} was acknowledged; at the end there is ${shortly(last?.revision)}`,
      ),
    ];
  });

/** When all is settled, as many nodes as may hold the last acknowledged write of every key. */
export const repaired: Rule = (account) =>
  account.all('holdings').flatMap(({ atMs, holdings }) => {
    if (!account.isCalm(atMs)) return [];
    const wanted = Math.min(account.history.holders, holdings.size);
    return [...account.writesOf].flatMap(([key, writes]) => {
      const settled = writes.filter(
        ({ endMs, outcome }) => endMs <= atMs - account.history.settleMs && !account.mayBeLost.has(outcome.revision),
      );
      const newest = settled
        .map(({ outcome }) => outcome.revision)
        .sort()
        .at(-1);
      if (newest === undefined) return [];
      const count = holdersOf(holdings, key, newest);
      return count >= wanted ? [] : [violation('repaired', atMs, `${key} ${shortly(newest)} is held by ${count} of ${wanted}`)];
    });
  });

function holdersOf(holdings: Holdings, key: string, revision: string): number {
  return [...holdings.values()].filter((held) => (held.get(key) ?? '') >= revision).length;
}

/** While nothing is disturbed, a write that begins after another one of its key has ended has the higher revision. */
export const orderWithoutClocks: Rule = (account) =>
  [...account.writesOf.values()].flatMap((writes) =>
    writes.flatMap((later, index) => {
      const highest = writes
        .slice(0, index)
        .filter(({ endMs, outcome }) => endMs < later.startMs && !account.mayBeLost.has(outcome.revision));
      const before = highest.sort((one, other) => (one.outcome.revision < other.outcome.revision ? 1 : -1))[0];
      if (before === undefined || later.outcome.revision > before.outcome.revision || !account.isCalm(before.endMs, later.endMs)) return [];
      const text = `${later.key} ${shortly(later.outcome.revision)} was written after ${shortly(before.outcome.revision)}`;
      return [violation('order-without-clocks', later.endMs, text)];
    }),
  );

/** Of two comparisons with the same revision, at one owner, one alone is accepted. */
export const compareAndSetIsAtomic: Rule = ({ writes }) => {
  const accepted = new Map<string, Write>();
  return writes
    .filter(({ kind }) => kind === 'compare-and-set')
    .flatMap((write) => {
      const { key, expected, outcome, endMs } = write;
      const owner = outcome.revision.slice(0, 8) + outcome.revision.slice(20);
      // That there is nothing can be true again.
      const name = `${owner}/${key}/${expected}`;
      const other = expected === undefined ? undefined : accepted.get(name);
      accepted.set(name, write);
      const isLower = expected !== undefined && outcome.revision <= expected;
      if (other === undefined && !isLower) return [];
      const text = `${key} ${shortly(outcome.revision)} and ${shortly(other?.outcome.revision)} both followed ${shortly(expected)}`;
      return [violation('compare-and-set-is-atomic', endMs, text)];
    });
};

/** What was refused is seen by nobody. */
export const refusedIsNotDone: Rule = ({ operations, history: { final, endMs } }) => {
  const refused = new Set(operations.filter(({ kind, outcome }) => kind !== 'get' && outcome.type === 'refused').map(({ value }) => value));
  refused.delete(undefined);
  const reads = operations.flatMap(({ key, outcome, endMs: atMs }) =>
    outcome.type === 'read' && refused.has(outcome.value)
      ? [violation('refused-is-not-done', atMs, `${key} is ${outcome.value}, which was refused`)]
      : [],
  );
  const left = [...final].filter(([, { value }]) => refused.has(value));
  return [...reads, ...left.map(([key, { value }]) => violation('refused-is-not-done', endMs, `${key} is ${value}, which was refused`))];
};

const REPORT_MS = 10_000;

/** Within 10 s of a heal the last acknowledged write of a losing side is an event, of watches and at its writer. */
export const losersAreReported: Rule = (account) => {
  const partitions = account.all('partition');
  return account.all('heal').flatMap((heal) => {
    const partition = partitions.filter(({ atMs }) => atMs < heal.atMs).at(-1);
    const untilMs = heal.atMs + REPORT_MS;
    if (partition === undefined || account.hasCrash(partition.atMs, untilMs) || untilMs > account.history.endMs) return [];
    const isDisturbed = account.all('partition').some(({ atMs }) => atMs > heal.atMs && atMs < untilMs);
    if (isDisturbed) return [];
    return losersOf(account, partition, heal).flatMap((loser) => unreported(account, loser, heal.atMs, untilMs));
  });
};

type Part = ReturnType<Account['all']>[number] & { readonly type: 'partition' };
type Heal = ReturnType<Account['all']>[number] & { readonly type: 'heal' };

/** Of each side the last write that was acknowledged during the partition, if another side has a higher one. */
function losersOf(account: Account, { sides, atMs }: Part, heal: Heal): readonly Write[] {
  const sideOf = (instance: string) => sides.findIndex((side) => side.includes(instance));
  return [...account.writesOf].flatMap(([key, writes]) => {
    const within = writes.filter(({ startMs, endMs }) => startMs > atMs && endMs < heal.atMs);
    const last = new Map<number, Write>();
    for (const write of within) {
      const side = sideOf(write.instance);
      const known = last.get(side);
      if (known === undefined || known.outcome.revision < write.outcome.revision) last.set(side, write);
    }
    const best = bestOf(heal.holdings, key);
    return [...last.values()].filter(({ outcome }) => outcome.revision < best && sideHas(heal.holdings, sides, outcome.revision, key));
  });
}

/** It is what its own side holds: nothing of that side has overwritten it. */
function sideHas(holdings: Holdings, sides: readonly (readonly string[])[], revision: string, key: string): boolean {
  return sides.some((side) => {
    const held = side.map((instance) => holdings.get(instance)?.get(key) ?? '');
    return held.some((one) => one === revision) && held.every((one) => one <= revision);
  });
}

function unreported(account: Account, { key, outcome: { revision }, instance }: Write, fromMs: number, untilMs: number): MapViolation[] {
  // A write that had been begun may follow it on its own side at the very heal: then that is the last one.
  const isLast = (one: string) => one >= revision && branchOf(one) === branchOf(revision);
  const isMeant = (record: { readonly key: string; readonly revision: string; readonly atMs: number }) =>
    record.key === key && isLast(record.revision) && record.atMs <= untilMs;
  const found: MapViolation[] = [];
  const lives = account.all('start').filter((start) => start.instance === instance).length > 0;
  const isOwn = (record: { readonly instance: string; readonly revision: string }) =>
    record.instance === instance || record.revision > revision;
  if (lives && !account.all('superseded').some((record) => isOwn(record) && isMeant(record)))
    found.push(violation('losers-are-reported', untilMs, `the writer of ${key} ${shortly(revision)} was not sent that it has lost`));
  const seen = new Set(
    account
      .all('watched')
      .filter((record) => record.event === 'superseded' && isMeant(record))
      .map(({ watch }) => watch),
  );
  const ended = new Set(
    account
      .all('watch-ended')
      .filter(({ atMs }) => atMs <= untilMs)
      .map(({ watch }) => watch),
  );
  for (const { watch, atMs } of account.all('watch-began'))
    if (atMs < fromMs - account.history.settleMs && !ended.has(watch) && !seen.has(watch))
      found.push(violation('losers-are-reported', untilMs, `${watch} was not sent that ${key} ${shortly(revision)} has lost`));
  return found;
}
