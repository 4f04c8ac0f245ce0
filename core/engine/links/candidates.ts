/**
 * @module Candidates: proven channels that wait for the choice of the smaller node, by the link that they could take over; a few for each link.
 */
import type { Link } from './link.js';

const CANDIDATES_MAX = 4;

export class Candidates {
  private readonly byLink = new Map<Link, readonly Link[]>();

  has(candidate: Link): boolean {
    for (const candidates of this.byLink.values()) if (candidates.includes(candidate)) return true;
    return false;
  }

  /** The one that suits. */
  find(link: Link, suits: (candidate: Link) => boolean): Link | undefined {
    return this.byLink.get(link)?.find(suits);
  }

  /** False: enough wait for that link. */
  add(link: Link, candidate: Link): boolean {
    const others = this.byLink.get(link) ?? [];
    if (others.length >= CANDIDATES_MAX) return false;
    this.byLink.set(link, [...others, candidate]);
    return true;
  }

  /** All of the link's: they wait no more. */
  take(link: Link): readonly Link[] {
    const candidates = this.byLink.get(link) ?? [];
    this.byLink.delete(link);
    return candidates;
  }

  /** It has ended, or is none any more. */
  leave(candidate: Link): void {
    for (const [link, candidates] of this.byLink) {
      if (!candidates.includes(candidate)) continue;
      const others = candidates.filter((other) => other !== candidate);
      if (others.length > 0) this.byLink.set(link, others);
      else this.byLink.delete(link);
    }
  }
}
