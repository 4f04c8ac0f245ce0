/**
 * @module Model: what the page knows of the mesh, from the lines of the stream: nodes by number, and one edge for each pair that is linked.
 */
export type State = 'asked' | 'alive' | 'dead' | 'silent' | 'refused';

/** Other end, round trip in ms, loss, bytes per second sent and received (-1: not measured), 1 when it goes over relays. Figures are put in place. */
export type LinkLine = [peer: number, rttMs: number, loss: number, sent: number, received: number, relayed: number];

export interface NodeLine {
  readonly number: number;
  readonly id: string;
  readonly label: string;
  readonly state: State;
  readonly links: readonly LinkLine[];
}

/** Of a node that is known: where links stand that are measured anew, and the four figures of one after another. */
export interface ChangeLine {
  readonly number: number;
  readonly at: readonly number[];
  readonly figures: readonly number[];
}

export interface Line {
  readonly self?: number;
  readonly nodes: readonly (NodeLine | ChangeLine)[];
  readonly removed: readonly number[];
}

/** A pair of nodes that are linked, as both see their link: of what the two see, the greater counts. Made out when it is looked at. */
export class Edge {
  private readonly seen: LinkLine[] = [];

  constructor(
    readonly a: number,
    readonly b: number,
  ) {}

  sees(link: LinkLine): void {
    this.seen.push(link);
  }

  get rttMs(): number {
    return this.greatest((link) => link[1]);
  }

  get loss(): number {
    return this.greatest((link) => link[2]);
  }

  /** Bytes per second, both ways. */
  get rate(): number {
    return this.greatest((link) => Math.max(0, link[3]) + Math.max(0, link[4]));
  }

  get isRelayed(): boolean {
    return this.seen.some((link) => link[5] === 1);
  }

  private greatest(figure: (link: LinkLine) => number): number {
    return this.seen.reduce((most, link) => Math.max(most, figure(link)), -1);
  }
}

const FIGURES = 4;
/** More than any number of a node: two of them make one that is unique. */
const PAIRS = 2 ** 26;

export class Mesh {
  readonly nodes = new Map<number, NodeLine>();
  private readonly numbers = new Map<string, number>();
  self = 0;
  /** Rises with every change. */
  revision = 0;
  /** Rises when a node or a link came or went. */
  shape = 0;
  /** As they were when the shape changed last. */
  private list: readonly Edge[] = [];
  private edgeShape = 0;

  /** The first line of a stream has everything. */
  take(line: Line): void {
    if (line.self !== undefined) {
      this.nodes.clear();
      this.numbers.clear();
      this.self = line.self;
      this.shape++;
    }
    for (const node of line.nodes) {
      if ('id' in node) this.put(node);
      else this.change(node);
    }
    for (const number of line.removed) this.remove(number);
    this.revision++;
  }

  private put(node: NodeLine): void {
    this.shape++;
    this.nodes.set(node.number, node);
    this.numbers.set(node.id, node.number);
  }

  private change({ number, at, figures }: ChangeLine): void {
    const node = this.nodes.get(number);
    if (node === undefined) return;
    let next = 0;
    for (const index of at) {
      const link = node.links[index] as LinkLine;
      for (let place = 1; place <= FIGURES; place++) link[place] = figures[next++] as number;
    }
  }

  private remove(number: number): void {
    const node = this.nodes.get(number);
    if (node === undefined) return;
    this.nodes.delete(number);
    // The node may have come back under another number.
    if (this.numbers.get(node.id) === number) this.numbers.delete(node.id);
    this.shape++;
  }

  byId(id: string): NodeLine | undefined {
    const number = this.numbers.get(id);
    return number === undefined ? undefined : this.nodes.get(number);
  }

  /** Each pair once. Of a pair that both report, the links of a node that is alive count. */
  get edges(): readonly Edge[] {
    if (this.edgeShape === this.shape) return this.list;
    const pairs = new Map<number, Edge>();
    for (const node of this.nodes.values()) if (node.state === 'alive') this.pair(node, pairs);
    this.list = [...pairs.values()];
    this.edgeShape = this.shape;
    return this.list;
  }

  private pair({ number, links }: NodeLine, pairs: Map<number, Edge>): void {
    for (const link of links) {
      const [peer] = link;
      if (!this.nodes.has(peer)) continue;
      const pair = pairOf(number, peer);
      const edge = pairs.get(pair) ?? new Edge(Math.min(number, peer), Math.max(number, peer));
      pairs.set(pair, edge);
      edge.sees(link);
    }
  }
}

function pairOf(number: number, peer: number): number {
  return Math.min(number, peer) * PAIRS + Math.max(number, peer);
}
