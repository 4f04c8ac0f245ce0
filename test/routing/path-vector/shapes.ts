/** @module Shapes of graphs, as pairs of node numbers. */
import { SeededRandom } from '../../../testing/conformance/check-tools.js';

export type Edge = readonly [number, number];

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

export function line(count: number): Edge[] {
  return numbers(count - 1).map((index) => [index, index + 1]);
}

export function ring(count: number): Edge[] {
  return [...line(count), [count - 1, 0]];
}

export function star(count: number): Edge[] {
  return numbers(count - 1).map((index) => [0, index + 1]);
}

export function clique(count: number): Edge[] {
  return numbers(count).flatMap((a) => numbers(a).map((b): Edge => [a, b]));
}

/** As nearly square as the count allows. */
export function grid(count: number): Edge[] {
  const width = Math.floor(Math.sqrt(count));
  const right = numbers(count).filter((index) => (index + 1) % width !== 0 && index + 1 < count);
  const down = numbers(count).filter((index) => index + width < count);
  return [...right.map((index): Edge => [index, index + 1]), ...down.map((index): Edge => [index, index + width])];
}

export function tree(count: number, random: SeededRandom): Edge[] {
  return numbers(count - 1).map((index) => [index + 1, random.below(index + 1)]);
}

/** Connected, without doubles. */
export function randomEdges(count: number, degree: number, seed: number): Edge[] {
  const random = new SeededRandom(seed);
  const edges = tree(count, random);
  const known = new Set(edges.flatMap(([a, b]) => [`${a}-${b}`, `${b}-${a}`]));
  while (edges.length < (count * degree) / 2) {
    const [a, b] = [random.below(count), random.below(count)];
    if (a === b || known.has(`${a}-${b}`)) continue;
    edges.push([a, b]);
    known.add(`${a}-${b}`).add(`${b}-${a}`);
  }
  return edges;
}
