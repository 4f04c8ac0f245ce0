/**
 * @module Histories: runs of one map under faults in the simulator, written down for the checker: random operations of every node, and crashes, restarts
 * with and without storage, partitions and clocks that jump.
 */
import { KeyValueBehavior, type KeyValueOptions, type SharedMap } from '../../../behaviours/keyvalue/index.js';
import type { NetworkError } from '../../../core/index.js';
import { PathVectorRouter } from '../../../routing/index.js';
import { SeededRandom, SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import type { MapHistory, MapRecord, OperationRecord, Outcome } from '../../../testing/index.js';
import { MemoryLog } from './memory-log.js';

export interface HistoryPlan {
  readonly seed: number;
  readonly nodes?: number;
  readonly keys?: number;
  readonly operations?: number;
  /** Mean time between two operations of the network. */
  readonly paceMs?: number;
  readonly crashes?: number;
  readonly partitions?: number;
  /** Share of nodes with storage. */
  readonly stored?: number;
  /** Values with a ttl. */
  readonly ttl?: boolean;
  readonly options?: KeyValueOptions;
  /** How long a watch is not polled, in turns. */
  readonly stallMs?: number;
}

const MAP = 'shared';
const SETTLE_MS = 25_000;
const YEAR_MS = 31_536_000_000;

interface Member {
  readonly name: string;
  node: SimulatedNode;
  instance: string;
  isUp: boolean;
  readonly log: MemoryLog | undefined;
  map: SharedMap<number>;
}

export class HistoryRun {
  readonly records: MapRecord[] = [];
  readonly net: SimulatedNetwork;
  private readonly random: SeededRandom;
  private readonly members: Member[] = [];
  private readonly keys: readonly string[];
  private values = 0;
  private watches = 0;
  private readonly watchesOf = new Map<string, string[]>();
  private wallOffsetMs = 0;
  private isParted = false;
  private readonly open: Promise<void>[] = [];
  /** Operations that have no outcome yet: those of a node that crashes may have been done. */
  private readonly begun = new Set<{ readonly instance: string; lose(): void }>();
  private readonly plan: Required<HistoryPlan>;

  constructor(plan: HistoryPlan) {
    const defaults = {
      nodes: 5,
      keys: 5,
      operations: 400,
      paceMs: 150,
      crashes: 3,
      partitions: 2,
      stored: 0.4,
      ttl: false,
      options: {},
      stallMs: 0,
    };
    this.plan = { ...defaults, ...plan };
    this.net = new SimulatedNetwork({ seed: plan.seed, latencyMs: 4, jitterMs: 2, onFault: 'reject', traceEventsMax: 16 });
    this.random = new SeededRandom(plan.seed, 'histories');
    this.keys = Array.from({ length: this.plan.keys }, (_, index) => `k${index}`);
  }

  async run(): Promise<MapHistory> {
    const { plan, net } = this;
    for (let index = 0; index < plan.nodes; index++) await this.add();
    await net.run(3_000);
    for (const member of this.members.slice(0, 3)) this.watch(member, member === this.members[1] ? plan.stallMs : 0);
    const spanMs = plan.operations * plan.paceMs;
    for (let index = 0; index < plan.operations; index++) net.after(this.random.float() * spanMs, () => this.operate());
    for (let atMs = 1_000; atMs < spanMs + SETTLE_MS; atMs += 1_000) net.after(atMs, () => this.sample());
    const endMs = net.nowMs + spanMs;
    await this.disturb(spanMs);
    // The last operations have begun before the end is looked at.
    await net.run(Math.max(0, endMs - net.nowMs));
    await this.mend();
    await net.run(SETTLE_MS + 10_000);
    await Promise.all(this.open.map((one) => net.waitFor(one)));
    const final = await this.readAll();
    await net.run(12_000);
    const nodes = this.members.map(({ name }) => name);
    const history = { holders: plan.options.holders ?? 3, nodes, settleMs: SETTLE_MS, records: [...this.records], final, endMs: net.nowMs };
    await net.stop();
    return history;
  }

  private async add(): Promise<void> {
    const { net, plan, members } = this;
    const name = `n${members.length}`;
    const log = this.random.float() < plan.stored ? new MemoryLog((delayMs, work) => net.after(delayMs, work)) : undefined;
    const clock = { nowMs: () => net.nowMs, wallMs: () => 1.7e12 + net.nowMs + this.wallOffsetMs };
    const node = await net.createNode({
      ...{ name, clock, router: PathVectorRouter },
      seeds: members.map((other) => `sim://${other.name}`),
      builtins: ['handshake', 'router-sync', 'rpc'],
      behaviors: [[KeyValueBehavior, { ...plan.options, ...(log !== undefined && { storage: log }) }]],
    });
    await net.start(node);
    members.push(this.started({ name, node, instance: '', isUp: true, log, map: undefined as never }));
  }

  private started(member: Member): Member {
    const behavior = member.node.behavior(KeyValueBehavior);
    const instance: string = behavior['instance'];
    member.instance = `${member.name}/${instance}`;
    member.isUp = true;
    const onSuperseded = ({ key, revision }: { key: string; revision: string }) =>
      void this.records.push({ type: 'superseded', atMs: this.net.nowMs, instance: member.instance, key, revision });
    member.map = behavior.open<number>(MAP, { onSuperseded });
    this.records.push({ type: 'start', atMs: this.net.nowMs, node: member.name, instance: member.instance });
    return member;
  }

  private get up(): readonly Member[] {
    return this.members.filter(({ isUp }) => isUp);
  }

  private pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random.float() * items.length)] as T;
  }

  /** Of all that run, and of all storages of those that do not. */
  holdings(): Map<string, Map<string, string>> {
    const all = new Map<string, Map<string, string>>();
    for (const member of this.members) {
      if (member.isUp) all.set(member.instance, heldBy(member.node));
      else if (member.log !== undefined) all.set(`${member.instance}/stored`, storedIn(member.log));
    }
    return all;
  }

  private sample(): void {
    const holdings = new Map([...this.holdings()].filter(([instance]) => !instance.endsWith('/stored')));
    this.records.push({ type: 'holdings', atMs: this.net.nowMs, holdings });
  }

  private operate(): void {
    if (this.up.length === 0) return;
    const member = this.pick(this.up);
    const key = this.pick(this.keys);
    const dice = this.random.float();
    if (dice < 0.35) return this.record(member, 'get', key, undefined, async (map) => readOf(await map.entry(key)));
    if (dice < 0.45) return this.record(member, 'delete', key, undefined, async (map) => this.writtenOf(key, await map.delete(key)));
    if (dice < 0.6) return this.compare(member, key);
    const value = ++this.values;
    const options = this.plan.ttl && dice < 0.7 ? { ttlMs: 2_000 } : dice > 0.97 ? { acknowledge: 'owner' as const } : {};
    this.record(member, 'set', key, value, async (map) => this.writtenOf(key, await map.set(key, value, options)), options);
  }

  private compare(member: Member, key: string): void {
    const { map } = member;
    map.entry(key).then(
      (entry) => {
        if (!member.isUp || member.map !== map) return;
        const value = ++this.values;
        const work = async () => {
          const written = await map.compareAndSet(key, entry?.revision, value);
          return written === undefined ? { type: 'refused' as const, code: 'unequal' } : this.writtenOf(key, written);
        };
        this.record(member, 'compare-and-set', key, value, work, { expected: entry?.revision });
      },
      () => {},
    );
  }

  private record(
    member: Member,
    kind: OperationRecord['kind'],
    key: string,
    value: unknown,
    work: (map: SharedMap<number>) => Promise<Outcome>,
    { expected, acknowledge = 'replica', ttlMs }: { expected?: string | undefined; acknowledge?: 'owner' | 'replica'; ttlMs?: number } = {},
  ): void {
    const { instance } = member;
    const startMs = this.net.nowMs;
    const begun = { instance, lose: () => note({ type: 'uncertain', code: 'CRASHED' }) };
    this.begun.add(begun);
    const note = (outcome: Outcome) => {
      if (!this.begun.delete(begun)) return;
      this.records.push({
        type: 'operation',
        kind,
        instance,
        key,
        value,
        expected,
        acknowledge,
        hasTtl: ttlMs !== undefined,
        startMs,
        endMs: this.net.nowMs,
        outcome,
      });
    };
    const done = work(member.map).then(note, (error: NetworkError) => {
      const isDone =
        kind !== 'get' &&
        (error.details?.['isApplied'] === true ||
          error.code === 'WRITE_UNCERTAIN' ||
          error.code === 'CALL_CANCELLED' ||
          error.code === 'STORAGE_FAILED');
      note({ type: isDone ? 'uncertain' : 'refused', code: error.code });
    });
    this.open.push(Promise.race([done, new Promise<void>((resolve) => void this.net.after(20_000, resolve))]));
  }

  private writtenOf(key: string, { revision }: { revision: string }): Outcome {
    const holders = [...this.holdings()].filter(([, held]) => (held.get(key) ?? '') >= revision).map(([instance]) => instance);
    return { type: 'written', revision, holders };
  }

  private async disturb(spanMs: number): Promise<void> {
    const { net, plan } = this;
    const faults = [...Array(plan.crashes).fill('crash'), ...Array(plan.partitions).fill('partition')];
    const order = faults.map((fault) => ({ fault, at: this.random.float() })).sort((one, other) => one.at - other.at);
    const stepMs = spanMs / (order.length + 1);
    for (const { fault } of order) {
      await net.run(stepMs * (0.2 + 0.3 * this.random.float()));
      this.wallOffsetMs = (this.random.float() - 0.5) * 20 * YEAR_MS;
      if (fault === 'partition') await this.partition(stepMs * 0.4);
      else await this.crashOne(stepMs * 0.4);
      await net.run(stepMs * 0.2);
    }
    await net.run(stepMs * 0.5);
  }

  private async crashOne(forMs: number): Promise<void> {
    const count = this.random.float() < 0.25 ? 2 : 1;
    const victims: Member[] = [];
    for (let index = 0; index < count; index++) {
      const victim = this.pick(this.up);
      const holdings = this.holdings();
      victim.isUp = false;
      const isStored = victim.log !== undefined;
      this.records.push({ type: 'crash', atMs: this.net.nowMs, node: victim.name, instance: victim.instance, isStored, holdings });
      for (const watch of this.watchesOf.get(victim.instance) ?? [])
        this.records.push({ type: 'watch-ended', atMs: this.net.nowMs, watch, reason: 'crash' });
      this.net.crash(victim.name, { reset: this.random.float() < 0.7 });
      victim.log?.crash();
      for (const { instance, lose } of [...this.begun]) if (instance === victim.instance) lose();
      victims.push(victim);
    }
    await this.net.run(forMs * this.random.float());
    for (const victim of victims) {
      victim.node = await this.net.restart(victim.name);
      this.started(victim);
    }
  }

  private async partition(forMs: number): Promise<void> {
    const mixed = this.members
      .map((member) => ({ member, at: this.random.float() }))
      .sort((one, other) => one.at - other.at)
      .map(({ member }) => member);
    const size = 1 + Math.floor(this.random.float() * (mixed.length - 1));
    const sides = [mixed.slice(0, size), mixed.slice(size)];
    this.records.push({
      type: 'partition',
      atMs: this.net.nowMs,
      sides: sides.map((side) => side.map(({ instance }) => instance)),
      holdings: this.holdings(),
    });
    this.isParted = true;
    this.net.partition(...sides.map((side) => side.map(({ name }) => name)));
    if (this.random.float() < 0.5) for (const side of sides) await this.sever(side, sides);
    await this.net.run(Math.max(8_000, forMs));
    await this.mend();
  }

  /** Both ends notice at once, as when a cable is pulled. */
  private async sever(side: readonly Member[], sides: readonly (readonly Member[])[]): Promise<void> {
    for (const { node } of side) for (const other of sides.flat()) if (!side.includes(other)) node.disconnectNode(other.node.id);
  }

  /** All sides meet, and all that were connected are again. */
  private async mend(): Promise<void> {
    if (this.isParted) {
      this.records.push({ type: 'heal', atMs: this.net.nowMs, holdings: this.holdings() });
      this.net.heal();
    }
    const pairs = this.up.flatMap((one, index) =>
      this.up.slice(index + 1).map((other) => one.node.connect(`sim://${other.name}`).catch(() => undefined)),
    );
    await this.net.waitFor(Promise.all(pairs));
    await this.net.run(200);
    this.isParted = false;
  }

  private watch(member: Member, stallMs: number): void {
    const watch = `w${this.watches++}`;
    const { instance, map } = member;
    this.watchesOf.set(instance, [...(this.watchesOf.get(instance) ?? []), watch]);
    this.records.push({ type: 'watch-began', atMs: this.net.nowMs, watch, instance });
    const events = map.watch({ prefix: '' }, { patienceMs: 120_000 });
    const follow = async () => {
      for await (const event of events) {
        const isCoalesced = 'isCoalesced' in event && event.isCoalesced;
        const isInitial = 'isInitial' in event && event.isInitial;
        this.records.push({
          type: 'watched',
          atMs: this.net.nowMs,
          watch,
          event: event.type,
          key: event.key,
          revision: event.revision,
          isCoalesced,
          isInitial,
        });
        if (stallMs > 0 && this.random.float() < 0.05) await new Promise<void>((resolve) => void this.net.after(stallMs, resolve));
      }
    };
    const ended = (reason: string | undefined) => {
      const isOver = !this.members.some((one) => one.instance === instance && one.isUp);
      this.records.push({ type: 'watch-ended', atMs: this.net.nowMs, watch, reason: reason ?? (isOver ? 'stopped' : undefined) });
    };
    follow().then(
      () => ended(undefined),
      (error: NetworkError) => ended(error.code ?? String(error)),
    );
  }

  private async readAll(): Promise<MapHistory['final']> {
    const final = new Map<string, { revision: string | undefined; value: unknown }>();
    const reader = this.up[0] as Member;
    const holdings = this.holdings();
    for (const key of this.keys) {
      const entry = await this.net.waitFor(reader.map.entry(key)).catch(() => undefined);
      const best = [...holdings.values()]
        .map((held) => held.get(key) ?? '')
        .sort()
        .at(-1);
      final.set(key, { revision: entry?.revision ?? (best === '' ? undefined : best), value: entry?.value });
    }
    return final;
  }
}

