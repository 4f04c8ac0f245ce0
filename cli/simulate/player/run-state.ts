/**
 * @module RunState: what the network looks like at a time of a recording. Time goes on by events; going back begins anew.
 */
import type { RecordedLookup, RunEvent, RunRecording, RunSample } from '../../../transports/simulated/trace/recording.js';

/** How long a crash, and a hand-over, is seen. */
const SHOWN_MS = 3_000;
const PHASE_MS = 250;

export interface Link {
  readonly from: number;
  readonly to: number;
  readonly isRelayed: boolean;
  /** When it went over to another channel last. */
  readonly movedMs: number;
}

const NEVER = Number.NEGATIVE_INFINITY;

export class RunState {
  nowMs = 0;
  isUp: boolean[] = [];
  /** When each node crashed last. */
  crashedMs: number[] = [];
  readonly links = new Map<string, Link>();
  groups: readonly (readonly number[])[] = [];
  readonly cuts = new Map<string, readonly [number, number]>();
  groupOf = new Map<number, number>();
  upCount = 0;
  /** Moves whenever nodes or links have changed. */
  revision = 0;
  private readonly byName: ReadonlyMap<string, number>;
  private next = 0;
  /** The last crash or hand-over is shown until then. */
  private shownUntilMs = NEVER;

  constructor(readonly recording: RunRecording) {
    this.byName = new Map(recording.nodes.map((node, index) => [node.name.toLowerCase(), index]));
    this.reset();
  }

  /** Another text whenever there is something else to draw. */
  get phase(): string {
    return `${this.revision} ${this.nowMs < this.shownUntilMs ? Math.floor(this.nowMs / PHASE_MS) : ''}`;
  }

  seek(toMs: number): void {
    const { events, startMs, endMs } = this.recording;
    const wantedMs = Math.min(endMs, Math.max(startMs, toMs));
    if (wantedMs < this.nowMs) this.reset();
    for (let event = events[this.next]; event !== undefined && event[0] <= wantedMs; event = events[++this.next]) this.apply(event);
    this.nowMs = wantedMs;
  }

  isCrashing(node: number): boolean {
    return this.isShown(this.crashedMs[node] ?? NEVER);
  }

  /** Whether the link has gone over to another channel a moment ago. */
  isMoving({ movedMs }: Link): boolean {
    return this.isShown(movedMs);
  }

  /** A node by its name or the first digits of its id. */
  find(text: string): number | undefined {
    const wanted = text.trim().toLowerCase();
    if (wanted === '') return undefined;
    const byName = this.byName.get(wanted);
    if (byName !== undefined) return byName;
    const index = this.recording.nodes.findIndex(({ id }) => id.startsWith(wanted));
    return index < 0 ? undefined : index;
  }

  /** Lookups under way. */
  running(): readonly RecordedLookup[] {
    return this.recording.lookups.filter(({ atMs, tookMs }) => atMs <= this.nowMs && this.nowMs <= atMs + tookMs);
  }

  sample(): RunSample | undefined {
    const { samples } = this.recording;
    return samples.find(({ atMs }) => atMs >= this.nowMs) ?? samples.at(-1);
  }

  private reset(): void {
    const { startMs, nodes } = this.recording;
    this.nowMs = startMs;
    this.next = 0;
    this.isUp = nodes.map(() => false);
    this.crashedMs = nodes.map(() => NEVER);
    for (const known of [this.links, this.cuts]) known.clear();
    this.part([]);
    this.upCount = 0;
    this.shownUntilMs = NEVER;
    this.revision++;
  }

  private apply(event: RunEvent): void {
    const [atMs, kind] = event;
    if (kind === 'up') this.setUp(event[2], true);
    else if (kind === 'down') {
      this.setUp(event[2], false);
      this.crashedMs[event[2]] = atMs;
    } else if (kind === 'link' || kind === 'path') this.link(event, kind === 'path' ? atMs : NEVER);
    else if (kind === 'unlink') this.unlink(event[2], event[3]);
    else if (kind === 'partition') this.part(event[2]);
    else if (kind === 'heal') this.heal();
    else if (kind === 'cut') this.cuts.set(`${event[2]} ${event[3]}`, [event[2], event[3]]);
    else this.cuts.delete(`${event[2]} ${event[3]}`);
    if (kind === 'down' || kind === 'path') this.shownUntilMs = atMs + SHOWN_MS + PHASE_MS;
    this.revision++;
  }

  private setUp(node: number, isUp: boolean): void {
    if (this.isUp[node] !== isUp) this.upCount += isUp ? 1 : -1;
    this.isUp[node] = isUp;
  }

  private link([, , from, to, path]: Extract<RunEvent, readonly [number, 'link' | 'path', ...unknown[]]>, movedMs: number): void {
    this.links.set(keyOf(from, to), { from, to, isRelayed: path === 'relayed', movedMs });
  }

  private unlink(from: number, to: number): void {
    this.links.delete(keyOf(from, to));
  }

  private part(groups: readonly (readonly number[])[]): void {
    this.groups = groups;
    this.groupOf = new Map(groups.flatMap((group, index) => group.map((node): [number, number] => [node, index])));
  }

  private heal(): void {
    this.part([]);
    this.cuts.clear();
  }

  private isShown(atMs: number): boolean {
    return this.nowMs >= atMs && this.nowMs - atMs < SHOWN_MS;
  }
}

function keyOf(from: number, to: number): string {
  return from < to ? `${from} ${to}` : `${to} ${from}`;
}
