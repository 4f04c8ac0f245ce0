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

export class Scene {
  readonly nodes: SceneNode[] = [];
  /** Links that look alike are one stroke: thousands of them take a few milliseconds. */
  readonly strokes = new Map<string, { readonly style: LinkStyle; readonly path: Path2D }>();
  linkCount = 0;

  /** On the ring of ids, links are curves. */
  constructor(readonly isRing: boolean) {}

  link({ color, alpha, width = 1, isRelayed = false, isLossy = false }: LinkLook, from: Place, to: Place): void {
    const key = `${color} ${alpha} ${width} ${isRelayed} ${isLossy}`;
    let stroke = this.strokes.get(key);
    if (stroke === undefined) {
      stroke = { style: { color, alpha, width, dash: isRelayed ? DOTS : isLossy ? DASHES : [] }, path: new Path2D() };
      this.strokes.set(key, stroke);
    }
    this.linkCount++;
    stroke.path.moveTo(from.x, from.y);
    if (!this.isRing) return stroke.path.lineTo(to.x, to.y);
    const { x, y } = bendOf(from, to);
    stroke.path.quadraticCurveTo(x, y, to.x, to.y);
  }
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
