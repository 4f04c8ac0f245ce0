/**
 * @module SeenIds: remembers ids for a while, in two generations that take turns: an id stays for one to two periods, or until a generation
 * is full. It knows since when it has forgotten none. A pure structure.
 */
export class SeenIds {
  private young = new Set<string>();
  private old = new Set<string>();
  /** When the young and the old generation began. */
  private turnMs = Number.NEGATIVE_INFINITY;
  private oldMs = Number.POSITIVE_INFINITY;

  /** `sizeMax`: ids in each generation. */
  constructor(
    private readonly periodMs: number,
    private readonly sizeMax: number,
  ) {}

  /** Ids come from now on. */
  begin(nowMs: number): void {
    this.turnMs = nowMs;
    this.oldMs = nowMs;
  }

  /** For how long no id has been forgotten; 0 before `begin`. */
  coveredMs(nowMs: number): number {
    this.turn(nowMs);
    return Math.max(0, nowMs - this.oldMs);
  }

  get isEmpty(): boolean {
    return this.young.size + this.old.size === 0;
  }

  has(id: string, nowMs: number): boolean {
    this.turn(nowMs);
    return this.young.has(id) || this.old.has(id);
  }

  add(id: string, nowMs: number): void {
    this.turn(nowMs);
    this.young.add(id);
  }

  private turn(nowMs: number): void {
    const passedMs = nowMs - this.turnMs;
    if (passedMs < this.periodMs && this.young.size < this.sizeMax) return;
    const isOfUse = passedMs < 2 * this.periodMs;
    this.old = isOfUse ? this.young : new Set();
    this.oldMs = isOfUse ? this.turnMs : Number.isFinite(this.turnMs) ? nowMs - this.periodMs : nowMs;
    this.young = new Set();
    this.turnMs = nowMs;
  }
}
