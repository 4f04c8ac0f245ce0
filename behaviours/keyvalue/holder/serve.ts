/**
 * @module Serve: answers what other nodes ask of this one: reads, writes and watches, where it is the owner; pushes of owners, where it is a replica;
 * and what holders ask each other. What has no form is counted and answered so.
 */
import type { ByteReader, NodeId } from '../../../core/index.js';
import { type Entry, KEY_BYTES_MAX, readEntry, readText, TTL_MS_MAX, VALUE_BYTES_MAX } from '../entries/entry.js';
import { EPOCH_MAX, readInstance } from '../entries/revision.js';
import type { KeyValueHost, MapAgent, Reply } from '../host.js';
import {
  ASK,
  FETCH,
  GET,
  KEYS,
  NOTIFY,
  OFFER,
  PAGE_ITEMS,
  PUSH,
  putAnswer,
  READS_MAX,
  type Request,
  readList,
  readNodes,
  readSuperseded,
  STATUS,
  type Superseded,
  takeWatch,
  takeWrite,
  WATCH,
  WRITE,
  writePage,
  writeSuperseded,
} from '../messages.js';
import { HELD_SHARE } from '../options.js';
import { writeSummary } from './ask.js';
import type { HeldMap } from './held-map.js';
import { answerFetch, answerKeys } from './pull.js';
import { COMPLETE, DIFFERS, SUPERSEDED_PER_PUSH } from './replication.js';
import { Roles } from './roles.js';
import { IS_TAKE_OVER } from './take-over.js';

const DIGEST_DIGITS = 16;

interface Push {
  readonly epoch: number;
  readonly instance: string;
  readonly isComplete: boolean;
  readonly digest: string;
  readonly holders: readonly NodeId[];
  readonly entries: readonly Entry[];
  readonly losses: readonly Superseded[];
}

export class Serve {
  readonly roles: Roles;

  constructor(
    private readonly host: KeyValueHost,
    /** Writes of this node have lost. */
    private readonly onLost: (map: string, losses: readonly Superseded[]) => void,
  ) {
    this.roles = new Roles(host);
  }

  /** The reader stands behind the name of the map, and is valid during the call. */
  request(agent: MapAgent, { op, map }: Request, reader: ByteReader, reply: Reply): void {
    const isRight = this.dispatch(agent, op, map, reader, reply);
    if (isRight) return;
    this.host.counters.malformed++;
    reply.send(agent, STATUS.malformed);
  }

  private dispatch(agent: MapAgent, op: number, map: string, reader: ByteReader, reply: Reply): boolean {
    switch (op) {
      case GET:
        return this.get(agent, map, reader, reply);
      case WRITE:
        return this.write(agent, map, reader, reply);
      case WATCH:
        return this.watch(agent, map, reader, reply);
      case ASK:
        return this.ask(agent, map, reader, reply);
      case KEYS:
        return answered(agent, reply, answerKeys(this.roles.maps.get(map), reader));
      case FETCH:
        return answered(agent, reply, answerFetch(this.roles.maps.get(map), reader, agent.nowMs));
      case PUSH:
        return this.push(agent, map, reader, reply);
      case OFFER:
        return this.offer(agent, map, reader, reply);
      case NOTIFY:
        return this.notify(agent, map, reader, reply);
      default:
        return false;
    }
  }

  private get(agent: MapAgent, map: string, reader: ByteReader, reply: Reply): boolean {
    const keys = readList(reader, READS_MAX, () => readText(reader, KEY_BYTES_MAX));
    if (!reader.isComplete) return false;
    this.roles.asOwner(agent, map, reply, (later, owner) =>
      reply.send(later, STATUS.ok, (writer) => writePage(writer, keys, (key) => putAnswer(writer, owner.find(later, key)))),
    );
    return true;
  }

  private write(agent: MapAgent, map: string, reader: ByteReader, reply: Reply): boolean {
    const fields = takeWrite(reader);
    if (!reader.isComplete || fields.value.length > VALUE_BYTES_MAX || fields.ttlMs > TTL_MS_MAX) return false;
    this.roles.asOwner(agent, map, reply, (later, owner) => owner.write(later, fields, reply));
    return true;
  }

  private watch(agent: MapAgent, map: string, reader: ByteReader, reply: Reply): boolean {
    const fields = takeWatch(reader);
    if (!reader.isComplete) return false;
    const { watchesMax } = this.host.settings;
    this.roles.asOwner(agent, map, reply, (later, owner) => {
      const current = this.roles.watchCount;
      if (current < watchesMax) owner.watch(later, fields, reply);
      else reply.send(later, STATUS.limit, (writer) => writer.u8(5).u48(current).u48(watchesMax));
    });
    return true;
  }

