/**
 * @module Scene: what a drawing shows: nodes at their places, and links in a few styles. It is made when the mesh has changed, not for each
 * frame. How a link looks is decided here, for the dashboard and the replay of a simulation alike.
 */
import type { ColorName } from './palette.js';
import { bendOf, type Place } from './places.js';

export interface SceneNode {
  readonly key: number;
  readonly place: Place;
  readonly color: ColorName;
  readonly label: string;
  /** Beside others: 1 by default. */
  readonly size?: number;
  readonly alpha?: number;
  /** It is labelled, however many there are, and drawn with a ring. */
  readonly isMarked?: boolean;
}

export interface LinkStyle {
  readonly color: ColorName;
  /** In pixels of the style sheet; 0: one of the screen. */
  readonly width: number;
  readonly alpha: number;
  readonly dash: readonly number[];
}

export interface LinkLook {
  readonly color: ColorName;
  readonly alpha: number;
  readonly width?: number;
  /** Over other nodes: dotted. */
  readonly isRelayed?: boolean;
  /** Broken. */
  readonly isLossy?: boolean;
}

const FAST_MS = 30;
const SLOW_MS = 200;
/** Links are drawn fainter, the more there are. */
const FAINT_FROM = 300;
const FAINTEST = 0.06;
/** More links would only be a grey disc, and take long: of more, so many are drawn, the same ones each time. */
const LINKS_DRAWN_MAX = 4_000;
/** Of more, none is wider than a pixel of the screen: wide ones take twenty times as long. */
const WIDE_LINKS_MAX = 1_000;
const HAIRLINE = 0;
const DOTS = [2, 4];
const DASHES = [8, 4];
const NO_DASH: readonly number[] = [];

interface SceneLink {
  readonly style: LinkStyle;
  readonly from: Place;
  readonly to: Place;
}

export interface Stroke {
  readonly style: LinkStyle;
  readonly path: Path2D;
}

export class Scene {
  readonly nodes: SceneNode[] = [];
  private readonly links: SceneLink[] = [];
  private readonly markedLinks: SceneLink[] = [];

  /** On the ring of ids, links are curves. */
  constructor(readonly isRing: boolean) {}

  get linkCount(): number {
    return this.links.length;
  }

  link(look: LinkLook, from: Place, to: Place): void {
    this.links.push({ style: styleOf(look), from, to });
  }

  /** One of those that stand out, over the others: they may change while the others stay. */
  markedLink(look: LinkLook, from: Place, to: Place): void {
    this.markedLinks.push({ style: styleOf(look), from, to });
  }

  get strokes(): Iterable<Stroke> {
    return this.strokesOf(this.links);
  }

  get markedStrokes(): Iterable<Stroke> {
    return this.strokesOf(this.markedLinks);
  }

  /** Links that look alike are one stroke: thousands of them take a few milliseconds. */
  private strokesOf(links: readonly SceneLink[]): Iterable<Stroke> {
    const strokes = new Map<string, Stroke>();
    for (const { style, from, to } of links) {
      const key = `${style.color} ${style.alpha} ${style.width} ${style.dash}`;
      const stroke = strokes.get(key) ?? { style, path: new Path2D() };
      strokes.set(key, stroke);
      this.draw(stroke.path, from, to);
    }
    return strokes.values();
  }

  /** Whether all but the marked links is drawn already: most seconds change figures, and no colour. */
  hasBackdropOf(other: Scene): boolean {
    return (
      this.isRing === other.isRing &&
      areAlike(this.links, other.links, isSameLink) &&
      areAlike(this.nodes, other.nodes, (one, same) => NODE_LOOKS.every((name) => one[name] === same[name]))
    );
  }

  hasMarkedLinksOf(other: Scene): boolean {
    return areAlike(this.markedLinks, other.markedLinks, isSameLink);
  }

  private draw(path: Path2D, from: Place, to: Place): void {
    path.moveTo(from.x, from.y);
    if (!this.isRing) return path.lineTo(to.x, to.y);
    const { x, y } = bendOf(from, to);
    path.quadraticCurveTo(x, y, to.x, to.y);
  }
}

function styleOf({ color, alpha, width = 1, isRelayed = false, isLossy = false }: LinkLook): LinkStyle {
  return { color, alpha, width, dash: isRelayed ? DOTS : isLossy ? DASHES : NO_DASH };
}

const NODE_LOOKS = ['key', 'place', 'color', 'label', 'size', 'alpha', 'isMarked'] as const;

function areAlike<T>(all: readonly T[], others: readonly T[], isAlike: (one: T, other: T) => boolean): boolean {
  return all.length === others.length && all.every((one, index) => isAlike(one, others[index] as T));
}

function isSameLink({ style: one, from, to }: SceneLink, { style: other, from: otherFrom, to: otherTo }: SceneLink): boolean {
  return (
    from === otherFrom &&
    to === otherTo &&
    one.color === other.color &&
    one.alpha === other.alpha &&
    one.width === other.width &&
    one.dash === other.dash
  );
}

/** Of a link by its round trip; below 0: not measured. */
export function roundTripColor(rttMs: number): ColorName {
  if (rttMs < 0) return '--quiet';
  if (rttMs < FAST_MS) return '--fast';
  return rttMs < SLOW_MS ? '--medium' : '--slow';
}

/** How so many links are drawn where none of them stands out: every so-maniest one, how faint, and how wide at a rate. */
export class Crowd {
  readonly every: number;
  readonly alpha: number;
  private readonly isWide: boolean;

  constructor(linkCount: number) {
    this.every = Math.max(1, Math.ceil(linkCount / LINKS_DRAWN_MAX));
    this.alpha = Math.max(FAINTEST, Math.min(0.9, (FAINT_FROM * this.every) / (linkCount + 1)));
    this.isWide = linkCount <= WIDE_LINKS_MAX;
  }

  width(bytesPerSecond: number): number {
    return this.isWide ? rateWidth(bytesPerSecond) : HAIRLINE;
  }
}

/** 1 pixel up to 1 KB/s, one more for each factor of ten. */
export function rateWidth(bytesPerSecond: number): number {
  return 1 + Math.min(5, Math.max(0, Math.floor(Math.log10(Math.max(1, bytesPerSecond)) - 2)));
}
