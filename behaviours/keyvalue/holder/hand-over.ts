/**
 * @module HandOver: what is held of a map that belongs to others, or of which no owner was heard, is offered to its owner, which takes what it lacks;
 * when the owner and a replica have all of it, it need not be held here any more.
 */
import type { NodeId } from '../../../core/index.js';
import type { KeyValueHost, MapAgent } from '../host.js';
import { ASK, OFFER, STATUS } from '../messages.js';
import { HELD_SHARE } from '../options.js';
import { type Summary, summaryOf } from './ask.js';
import type { HeldMap } from './held-map.js';
import type { Owner } from './owner.js';
import type { Part } from './part.js';
import { Pull } from './pull.js';

const OFFER_MS = 2_000;
const CALL_MS = 2_000;

export interface HandOverUser {
  /** Whoever offered knows a later epoch than the owner here. */
  outdated(agent: MapAgent, map: string): void;
  /** What was offered is held by its owner and a replica. */
  taken(agent: MapAgent, map: HeldMap): void;
}

export class HandOver {
  constructor(
    private readonly host: KeyValueHost,
    private readonly user: HandOverUser,
  ) {}

  /** Not more often than every two seconds. */
  offer(agent: MapAgent, map: HeldMap, node: NodeId): void {
    if (agent.nowMs < map.offeredMs + OFFER_MS) return;
    map.offeredMs = agent.nowMs;
    const { digest } = map.state;
    const request = { node, op: OFFER, map: map.name, timeoutMs: CALL_MS };
    this.host.ask(
      agent,
      request,
      (writer) => writer.utf8(digest),
      (later, outcome) => {
        const isTaken = outcome.type === 'answer' && outcome.status === STATUS.ok && outcome.reader.u8() === 1;
        if (isTaken && map.state.digest === digest) this.user.taken(later, map);
      },
    );
  }

  /** As its owner, takes what a node has that offers it. */
  take(agent: MapAgent, part: Part, owner: Owner, node: NodeId): void {
    if (part.pulling.has(node)) return;
    part.pulling.add(node);
    const request = { node, op: ASK, map: part.map.name, timeoutMs: CALL_MS };
    this.host.ask(
      agent,
      request,
      (writer) => writer.u8(0),
      (later, outcome) => {
        const summary = summaryOf(outcome);
        if (summary === undefined || part.owner !== owner) return void part.pulling.delete(node);
        const done = (last: MapAgent, missing: readonly string[] | undefined) => {
          part.pulling.delete(node);
          if (missing !== undefined && part.owner === owner) this.tookAll(last, part, owner, node, summary);
        };
        new Pull(this.host, part.map, node, { onEntries: (last, entries) => owner.gained(last, entries), done }).start(
          later,
          summary.digests,
        );
      },
    );
  }

  private tookAll(agent: MapAgent, part: Part, owner: Owner, node: NodeId, { digest, isNew, epoch }: Summary): void {
    if (part.taken.size > this.host.settings.holders * HELD_SHARE) part.taken.clear();
    part.taken.set(node, digest);
    if (!isNew) part.map.isNew = false;
    if (epoch < owner.epoch) return;
    part.map.epoch = epoch;
    this.user.outdated(agent, part.map.name);
  }
}
