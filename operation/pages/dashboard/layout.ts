/**
 * @module Layout: where nodes are drawn, from -1 to 1 in both directions. A small mesh is laid out by its links; a large one on the ring of its ids, where
 * nothing moves and every node has its place.
 */
import {
  forceCenter,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from 'd3-force';
import { type Place, ringPlace } from '../picture/places.js';
import type { Mesh } from './model.js';

/** More nodes are drawn on the ring. */
export const FORCE_MAX = 300;
const TICKS = 120;
/** Where most nodes have a place already: they move a little. */
const TICKS_AGAIN = 30;
const ALPHA_AGAIN = 0.2;
const SCALE = 200;

interface Body extends SimulationNodeDatum {
  readonly number: number;
}

export class Layout {
  readonly places = new Map<number, Place>();
  isRing = false;
  private shape = -1;

  /** Follows the mesh; does nothing while its shape is the same. */
  follow(mesh: Mesh): void {
    if (mesh.shape === this.shape) return;
    this.shape = mesh.shape;
    for (const number of this.places.keys()) if (!mesh.nodes.has(number)) this.places.delete(number);
    this.isRing = mesh.nodes.size > FORCE_MAX;
    if (this.isRing) this.onRing(mesh);
    else this.byForce(mesh);
  }

  private onRing(mesh: Mesh): void {
    for (const [number, { id }] of mesh.nodes) this.places.set(number, ringPlace(id));
  }

  /** Nodes that are there already begin where they are. */
  private byForce(mesh: Mesh): void {
    const isKnown = this.places.size > mesh.nodes.size / 2;
    const bodies: Body[] = [...mesh.nodes].map(([number, { id }]) => {
      const { x, y } = this.places.get(number) ?? ringPlace(id);
      return { number, x: x * SCALE, y: y * SCALE };
    });
    const links: SimulationLinkDatum<Body>[] = mesh.edges.map(({ a, b }) => ({ source: a as never, target: b as never }));
    const link = forceLink<Body, SimulationLinkDatum<Body>>(links).id(({ number }) => number);
    const simulation = forceSimulation(bodies)
      .force('charge', forceManyBody().strength(-120))
      .force('link', link.distance(70).strength(0.15))
      .force('x', forceX().strength(0.06))
      .force('y', forceY().strength(0.06))
      .force('center', forceCenter())
      .stop();
    if (isKnown) simulation.alpha(ALPHA_AGAIN).tick(TICKS_AGAIN);
    else simulation.tick(TICKS);
    const [middleX, reachX] = spanOf(bodies.map(({ x = 0 }) => x));
    const [middleY, reachY] = spanOf(bodies.map(({ y = 0 }) => y));
    const reach = Math.max(1, reachX, reachY);
    for (const { number, x = 0, y = 0 } of bodies) this.places.set(number, { x: (x - middleX) / reach, y: (y - middleY) / reach });
  }
}

/** The middle of all values, and how far the outermost are from it. */
function spanOf(values: readonly number[]): [middle: number, reach: number] {
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  return [(least + greatest) / 2, (greatest - least) / 2];
}
