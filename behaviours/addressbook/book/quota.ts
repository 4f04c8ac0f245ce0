/**
 * @module Quota: how many unproven nodes are remembered for one source, and of one group of addresses. Pure.
 */
export interface Claim {
  readonly source: string;
  readonly group: string | undefined;
}

export class Quota {
  private readonly bySource = new Map<string, number>();
  private readonly byGroup = new Map<string, number>();

  constructor(
    private readonly sourceMax: number,
    private readonly groupMax: number,
  ) {}

  hasRoom({ source, group }: Claim): boolean {
    return (this.bySource.get(source) ?? 0) < this.sourceMax && (group === undefined || (this.byGroup.get(group) ?? 0) < this.groupMax);
  }

  take({ source, group }: Claim): void {
    add(this.bySource, source, 1);
    if (group !== undefined) add(this.byGroup, group, 1);
  }

  release({ source, group }: Claim): void {
    add(this.bySource, source, -1);
    if (group !== undefined) add(this.byGroup, group, -1);
  }

  countOf(source: string): number {
    return this.bySource.get(source) ?? 0;
  }

  /** The source that has the most; `undefined` when none has any. */
  get heaviest(): string | undefined {
    let heaviest: string | undefined;
    let most = 0;
    for (const [source, count] of this.bySource) if (count > most) [heaviest, most] = [source, count];
    return heaviest;
  }
}

function add(counts: Map<string, number>, key: string, count: number): void {
  const sum = (counts.get(key) ?? 0) + count;
  if (sum > 0) counts.set(key, sum);
  else counts.delete(key);
}
