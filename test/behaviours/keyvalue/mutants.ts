/**
 * @module Mutants: for each sentence of the contract of maps, an implementation that breaks it, made by changing a method inside. The checker has to find
 * every one of them, and nothing without one.
 */
import { MapState } from '../../../behaviours/keyvalue/entries/map-state.js';
import { NONE, revisionOf } from '../../../behaviours/keyvalue/entries/revision.js';
import { Owner } from '../../../behaviours/keyvalue/holder/owner.js';
import { Feed } from '../../../behaviours/keyvalue/session/feed.js';
import { OwnWrites } from '../../../behaviours/keyvalue/session/own-writes.js';
import { checkMapHistory, type MapRule } from '../../../testing/index.js';
import { type HistoryPlan, HistoryRun } from './histories.js';

// biome-ignore lint/suspicious/noExplicitAny: what is changed is private
type Methods = Record<string, any>;

export interface Mutant {
  readonly rule: MapRule;
  readonly what: string;
  /** Changes the implementation; returns what changes it back. */
  readonly change: () => () => void;
  readonly plan?: Omit<HistoryPlan, 'seed'>;
}

/** Puts another method in the place of one, which it is given. */
function patch(type: { readonly prototype: object }, name: string, make: (real: Methods[string]) => Methods[string]): () => void {
  const methods = type.prototype as Methods;
  const real = methods[name];
  if (typeof real !== 'function') throw new Error(`there is no method ${name} that could be broken`);
  methods[name] = make(real);
  return () => {
    methods[name] = real;
  };
}

