/**
 * @module Storing: brings a record to the nodes closest to its key, this node among them where it is one.
 */
import { type BehaviorAgent, NetworkError, type NodeId } from '../../../core/index.js';
import type { FoundNode } from '../lookup/lookup.js';
import type { Lookups } from '../lookup/lookups.js';
import type { Asking } from '../query/asking.js';
import { closestOf } from '../table/closest.js';
import { prefixOf } from '../table/contact.js';
import type { Keeping } from './keeping.js';
import { OP_STORE, STORE_RESULTS, type StoreResult, storeBody } from './messages.js';

/** A node that answered, and its token. */
export interface Holder {
  readonly node: FoundNode;
  readonly token: Uint8Array;
}

export interface StoredRecord {
  readonly key: NodeId;
  readonly record: Uint8Array;
  readonly ttlMs: number;
}

export interface StoringOptions {
  readonly copies?: number;
  readonly expected?: number;
}

export interface Stored {
  readonly key: NodeId;
  readonly stored: number;
  readonly asked: number;
}

export interface StoringParts {
  readonly self: NodeId;
  readonly lookups: Lookups;
  readonly asking: Asking;
  readonly keeping: Keeping;
  readonly k: number;
  act<T>(work: (agent: BehaviorAgent) => T): T;
}

const COPIES = 5;

export class Storing {
  constructor(private readonly parts: StoringParts) {}

  /** Resolves when enough keep it; the others go on. */
  at({ key, record, ttlMs }: StoredRecord, holders: readonly Holder[], { copies = COPIES, expected }: StoringOptions): Promise<Stored> {
    const { act, self, k, keeping } = this.parts;
    const own = { nodeId: self, prefix: prefixOf(self), holder: undefined };
    const all = [own, ...holders.map((holder) => ({ nodeId: holder.node.nodeId, prefix: prefixOf(holder.node.nodeId), holder }))];
    const nearest = closestOf<{ readonly nodeId: NodeId; readonly prefix: number; readonly holder: Holder | undefined }>(all, key, k);
    const targets = nearest.flatMap(({ holder }) => holder ?? []);
    return new Promise((resolve, reject) => {
      const outcomes: (StoreResult | 'silent')[] = [];
      if (nearest.includes(own)) outcomes.push(act((agent) => keeping.keep(agent, { key, record, ttlMs, expected }, self)));
      const asked = targets.length + outcomes.length;
      const settle = () => {
        const stored = outcomes.filter((outcome) => outcome === 'stored').length;
        if (stored >= Math.min(copies, asked)) resolve({ key, stored, asked });
        else if (outcomes.length === asked) {
          if (stored > 0) resolve({ key, stored, asked });
          else reject(refused(key, outcomes));
        }
      };
      for (const target of targets)
        this.on(target, { key, record, ttlMs, expected }, (outcome) => {
          outcomes.push(outcome);
          settle();
        });
      settle();
    });
  }

  /** One node; the outcome is known once, perhaps during this call. */
  on(
    { node, token }: Holder,
    wish: { readonly key: NodeId; readonly record: Uint8Array; readonly ttlMs: number; readonly expected: number | undefined },
    settle: (outcome: StoreResult | 'silent') => void,
  ): void {
    const { asking, lookups, act } = this.parts;
    act((agent) => {
      const question = {
        ...{ op: OP_STORE, chain: [...node.via, node.nodeId], body: storeBody({ ...wish, token }) },
        waitMs: lookups.latency.lateMs(node.via.length + 1),
      };
      const ask = asking.ask(agent, question, (_later, { code, body }) =>
        settle((code === 'ok' && STORE_RESULTS[body[0] ?? 255]) || 'silent'),
      );
      if (ask === undefined) settle('silent');
    });
  }
}

function refused(key: NodeId, outcomes: readonly (StoreResult | 'silent')[]): NetworkError {
  const isChanged = outcomes.some((outcome) => outcome === 'mismatch' || outcome === 'older');
  const details = { key, outcomes };
  if (isChanged) return new NetworkError('VALUE_CHANGED', 'another value was put meanwhile', { details });
  return new NetworkError('VALUE_REFUSED', `no node keeps it: ${[...new Set(outcomes)].join(', ')}`, { details });
}