function readOf(entry: { revision: string; value: unknown } | undefined): Outcome {
  return { type: 'read', revision: entry?.revision, value: entry?.value };
}

function heldBy(node: SimulatedNode): Map<string, string> {
  const held = node.behavior(KeyValueBehavior)['serve'].roles.maps.get(MAP);
  return new Map([...(held?.state.entries() ?? [])].map(({ key, revision }) => [key, revision]));
}

/** By another behaviour's eyes: a journal that replays the records. */
function storedIn(log: MemoryLog): Map<string, string> {
  const stored = new Map<string, string>();
  for (const record of log.durable) {
    const entry = entryIn(record);
    if (entry !== undefined && entry.revision > (stored.get(entry.key) ?? '')) stored.set(entry.key, entry.revision);
    if (record[0] === 3) stored.clear();
  }
  return stored;
}

/** Type u8, name of the map, flags u8, key, revision. */
function entryIn(record: Uint8Array): { readonly key: string; readonly revision: string } | undefined {
  if (record[0] !== 1) return undefined;
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const keyAt = 4 + view.getUint16(1);
  const length = view.getUint16(keyAt);
  const key = new TextDecoder().decode(record.subarray(keyAt + 2, keyAt + 2 + length));
  const revision = [...record.subarray(keyAt + 2 + length, keyAt + 20 + length)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { key, revision };
}
