/**
 * @module SeenSet: remembers what it has seen for a while, in two generations that take turns: an entry stays for one to two periods, or until
 * a generation is full, and forgetting costs nothing. It knows since when it has forgotten none. Pure.
 */
export class SeenSet<T> {
  private young = new Set<T>();
  private old = new Set<T>();
  /** When the young and the old generation began. */
  private turnMs = Number.NEGATIVE_INFINITY;
  private oldMs = Number.POSITIVE_INFINITY;

  /** `sizeMax`: entries in each generation. */
  constructor(
    private readonly periodMs: number,
    private readonly sizeMax: number,
  ) {}

  /** Entries come from now on. */
  begin(nowMs: number): void {
    this.turnMs = nowMs;
    this.oldMs = nowMs;
  }

  /** For how long no entry has been forgotten; 0 before `begin`. */
  coveredMs(nowMs: number): number {
    this.turn(nowMs);
    return Math.max(0, nowMs - this.oldMs);
  }

  get isEmpty(): boolean {
    return this.young.size + this.old.size === 0;
  }

  has(entry: T, nowMs: number): boolean {
    this.turn(nowMs);
    return this.young.has(entry) || this.old.has(entry);
  }

  add(entry: T, nowMs: number): void {
    this.turn(nowMs);
    this.young.add(entry);
  }

  private turn(nowMs: number): void {
    const passedMs = nowMs - this.turnMs;
    if (passedMs < this.periodMs && this.young.size < this.sizeMax) return;
    const isOfUse = passedMs < 2 * this.periodMs;
    this.old = isOfUse ? this.young : new Set<T>();
    this.oldMs = isOfUse ? this.turnMs : Number.isFinite(this.turnMs) ? nowMs - this.periodMs : nowMs;
    this.young = new Set<T>();
    this.turnMs = nowMs;
  }
}
