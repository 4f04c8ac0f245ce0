/**
 * Picture: draws the nodes on the ring of their ids, the links as chords, and the steps of lookups.
 */

/** More links would only be a grey disc, and take long: of more, so many are drawn, the same ones each time. */
const LINKS_DRAWN_MAX = 20_000;
const TURN = 2 * Math.PI;
/** Digits of an id that decide its place on the ring. */
const PLACE_DIGITS = 12;

export class Picture {
  constructor(canvas, state) {
    this.canvas = canvas;
    this.state = state;
    this.angles = state.recording.nodes.map(
      ({ id }) => (Number.parseInt(id.slice(0, PLACE_DIGITS), 16) / 16 ** PLACE_DIGITS) * TURN - TURN / 4,
    );
    this.layer = document.createElement('canvas');
    this.drawn = '';
  }

  /** Call it when the page has changed its size. */
  fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const scale = globalThis.devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.layer]) {
      canvas.width = Math.max(1, Math.round(width * scale));
      canvas.height = Math.max(1, Math.round(height * scale));
    }
    this.scale = scale;
    this.center = { x: this.canvas.width / 2, y: this.canvas.height / 2 };
    this.radius = Math.max(10, Math.min(this.center.x, this.center.y) - 24 * scale);
    this.drawn = '';
  }

  draw(selected, lookup) {
    const { canvas, layer, state } = this;
    const wanted = `${state.revision} ${selected}`;
    if (wanted !== this.drawn) this.drawLinks(selected);
    this.drawn = wanted;
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(layer, 0, 0);
    for (const running of lookup === undefined ? state.running() : [lookup]) this.drawLookup(context, running);
    this.drawNodes(context, selected);
  }

  drawLinks(selected) {
    const { layer, state, scale } = this;
    const context = layer.getContext('2d');
    context.clearRect(0, 0, layer.width, layer.height);
    const links = [...state.links.values()];
    const every = Math.max(1, Math.ceil(links.length / LINKS_DRAWN_MAX));
    context.lineWidth = scale * 0.5;
    context.globalAlpha = Math.min(0.5, 0.05 + 150 / (links.length + 1));
    const isParted = ([from, to]) => state.groups.length > 0 && state.groupOf.get(from) !== state.groupOf.get(to);
    this.chords(
      context,
      color('--live'),
      links.filter((link, index) => index % every === 0 && !isParted(link)),
    );
    this.chords(
      context,
      color('--bad'),
      links.filter((link, index) => index % every === 0 && isParted(link)),
    );
    context.globalAlpha = 1;
    context.lineWidth = scale * 1.5;
    this.chords(context, color('--bad'), [...state.cuts.values()]);
    if (selected !== undefined)
      this.chords(
        context,
        color('--hot'),
        [...state.linked[selected]].map((other) => [selected, other]),
      );
  }

  chords(context, style, pairs) {
    context.strokeStyle = style;
    context.beginPath();
    for (const [from, to] of pairs) {
      const [start, end] = [this.placeOf(from), this.placeOf(to)];
      context.moveTo(start.x, start.y);
      context.quadraticCurveTo(this.center.x, this.center.y, end.x, end.y);
    }
    context.stroke();
  }

  drawNodes(context, selected) {
    const { state, scale } = this;
    const size = Math.max(1.2, Math.min(5, 400 / this.angles.length + 1)) * scale;
    const groups = ['--live', '--good', '--hot', '--quiet'];
    for (let node = 0; node < this.angles.length; node++) {
      const isCrashing = state.isCrashing(node);
      if (!state.isUp[node] && !isCrashing && !Number.isFinite(state.crashedMs[node])) continue;
      const group = state.groupOf.get(node) ?? 0;
      context.fillStyle = color(!state.isUp[node] ? '--bad' : groups[group % groups.length]);
      context.globalAlpha = state.isUp[node] || isCrashing ? 1 : 0.35;
      this.dot(context, node, isCrashing ? 2.5 * size : size);
    }
    context.globalAlpha = 1;
    if (selected === undefined) return;
    context.fillStyle = color('--hot');
    this.dot(context, selected, 2 * size);
    const { x, y } = this.placeOf(selected, 14);
    context.font = `${12 * scale}px sans-serif`;
    context.textAlign = x < this.center.x ? 'right' : 'left';
    context.fillText(state.recording.nodes[selected].name, x, y);
  }

  /** Steps that were asked before now: on their way, or answered. */
  drawLookup(context, { node, atMs, steps }) {
    const { state, scale } = this;
    const sinceMs = state.nowMs - atMs;
    for (const step of steps) {
      if (step.askedMs > sinceMs) continue;
      const isOver = step.askedMs + step.tookMs <= sinceMs;
      const style = !isOver ? '--hot' : step.outcome === 'answered' ? '--good' : '--bad';
      context.lineWidth = (isOver ? 1.5 : 2.5) * scale;
      const stops = [node, ...step.via, step.node];
      this.chords(
        context,
        color(style),
        stops.slice(1).map((stop, index) => [stops[index], stop]),
      );
      if (!isOver && step.tookMs > 0) this.dotAlong(context, stops, (sinceMs - step.askedMs) / step.tookMs);
    }
    context.fillStyle = color('--hot');
    this.dot(context, node, 5 * scale);
  }

  /** A question on its way there, and its answer on the way back. */
  dotAlong(context, stops, share) {
    const there = share < 0.5 ? 2 * share : 2 - 2 * share;
    const at = there * (stops.length - 1);
    const leg = Math.min(stops.length - 2, Math.floor(at));
    const { x, y } = curveAt(this.placeOf(stops[leg]), this.center, this.placeOf(stops[leg + 1]), at - leg);
    context.fillStyle = color('--hot');
    circle(context, x, y, 4 * this.scale);
  }

  dot(context, node, size) {
    const { x, y } = this.placeOf(node);
    circle(context, x, y, size);
  }

  placeOf(node, beyond = 0) {
    const radius = this.radius + beyond * (this.scale ?? 1);
    return { x: this.center.x + radius * Math.cos(this.angles[node]), y: this.center.y + radius * Math.sin(this.angles[node]) };
  }

  /** The node at a place of the page, if one is near. */
  nodeAt(x, y) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const [atX, atY] = [(x - left) * this.scale, (y - top) * this.scale];
    let [nearest, least] = [undefined, 12 * this.scale];
    for (let node = 0; node < this.angles.length; node++) {
      const place = this.placeOf(node);
      const distance = Math.hypot(place.x - atX, place.y - atY);
      if (distance < least) [nearest, least] = [node, distance];
    }
    return nearest;
  }
}

function circle(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, TURN);
  context.fill();
}

function curveAt(start, middle, end, share) {
  const rest = 1 - share;
  const at = (axis) => rest * rest * start[axis] + 2 * rest * share * middle[axis] + share * share * end[axis];
  return { x: at('x'), y: at('y') };
}

export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