export const MUTANTS: readonly Mutant[] = [
  {
    rule: 'one-value-per-revision',
    what: 'the counter stands still every second time',
    change: () =>
      patch(
        Owner,
        'nextRevision',
        () =>
          function (this: Methods) {
            this['counter'] += 0.5;
            return revisionOf(this['epoch'], Math.ceil(this['counter']), this['host'].instance);
          },
      ),
  },
  {
    rule: 'held-when-acknowledged',
    what: 'the owner alone is enough for every write',
    change: () =>
      patch(
        Owner,
        'write',
        (real) =>
          function (this: Methods, agent: unknown, fields: object, reply: unknown) {
            return real.call(this, agent, { ...fields, isOwnerEnough: true }, reply);
          },
      ),
  },
  {
    rule: 'no-acknowledged-write-lost',
    what: 'all holders forget some writes',
    change: () =>
      patch(
        MapState,
        'takeDue',
        (real) =>
          function (this: Methods, nowMs: number) {
            const { revision } = this['get']('k0') ?? {};
            if (revision !== undefined && Number.parseInt(revision.slice(8, 20), 16) % 3 === 0) this['forget']('k0');
            return real.call(this, nowMs);
          },
      ),
    plan: { crashes: 0, partitions: 0 },
  },
  {
    rule: 'repaired',
    what: 'a replica that is missed is not replaced',
    change: () =>
      patch(
        Owner,
        'place',
        (real) =>
          function (this: Methods, agent: unknown, placed: { nodes: readonly unknown[] }) {
            return real.call(this, agent, { ...placed, nodes: placed.nodes.slice(0, 2) });
          },
      ),
  },
  {
    rule: 'nothing-only-from-those-who-know',
    what: 'an owner that is new says that there is nothing',
    change: () =>
      patch(
        Owner,
        'find',
        (real) =>
          function (this: Methods, agent: unknown, key: unknown) {
            this['map'].isNew = false;
            return real.call(this, agent, key);
          },
      ),
    plan: { paceMs: 400, partitions: 5, operations: 300 },
  },
  {
    rule: 'reads-are-current',
    what: 'an owner answers with what it has read a moment ago',
    change: () =>
      patch(
        Owner,
        'find',
        (real) =>
          function (this: Methods, agent: { nowMs: number }, key: string) {
            this['seen'] ??= new Map();
            const seen = this['seen'].get(key);
            if (seen !== undefined && agent.nowMs < seen.atMs + 3_000) return seen.entry;
            const entry = this['map'].state.get(key);
            if (entry !== undefined) this['seen'].set(key, { entry, atMs: agent.nowMs });
            return real.call(this, agent, key);
          },
      ),
    plan: { crashes: 0, partitions: 0 },
  },
  {
    rule: 'own-writes-are-read',
    what: 'a session does not look at what it has written',
    change: () => patch(OwnWrites, 'isCurrent', () => () => true),
    plan: { partitions: 6, crashes: 0, keys: 3 },
  },
  {
    rule: 'order-without-clocks',
    what: 'revisions follow something that may go back',
    change: () =>
      patch(
        Owner,
        'nextRevision',
        () =>
          function (this: Methods) {
            this['counter'] += 1;
            return revisionOf(this['epoch'], 1_000_000 + (this['counter'] % 7) * 10_000 + this['counter'], this['host'].instance);
          },
      ),
    plan: { crashes: 0, partitions: 0 },
  },
  {
    rule: 'compare-and-set-is-atomic',
    what: 'what is expected is not compared',
    change: () =>
      patch(
        Owner,
        'write',
        (real) =>
          function (this: Methods, agent: unknown, fields: object, reply: unknown) {
            return real.call(this, agent, { ...fields, expected: undefined }, reply);
          },
      ),
    plan: { paceMs: 15, keys: 1, operations: 600, crashes: 0, partitions: 0 },
  },
  {
    rule: 'refused-is-not-done',
    what: 'an unequal comparison writes all the same',
    change: () =>
      patch(
        Owner,
        'write',
        (real) =>
          function (this: Methods, agent: unknown, fields: { expected?: string; key: string }, reply: Methods) {
            const now = this['map'].state.get(fields.key);
            const revision = now?.value === undefined ? NONE : now.revision;
            if (fields.expected !== undefined && fields.expected !== revision)
              this['commit'](agent, this['stamp'](agent, now, fields, reply['source']));
            return real.call(this, agent, fields, reply);
          },
      ),
    plan: { paceMs: 15, keys: 1, operations: 600, crashes: 0, partitions: 0 },
  },
  {
    rule: 'losers-are-reported',
    what: 'who has lost is not noticed',
    change: () =>
      patch(
        MapState,
        'merge',
        (real) =>
          function (this: Methods, entry: unknown, nowMs: number) {
            return { isNews: real.call(this, entry, nowMs).isNews };
          },
      ),
    plan: { partitions: 2, crashes: 0, paceMs: 100, operations: 700 },
  },
  {
    rule: 'watch-revisions-rise',
    what: 'a watch is sent changes again',
    change: () =>
      patch(
        Feed,
        'takeEntry',
        (real) =>
          function (this: Methods, entry: { key: string }) {
            const before = this['known'].get(entry.key);
            const isGoingOn = real.call(this, entry);
            if (before !== undefined)
              for (const follower of this['followers']) follower.onChange({ entry: before, isCoalesced: false, isInitial: false });
            return isGoingOn;
          },
      ),
  },
  {
    rule: 'watch-misses-nothing',
    what: 'a watch loses one change of seven',
    change: () => {
      let count = 0;
      return patch(
        Feed,
        'takeEntry',
        (real) =>
          function (this: Methods, entry: unknown) {
            return ++count % 7 === 0 ? true : real.call(this, entry);
          },
      );
    },
  },
  {
    rule: 'watch-ends-with-a-reason',
    what: 'a watch that cannot go on just ends',
    change: () =>
      patch(
        Feed,
        'end',
        (real) =>
          function (this: Methods) {
            return real.call(this);
          },
      ),
    plan: { partitions: 6, crashes: 0 },
  },
];

/** How many seeds it takes until the checker names the rule; `undefined`: it does not. */
export async function seedsUntilCaught({ rule, change, plan }: Mutant, seedsMax: number): Promise<number | undefined> {
  const changeBack = change();
  try {
    for (let seed = 1; seed <= seedsMax; seed++) {
      const history = await new HistoryRun({ ...plan, seed }).run().catch(() => undefined);
      if (history !== undefined && checkMapHistory(history).some((violation) => violation.rule === rule)) return seed;
    }
    return undefined;
  } finally {
    changeBack();
  }
}
