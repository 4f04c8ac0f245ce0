/**
 * @module RecentIds: remembers ids for a while, in two generations that take turns: an id stays for one to two periods, or until a
 * generation is full. A pure structure.
 */
export class RecentIds {
  private young = new Set<string>();
  private old = new Set<string>();
  private turnMs = Number.NEGATIVE_INFINITY;

  /** `sizeMax`: ids in each generation. */
  constructor(
    private readonly periodMs: number,
    private readonly sizeMax: number,
  ) {}

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
    this.old = passedMs < 2 * this.periodMs ? this.young : new Set();
    this.young = new Set();
    this.turnMs = nowMs;
  }
}
