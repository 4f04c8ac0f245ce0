/**
 * @module Places: where nodes are drawn, from -1 to 1 in both directions, and the curves of links on the ring of ids.
 */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Digits of an id that decide its place on the ring. */
const PLACE_DIGITS = 12;
/** How much a link across the ring bends to its middle: 0 is straight, 1 goes through it. Short ones bend less. */
const BEND = 0.6;

export function ringPlace(id: string): Place {
  const angle = (Number.parseInt(id.slice(0, PLACE_DIGITS), 16) / 16 ** PLACE_DIGITS) * 2 * Math.PI - Math.PI / 2;
  return { x: Math.cos(angle), y: Math.sin(angle) };
}

/** The control point of the curve between two places on the ring. */
export function bendOf(from: Place, to: Place): Place {
  const factor = (1 - (BEND * Math.hypot(from.x - to.x, from.y - to.y)) / 2) / 2;
  return { x: (from.x + to.x) * factor, y: (from.y + to.y) * factor };
}

/** A place on that curve: 0 is its begin, 1 its end. */
export function alongCurve(from: Place, to: Place, share: number): Place {
  const middle = bendOf(from, to);
  const rest = 1 - share;
  const at = (axis: 'x' | 'y') => rest * rest * from[axis] + 2 * rest * share * middle[axis] + share * share * to[axis];
  return { x: at('x'), y: at('y') };
}
