/**
 * @module Roles: whether this node is the owner of a map, becomes it, is a replica, or holds what belongs to others, and what follows: it takes over,
 * answers what waited for that, hands over to another owner, and lets go of what that one has taken.
 */
import { BoundedMap, type NodeId, type TableReport } from '../../../core/index.js';
import { EPOCH_MAX, randomId } from '../entries/revision.js';
import type { KeyValueHost, MapAgent, Placed, Reply } from '../host.js';
import { STATUS } from '../messages.js';
import { HELD_SHARE, SOURCE_SHARE } from '../options.js';
import { HandOver } from './hand-over.js';
import { HeldMap } from './held-map.js';
import { Journal } from './journal.js';
import { Owner } from './owner.js';
import { isUnused, newPart, type Part, type Run, refusalOf } from './part.js';
import { tableOf } from './table.js';
import { type TakenOver, TakeOver } from './take-over.js';

/** How often everything is looked at; changes of the router table and lost connections are looked at at once. */
export const BEAT_MS = 500;
/** A replica that has not heard its owner for so long speaks up. */
const UNHEARD_MS = 5_000;
/** A take-over that found nobody is tried again after so long. */
const RETRY_MS = 1_000;
const NOTIFY_MS = 2_000;
/** Maps that are not held any more whose epochs are remembered. */
const EPOCHS_MAX = 8_192;

export class Roles {
  readonly maps = new Map<string, HeldMap>();
  readonly journal: Journal;
  private readonly parts = new Map<string, Part>();
  private readonly handOver: HandOver;
  /** Of maps that were let go: one that is founded anew here must not stamp what this instance has stamped before. */
  private readonly epochs = new BoundedMap<string, number>(EPOCHS_MAX);

  constructor(private readonly host: KeyValueHost) {
    this.journal = new Journal(host, this.maps);
    this.handOver = new HandOver(host, {
      outdated: (agent, name) => this.depose(agent, name),
      taken: (agent, map) => this.handedOver(agent, map),
    });
  }

  get table(): TableReport {
    return tableOf(this.parts, this.host.self);
  }

  get watchCount(): number {
    return [...this.parts.values()].reduce((sum, { owner }) => sum + (owner?.watchers.size ?? 0), 0);
  }

  get ownedCount(): number {
    return [...this.parts.values()].filter(({ owner }) => owner !== undefined).length;
  }

  /** What was held when this node ran last. If something of it is damaged, this node is a new holder of all of it: what it lacks may exist elsewhere. */
  restore(agent: MapAgent): void {
    const damaged = this.journal.replay(agent.nowMs, {
      onEntry: (name, entry) => void this.ensure(agent, name, undefined)?.map.state.merge(entry, agent.nowMs),
      onFacts: (name, facts) => {
        const map = this.ensure(agent, name, undefined)?.map;
        if (map !== undefined) Object.assign(map, facts);
      },
      onDrop: (name) => this.remove(name),
    });
    if (damaged === 0) return;
    for (const map of this.maps.values()) map.isNew = true;
    const facts = { damaged, maps: this.maps.size };
    this.host.log.warn(facts, 'the log of maps is damaged: what it has lost is asked of the other holders of each map');
  }

  ownerOf(name: string): Owner | undefined {
    return this.parts.get(name)?.owner;
  }

  /** The map, from now on; or none, where there is no room. */
  held(agent: MapAgent, name: string): HeldMap | undefined {
    return this.ensure(agent, name, undefined)?.map;
  }

  /** Runs it as the owner, at once or when this node is that; answers it otherwise. */
  asOwner(agent: MapAgent, name: string, reply: Reply, run: Run): void {
    const placed = this.host.placed(agent, name);
    if (placed?.nodes[0] !== this.host.self) return this.redirect(agent, reply, placed);
    const part = this.ensure(agent, name, reply.source);
    if (part === undefined) {
      const { mapsMax } = this.host.settings;
      return reply.send(agent, STATUS.limit, (writer) => writer.u8(4).u48(this.maps.size).u48(mapsMax));
    }
    part.usedMs = agent.nowMs;
    if (part.owner !== undefined) return run(agent, part.owner);
    if (agent.nowMs < part.failedMs + RETRY_MS) return reply.send(agent, STATUS.noReplica, (writer) => writer.u8(0));
    part.waiting.push({ reply, run });
    this.takeOver(agent, part, placed);
  }

