/**
 * @module Nodes: paints the nodes of a scene as discs, rings around those that are marked, and names, where there is room for them.
 */

import type { Pen } from './pen.js';
import type { Place } from './places.js';
import type { Scene, SceneNode } from './scene.js';

/** Names are drawn of so many nodes in view at most, and of marked ones; where two of them meet, of the first. */
const LABELS_MAX = 60;
const GAP = 5;
const LINE_HEIGHT = 15;

interface Seen {
  readonly node: SceneNode;
  readonly at: Place;
  readonly radius: number;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export function paintNodes(pen: Pen, scene: Scene): void {
  for (const [{ color, alpha }, alike] of grouped(seenOf(pen, scene))) pen.discs(color, alpha ?? 1, alike);
}

/** Rings and names. */
export function paintNames(pen: Pen, scene: Scene): void {
  const seen = seenOf(pen, scene);
  const marked = seen.filter(({ node }) => node.isMarked === true);
  const rim = radiusOf(scene);
  for (const one of marked) pen.ring('--text', one.at, one.radius + rim);
  const labelled = seen.length <= LABELS_MAX ? [...marked, ...seen.filter((one) => !marked.includes(one))] : marked;
  const boxes: Box[] = [];
  for (const one of labelled) {
    const box = boxOf(pen, one, scene.isRing, one.node.isMarked === true ? rim : 0);
    if (boxes.some((other) => areMeeting(box, other))) continue;
    boxes.push(box);
    pen.text(one.node.label, box);
  }
}

function radiusOf({ nodes }: Scene): number {
  return Math.max(2, Math.min(9, 60 / Math.sqrt(nodes.length + 1)));
}

function seenOf({ view }: Pen, scene: Scene): Seen[] {
  const radius = radiusOf(scene);
  return scene.nodes
    .map((node) => ({ node, at: view.toCanvas(node.place), radius: radius * (node.size ?? 1) }))
    .filter(({ at }) => view.contains(at));
}

/** Below a node; on the ring, outside of it. */
function boxOf(pen: Pen, { node: { place, label }, at, radius }: Seen, isRing: boolean, rim: number): Box {
  const width = pen.widthOf(label);
  const distance = radius + rim + GAP;
  if (!isRing) return { x: at.x - width / 2, y: at.y + distance + LINE_HEIGHT / 2, width };
  const [x, y] = [at.x + place.x * distance, at.y + place.y * (distance + LINE_HEIGHT / 3)];
  return { x: x - ((1 - place.x) / 2) * width, y, width };
}

function areMeeting(one: Box, other: Box): boolean {
  return Math.abs(one.y - other.y) < LINE_HEIGHT && one.x < other.x + other.width && other.x < one.x + one.width;
}

/** By how they look. */
function grouped(seen: readonly Seen[]): Iterable<readonly [SceneNode, readonly Seen[]]> {
  const groups = new Map<string, [SceneNode, Seen[]]>();
  for (const one of seen) {
    const key = `${one.node.color} ${one.node.alpha ?? 1}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one.node, [one]]);
    else group[1].push(one);
  }
  return groups.values();
}
