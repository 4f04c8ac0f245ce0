/**
 * State: what the network looks like at a time of the recording. Time goes on by events; going back begins anew.
 */

/** How long a crash is seen. */
const CRASH_SHOWN_MS = 3_000;

export class RunState {
  constructor(recording) {
    this.recording = recording;
    this.byKey = new Map(recording.nodes.map((node, index) => [node.name, index]));
    this.reset();
  }

  reset() {
    const { startMs, nodes } = this.recording;
    this.nowMs = startMs;
    this.next = 0;
    this.isUp = new Array(nodes.length).fill(false);
    /** When each node crashed last. */
    this.crashedMs = new Array(nodes.length).fill(Number.NEGATIVE_INFINITY);
    this.links = new Map();
    this.linked = nodes.map(() => new Set());
    this.groups = [];
    this.cuts = new Map();
    this.groupOf = new Map();
    this.upCount = 0;
    /** Moves whenever links have changed: then they are drawn anew. */
    this.revision = (this.revision ?? 0) + 1;
  }

  seek(toMs) {
    const { events, startMs, endMs } = this.recording;
    const wantedMs = Math.min(endMs, Math.max(startMs, toMs));
    if (wantedMs < this.nowMs) this.reset();
    for (; this.next < events.length && events[this.next][0] <= wantedMs; this.next++) this.apply(events[this.next]);
    this.nowMs = wantedMs;
  }

  apply([atMs, kind, first, second]) {
    if (kind === 'up') this.setUp(first, true);
    else if (kind === 'down') {
      this.setUp(first, false);
      this.crashedMs[first] = atMs;
    } else if (kind === 'link') this.link(first, second);
    else if (kind === 'unlink') this.unlink(first, second);
    else if (kind === 'partition') this.part(first);
    else if (kind === 'heal') this.heal();
    else if (kind === 'cut') this.cuts.set(`${first} ${second}`, [first, second]);
    else if (kind === 'restore') this.cuts.delete(`${first} ${second}`);
    this.revision++;
  }

  setUp(node, isUp) {
    if (this.isUp[node] !== isUp) this.upCount += isUp ? 1 : -1;
    this.isUp[node] = isUp;
  }

  link(from, to) {
    this.links.set(keyOf(from, to), [from, to]);
    this.linked[from].add(to);
    this.linked[to].add(from);
  }

  unlink(from, to) {
    this.links.delete(keyOf(from, to));
    this.linked[from].delete(to);
    this.linked[to].delete(from);
  }

  part(groups) {
    this.groups = groups;
    this.groupOf = new Map(groups.flatMap((group, index) => group.map((node) => [node, index])));
  }

  heal() {
    this.part([]);
    this.cuts.clear();
  }

  isCrashing(node) {
    return this.nowMs - this.crashedMs[node] < CRASH_SHOWN_MS;
  }

  /** A node by its name or the first digits of its id. */
  find(text) {
    const wanted = text.trim().toLowerCase();
    if (wanted === '') return undefined;
    const byName = this.byKey.get(wanted);
    if (byName !== undefined) return byName;
    const index = this.recording.nodes.findIndex(({ id }) => id.startsWith(wanted));
    return index < 0 ? undefined : index;
  }

  /** Lookups under way, with how far they are. */
  running() {
    return this.recording.lookups.filter(({ atMs, tookMs }) => atMs <= this.nowMs && this.nowMs <= atMs + tookMs);
  }

  sample() {
    const { samples } = this.recording;
    return samples.find(({ atMs }) => atMs >= this.nowMs) ?? samples.at(-1);
  }
}

function keyOf(from, to) {
  return from < to ? `${from} ${to}` : `${to} ${from}`;
}