  /** Another owner, of a later epoch, speaks for the map, or is about to. */
  depose(agent: MapAgent, name: string): void {
    const part = this.parts.get(name);
    if (part === undefined) return;
    part.takeOver?.end();
    part.takeOver = undefined;
    const { owner } = part;
    part.owner = undefined;
    owner?.end(agent);
    for (const { reply } of part.waiting.splice(0)) reply.send(agent, STATUS.noReplica, (writer) => writer.u8(0));
    this.host.wake(agent, agent.nowMs + BEAT_MS / 4);
  }

  /** Somebody has what may belong here. Whether all of it is held here and by a replica. */
  offered(agent: MapAgent, name: string, source: NodeId, digest: string, reply: Reply): void {
    this.asOwner(agent, name, reply, (later, owner) => {
      const part = this.parts.get(name) as Part;
      const isTaken = part.taken.get(source) === digest && owner.isHeld;
      if (!isTaken) this.handOver.take(later, part, owner, source);
      else part.taken.delete(source);
      reply.send(later, STATUS.ok, (writer) => writer.u8(isTaken ? 1 : 0));
    });
  }

  /** Everything that time and changes of the network bring. */
  look(agent: MapAgent): void {
    for (const part of [...this.parts.values()]) this.lookAt(agent, part);
    this.journal.look(agent);
    if (this.parts.size > 0) this.host.wake(agent, agent.nowMs + BEAT_MS);
  }

  stop(agent: MapAgent): void {
    for (const part of this.parts.values()) {
      part.takeOver?.end();
      for (const { reply } of part.waiting.splice(0)) reply.send(agent, STATUS.noReplica, (writer) => writer.u8(0));
      part.owner?.end(agent);
      part.owner = undefined;
    }
  }

  private lookAt(agent: MapAgent, part: Part): void {
    const { map } = part;
    const placed = this.host.placed(agent, map.name);
    if (placed === undefined) return part.owner?.look(agent);
    const isOwner = placed.nodes[0] === this.host.self;
    if (!isOwner && (part.owner !== undefined || part.takeOver !== undefined)) this.depose(agent, map.name);
    if (part.owner !== undefined) return this.lookAtOwned(agent, part, part.owner, placed);
    if (isOwner) {
      if (!map.isEmpty || part.waiting.length > 0) this.takeOver(agent, part, placed);
      else if (isUnused(agent, part) && part.takeOver === undefined) this.drop(map.name);
      return;
    }
    map.state.takeDue(agent.nowMs);
    const isReplica = placed.nodes.includes(this.host.self);
    if (map.isEmpty) return !isReplica || isUnused(agent, part) ? this.drop(map.name) : undefined;
    if (!isReplica || agent.nowMs >= map.heardMs + UNHEARD_MS) this.handOver.offer(agent, map, placed.nodes[0] as NodeId);
  }

  private lookAtOwned(agent: MapAgent, part: Part, owner: Owner, placed: Placed): void {
    owner.place(agent, placed);
    if (agent.nowMs >= part.notifiedMs + NOTIFY_MS) {
      part.notifiedMs = agent.nowMs;
      owner.notify(agent);
    }
    if (isUnused(agent, part) && owner.watchers.size === 0) {
      owner.end(agent);
      this.drop(part.map.name);
    }
  }

  private takeOver(agent: MapAgent, part: Part, placed: Placed): void {
    if (part.takeOver !== undefined || agent.nowMs < part.failedMs + RETRY_MS) return;
    part.takeOver = new TakeOver(this.host, part.map, (later, result) => this.takenOver(later, part, result));
    part.takeOver.start(agent, placed);
  }

