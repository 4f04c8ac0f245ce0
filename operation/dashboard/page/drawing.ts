/**
 * @module Drawing: the nodes and links of a mesh on a canvas. Colour shows the state of a node and the round trip of a link, width its rate, a broken line
 * loss, dots a path over relays.
 */
import type { Layout, Place } from './layout.js';
import type { Edge, Mesh, NodeLine, State } from './model.js';

const STATE_COLORS: Readonly<Record<State, string>> = {
  alive: '--alive',
  asked: '--quiet',
  silent: '--quiet',
  refused: '--refused',
  dead: '--dead',
};
/** Names are drawn of so many nodes at most, and of the chosen one. */
const LABELS_MAX = 60;
const FAST_MS = 30;
const SLOW_MS = 200;
/** Links are drawn fainter, the more there are. */
const FAINT_FROM = 300;
const MARGIN = 40;

export interface View {
  /** Of the middle of the canvas, in the layout's measure. */
  x: number;
  y: number;
  zoom: number;
}

export class Drawing {
  readonly view: View = { x: 0, y: 0, zoom: 1 };

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly mesh: Mesh,
    private readonly layout: Layout,
  ) {}

  draw(selected: number | undefined, found: ReadonlySet<number>): void {
    const { canvas } = this;
    const scale = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (canvas.width !== width * scale || canvas.height !== height * scale) [canvas.width, canvas.height] = [width * scale, height * scale];
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const styles = getComputedStyle(document.documentElement);
    const color = (name: string) => styles.getPropertyValue(name).trim();
    this.drawEdges(context, color, selected);
    this.drawNodes(context, color, selected, found);
  }

  /** The node at a place of the canvas. */
  nodeAt(x: number, y: number): number | undefined {
    let [nearest, least]: [number | undefined, number] = [undefined, 14];
    for (const [number, place] of this.layout.places) {
      const at = this.toCanvas(place);
      const distance = Math.hypot(at.x - x, at.y - y);
      if (distance < least) [nearest, least] = [number, distance];
    }
    return nearest;
  }

  /** So that what is at a place of the canvas stays there. */
  zoomAt(x: number, y: number, factor: number): void {
    const before = this.toLayout(x, y);
    this.view.zoom = Math.min(40, Math.max(0.5, this.view.zoom * factor));
    const after = this.toLayout(x, y);
    this.view.x += before.x - after.x;
    this.view.y += before.y - after.y;
  }

  moveBy(x: number, y: number): void {
    this.view.x -= x / this.scale;
    this.view.y -= y / this.scale;
  }

  private drawEdges(context: CanvasRenderingContext2D, color: (name: string) => string, selected: number | undefined): void {
    const { edges } = this.mesh;
    const faint = Math.max(0.06, Math.min(0.9, FAINT_FROM / (edges.length + 1)));
    for (const [key, group] of groupsOf(edges, selected)) {
      const [style, width, isOwn, isRelayed, isLossy] = key.split(' ');
      context.strokeStyle = color(style as string);
      context.lineWidth = Number(width);
      context.globalAlpha = isOwn === 'true' ? 1 : faint;
      context.setLineDash(isRelayed === 'true' ? [2, 4] : isLossy === 'true' ? [8, 4] : []);
      context.beginPath();
      for (const { a, b } of group) this.line(context, a, b);
      context.stroke();
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  private line(context: CanvasRenderingContext2D, a: number, b: number): void {
    const [from, to] = [this.layout.places.get(a), this.layout.places.get(b)];
    if (from === undefined || to === undefined) return;
    const [start, end] = [this.toCanvas(from), this.toCanvas(to)];
    context.moveTo(start.x, start.y);
    context.lineTo(end.x, end.y);
  }

  private drawNodes(
    context: CanvasRenderingContext2D,
    color: (name: string) => string,
    selected: number | undefined,
    found: ReadonlySet<number>,
  ): void {
    const { nodes, self } = this.mesh;
    const radius = Math.max(2, Math.min(9, 60 / Math.sqrt(nodes.size + 1)));
    context.font = '12px system-ui, sans-serif';
    context.textAlign = 'center';
    for (const node of nodes.values()) {
      const place = this.layout.places.get(node.number);
      if (place === undefined) continue;
      const at = this.toCanvas(place);
      const isChosen = node.number === selected;
      context.fillStyle = color(STATE_COLORS[node.state]);
      circle(context, at, isChosen || node.number === self ? radius * 1.4 : radius);
      if (isChosen || found.has(node.number)) this.ring(context, at, radius * 2, color('--text'));
      if (isChosen || nodes.size <= LABELS_MAX) this.label(context, node, { x: at.x, y: at.y + radius + 16 }, color('--text'));
    }
  }

  private ring(context: CanvasRenderingContext2D, at: Place, radius: number, style: string): void {
    context.strokeStyle = style;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    context.stroke();
  }

  private label(context: CanvasRenderingContext2D, { label, state }: NodeLine, at: Place, style: string): void {
    context.fillStyle = style;
    context.fillText(state === 'alive' ? label : `${label} (${state})`, at.x, at.y);
  }

  private get scale(): number {
    const { clientWidth, clientHeight } = this.canvas;
    return (Math.max(50, Math.min(clientWidth, clientHeight)) / 2 - MARGIN) * this.view.zoom;
  }

  private toCanvas({ x, y }: Place): Place {
    const { clientWidth, clientHeight } = this.canvas;
    return { x: clientWidth / 2 + (x - this.view.x) * this.scale, y: clientHeight / 2 + (y - this.view.y) * this.scale };
  }

  private toLayout(x: number, y: number): Place {
    const { clientWidth, clientHeight } = this.canvas;
    return { x: (x - clientWidth / 2) / this.scale + this.view.x, y: (y - clientHeight / 2) / this.scale + this.view.y };
  }
}

/** Links that look alike are one stroke: thousands of them take a few milliseconds. */
function groupsOf(edges: readonly Edge[], selected: number | undefined): Map<string, Edge[]> {
  const groups = new Map<string, Edge[]>();
  for (const edge of edges) {
    const isOwn = edge.a === selected || edge.b === selected;
    const style = edge.rttMs < 0 ? '--quiet' : edge.rttMs < FAST_MS ? '--fast' : edge.rttMs < SLOW_MS ? '--medium' : '--slow';
    const key = `${style} ${widthOf(edge.rate)} ${isOwn} ${edge.isRelayed} ${edge.loss > 0}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [edge]);
    else group.push(edge);
  }
  return groups;
}

/** 1 pixel up to 1 KB/s, one more for each factor of ten. */
function widthOf(rate: number): number {
  return 1 + Math.min(5, Math.max(0, Math.floor(Math.log10(Math.max(1, rate)) - 2)));
}

function circle(context: CanvasRenderingContext2D, { x, y }: Place, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}