  private ask(agent: MapAgent, map: string, reader: ByteReader, reply: Reply): boolean {
    const flags = reader.u8();
    if (!reader.isComplete) return false;
    if ((flags & IS_TAKE_OVER) !== 0 && this.roles.ownerOf(map) !== undefined) this.roles.depose(agent, map);
    reply.send(agent, STATUS.ok, (writer) => writeSummary(writer, this.roles.maps.get(map)));
    return true;
  }

  private push(agent: MapAgent, name: string, reader: ByteReader, reply: Reply): boolean {
    const push = readPush(reader, agent.nowMs);
    if (push === undefined) return false;
    const map = this.roles.held(agent, name);
    if (map === undefined || !this.host.hasRoom(push.entries.length)) {
      this.host.counters.entriesUnheld += push.entries.length;
      reply.send(agent, STATUS.overloaded);
      return true;
    }
    if (!map.admits(push.epoch, push.instance)) {
      this.host.counters.pushesStale++;
      reply.send(agent, STATUS.stale, (writer) => writer.u32(map.epoch));
      return true;
    }
    this.host.counters.pushesTaken++;
    if (push.instance !== this.host.instance) this.roles.depose(agent, name);
    this.take(agent, map, push, reply);
    return true;
  }

  private take(agent: MapAgent, map: HeldMap, { entries, losses, isComplete, digest, holders }: Push, reply: Reply): void {
    for (const entry of entries) map.merge(entry, agent.nowMs);
    for (const loss of losses) map.losses.add(loss, agent.nowMs).isShared = true;
    map.heardMs = agent.nowMs;
    const areHoldersNew = holders.join() !== map.holders.join();
    map.holders = holders;
    const hasLearnt = isComplete && map.isNew;
    if (hasLearnt) map.isNew = false;
    if (areHoldersNew || hasLearnt) this.roles.journal.facts(map);
    // Deletions that are over are forgotten on both sides at about the same time: before they are compared.
    map.state.takeDue(agent.nowMs);
    const differs = map.state.digest !== digest;
    this.roles.journal.whenDurable(agent, (later, error) => {
      if (error !== undefined) return reply.send(later, STATUS.storageFailed);
      reply.send(later, STATUS.ok, (writer) => {
        writer.u8(differs ? DIFFERS : 0);
        writeSuperseded(writer, map.losses.toShare(later.nowMs).slice(0, SUPERSEDED_PER_PUSH));
      });
    });
  }

  private offer(agent: MapAgent, map: string, reader: ByteReader, reply: Reply): boolean {
    const digest = reader.utf8(DIGEST_DIGITS);
    if (!reader.isComplete) return false;
    this.roles.offered(agent, map, reply.source, digest, reply);
    return true;
  }

  private notify(agent: MapAgent, map: string, reader: ByteReader, reply: Reply): boolean {
    const losses = readSuperseded(reader);
    if (!reader.isComplete) return false;
    reply.send(agent, STATUS.ok);
    const own = losses.filter(({ writer, source }) => writer === this.host.instance && source === this.host.self);
    if (own.length > 0) this.onLost(map, own);
    return true;
  }

  hasRoom(count: number): boolean {
    const { keysMax, bytesMax } = this.host.settings;
    let [keys, bytes] = [count, 0];
    for (const { state } of this.roles.maps.values()) {
      keys += state.usage.keys;
      bytes += state.usage.bytes;
    }
    return keys <= HELD_SHARE * keysMax && bytes <= HELD_SHARE * bytesMax;
  }
}

function answered(agent: MapAgent, reply: Reply, write: Parameters<Reply['send']>[2]): boolean {
  if (write !== undefined) reply.send(agent, STATUS.ok, write);
  return write !== undefined;
}

function readPush(reader: ByteReader, nowMs: number): Push | undefined {
  const epoch = reader.u32();
  const instance = readInstance(reader);
  const isComplete = (reader.u8() & COMPLETE) !== 0;
  const digest = reader.utf8(DIGEST_DIGITS);
  const holders = readNodes(reader);
  const entries = readList(reader, PAGE_ITEMS, () => readEntry(reader, nowMs));
  const losses = readSuperseded(reader);
  return reader.isComplete && epoch <= EPOCH_MAX ? { epoch, instance, isComplete, digest, holders, entries, losses } : undefined;
}
