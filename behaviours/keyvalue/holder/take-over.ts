/**
 * @module TakeOver: how a node becomes the owner of a map. It asks the nodes that the map belongs to now, those that come next, and the holders that any of
 * these names; it takes from each that is not new what it lacks; then its epoch is one above the highest that it has seen. If nobody but new ones
 * answered, the map can only be founded by a first write, and only when everybody who was asked did answer.
 */
import type { NodeId } from '../../../core/index.js';
import type { Entry } from '../entries/entry.js';
import type { KeyValueHost, MapAgent, Placed } from '../host.js';
import { ASK } from '../messages.js';
import { type Summary, summaryOf } from './ask.js';
import type { HeldMap } from './held-map.js';
import { Pull } from './pull.js';

const CALL_MS = 2_000;
const ASKED_MAX = 32;
/** In an `ASK`: the asker is about to be the owner. */
export const IS_TAKE_OVER = 1;

export interface TakenOver {
  /** At least one holder that is not new has been heard, which may be this node. */
  readonly isKnown: boolean;
  /** All that were asked have answered. */
  readonly isWhole: boolean;
  /** Nodes that are new and hold nothing. */
  readonly empty: ReadonlySet<NodeId>;
}

export class TakeOver {
  private readonly asked = new Set<NodeId>();
  private readonly empty = new Set<NodeId>();
  private open = 0;
  private isWhole = true;
  private isKnown: boolean;
  private isEnded = false;

  constructor(
    private readonly host: KeyValueHost,
    private readonly map: HeldMap,
    private readonly done: (agent: MapAgent, result: TakenOver) => void,
  ) {
    this.isKnown = !map.isNew;
  }

  start(agent: MapAgent, { nodes, others }: Placed): void {
    this.open++;
    for (const node of [...nodes, ...others, ...this.map.holders]) this.ask(agent, node);
    this.settled(agent);
  }

  end(): void {
    this.isEnded = true;
  }

  private ask(agent: MapAgent, node: NodeId): void {
    if (node === this.host.self || this.asked.has(node) || this.asked.size >= ASKED_MAX) return;
    this.asked.add(node);
    this.open++;
    const request = { node, op: ASK, map: this.map.name, timeoutMs: CALL_MS };
    this.host.ask(
      agent,
      request,
      (writer) => writer.u8(IS_TAKE_OVER),
      (later, outcome) => {
        const summary = summaryOf(outcome);
        if (this.isEnded) return;
        // A holder that no path leads to any more cannot be asked.
        const isGone = outcome.type === 'failure' && outcome.failure === 'no-route';
        if (summary === undefined) this.isWhole &&= isGone;
        else this.answered(later, node, summary);
        this.settled(later);
      },
    );
  }

  private answered(agent: MapAgent, node: NodeId, { isNew, epoch, holders, digests }: Summary): void {
    this.map.epoch = Math.max(this.map.epoch, epoch);
    for (const holder of holders) this.ask(agent, holder);
    if (digests.length === 0) {
      if (isNew) this.empty.add(node);
      else this.isKnown = true;
      return;
    }
    this.open++;
    const done = (later: MapAgent, missing: readonly string[] | undefined) => {
      if (missing === undefined) this.isWhole = false;
      else if (!isNew) this.isKnown = true;
      this.settled(later);
    };
    new Pull(this.host, this.map, node, { onEntries: (later, entries) => this.take(later, entries), done }).start(agent, digests);
  }

  private take(agent: MapAgent, entries: readonly Entry[]): void {
    for (const entry of entries) this.map.merge(entry, agent.nowMs);
  }

  private settled(agent: MapAgent): void {
    this.open--;
    if (this.open > 0 || this.isEnded) return;
    this.isEnded = true;
    this.done(agent, { isKnown: this.isKnown, isWhole: this.isWhole, empty: this.empty });
  }
}
