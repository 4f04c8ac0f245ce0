/**
 * @module Draw: entries by chance, one after another: a group of addresses by chance, then one of its nodes by chance; those without group
 * are a group each. Whoever has many nodes of few groups is not drawn more often for it (SECURITY.md row 49). Pure.
 */
import type { Random } from '../../../core/index.js';
import { takeAt } from '../../../core/structures/sample.js';
import type { Entry } from '../book/entry.js';

export class Draw {
  private readonly groups: Entry[][] = [];

  constructor(
    entries: Iterable<Entry>,
    private readonly random: Random,
  ) {
    const byGroup = new Map<string, Entry[]>();
    for (const entry of entries) {
      const group = entry.addresses[0]?.group;
      const members = group === undefined ? undefined : byGroup.get(group);
      if (members !== undefined) members.push(entry);
      else this.open(entry, group, byGroup);
    }
  }

  /** One that was not drawn yet. */
  next(): Entry | undefined {
    const index = Math.floor(this.random.float() * this.groups.length);
    const members = this.groups[index];
    if (members === undefined) return undefined;
    const entry = takeAt(members, Math.floor(this.random.float() * members.length));
    if (members.length === 0) takeAt(this.groups, index);
    return entry;
  }

  private open(entry: Entry, group: string | undefined, byGroup: Map<string, Entry[]>): void {
    const members = [entry];
    this.groups.push(members);
    if (group !== undefined) byGroup.set(group, members);
  }
}
