/**
 * @module Candidates: proven channels that wait for the choice of the smaller node, by the link that they could take over; a few for each link. Also which
 * channel it has named: that may be before the channel is proven here.
 */
import { equalBytes } from '../../structures/bytes.js';
import { CHANNEL_NAME_BYTES } from '../../wire/link-control.js';
import type { Link } from './link.js';

const CANDIDATES_MAX = 4;

export class Candidates {
  private readonly byLink = new Map<Link, readonly Link[]>();
  private readonly names = new Map<Link, Uint8Array>();

  has(candidate: Link): boolean {
    for (const candidates of this.byLink.values()) if (candidates.includes(candidate)) return true;
    return false;
  }

  isNamed(link: Link): boolean {
    return this.names.has(link);
  }

  /** The smaller node has chosen the channel of that name for the link, until the returned function is called. */
  name(link: Link, name: Uint8Array): () => void {
    this.names.set(link, name);
    return () => void (this.names.get(link) === name && this.names.delete(link));
  }

  /** The candidate that was named. */
  named(link: Link): Link | undefined {
    const name = this.names.get(link);
    return name === undefined ? undefined : this.byLink.get(link)?.find((candidate) => equalBytes(nameOf(candidate), name));
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
    this.names.delete(link);
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

/** Of the channel that the link has. */
export function nameOf({ channel }: Link): Uint8Array {
  return channel?.remote?.channelBinding.subarray(0, CHANNEL_NAME_BYTES) ?? new Uint8Array(0);
}
