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

/** Of so many links. */
export function faintness(linkCount: number): number {
  return Math.max(FAINTEST, Math.min(0.9, FAINT_FROM / (linkCount + 1)));
}

/** 1 pixel up to 1 KB/s, one more for each factor of ten. */
export function rateWidth(bytesPerSecond: number): number {
  return 1 + Math.min(5, Math.max(0, Math.floor(Math.log10(Math.max(1, bytesPerSecond)) - 2)));
}