  private takenOver(agent: MapAgent, part: Part, { isKnown, isWhole, empty }: TakenOver): void {
    part.takeOver = undefined;
    const placed = this.host.placed(agent, part.map.name);
    const isOwner = placed?.nodes[0] === this.host.self;
    if (!isOwner || !(isKnown || isWhole)) {
      part.failedMs = agent.nowMs;
      for (const { reply } of part.waiting.splice(0)) {
        if (isOwner) reply.send(agent, STATUS.noReplica, (writer) => writer.u8(0));
        else this.redirect(agent, reply, placed);
      }
      return;
    }
    const { map } = part;
    if (map.epoch >= EPOCH_MAX) return this.usedUp(agent, part);
    if (isKnown) map.isNew = false;
    map.epoch++;
    map.ownerInstance = this.host.instance;
    map.holders = placed.nodes;
    this.journal.facts(map);
    this.host.counters.takeOvers++;
    const owner = new Owner(this.host, map, this.journal, map.epoch, {
      refuses: (source, keys, bytes) => refusalOf(this.parts.values(), this.host.settings, source, { keys, bytes }),
      deposed: (later) => this.depose(later, map.name),
    });
    part.owner = owner;
    part.notifiedMs = agent.nowMs;
    owner.place(agent, placed, empty);
    owner.spreadLosses(agent);
    owner.expireOverdue(agent);
    for (const { run, reply } of part.waiting.splice(0)) if (!reply.isOver) run(agent, owner);
  }

  /** What a later owner would write has no form, so that no replica would take it. */
  private usedUp(agent: MapAgent, part: Part): void {
    part.failedMs = agent.nowMs;
    this.host.log.error({ map: part.map.name }, 'the epochs of a map are used up: nobody can own it any more');
    for (const { reply } of part.waiting.splice(0))
      reply.send(agent, STATUS.limit, (writer) => writer.u8(6).u48(part.map.epoch).u48(EPOCH_MAX));
  }

  /** Its owner has it, and a replica: unless it belongs here again. */
  private handedOver(agent: MapAgent, map: HeldMap): void {
    const placed = this.host.placed(agent, map.name);
    if (placed === undefined || placed.nodes.includes(this.host.self) || this.ownerOf(map.name) !== undefined) return;
    this.host.counters.mapsHandedOver++;
    this.drop(map.name);
  }

  private redirect(agent: MapAgent, reply: Reply, placed: Placed | undefined): void {
    reply.send(agent, STATUS.notOwner, (writer) => writer.utf8(placed?.nodes[0] ?? this.host.self));
  }

  /** `opener`: who asks for it here, as at its owner; nobody: an owner pushes it, or it was held before. */
  private ensure(agent: MapAgent, name: string, opener: NodeId | undefined): Part | undefined {
    const known = this.parts.get(name);
    if (known !== undefined) return known;
    const { mapsMax } = this.host.settings;
    const opened = [...this.parts.values()].filter((part) => part.opener !== undefined);
    const own = opened.filter((part) => part.opener === opener).length;
    const isFull = opened.length >= mapsMax || own >= Math.max(1, Math.floor(mapsMax / SOURCE_SHARE));
    if (opener === undefined ? this.parts.size >= HELD_SHARE * mapsMax : isFull) return undefined;
    const map = new HeldMap(name, randomId(agent), (entry, nowMs) => this.journal.entry(name, entry, nowMs));
    map.epoch = this.epochs.get(name) ?? 0;
    const part = newPart(map, opener, agent.nowMs);
    this.parts.set(name, part);
    this.maps.set(name, map);
    this.host.wake(agent, agent.nowMs + BEAT_MS);
    return part;
  }

  private drop(name: string): void {
    this.journal.drop(name);
    this.remove(name);
  }

  private remove(name: string): void {
    const epoch = this.maps.get(name)?.epoch ?? 0;
    if (epoch > 0) this.epochs.set(name, epoch);
    this.parts.delete(name);
    this.maps.delete(name);
  }
}
