/**
 * @module Model: what the page knows of the mesh, from the lines of the stream: nodes by number, and one edge for each pair that is linked.
 */
export type State = 'asked' | 'alive' | 'dead' | 'silent' | 'refused';

/** Other end, round trip in ms, loss, bytes per second sent and received (-1: not measured), 1 when it goes over relays. */
export type LinkLine = readonly [peer: number, rttMs: number, loss: number, sent: number, received: number, relayed: number];

export interface NodeLine {
  readonly number: number;
  readonly id: string;
  readonly label: string;
  readonly state: State;
  readonly links: readonly LinkLine[];
}

export interface Line {
  readonly self?: number;
  readonly nodes: readonly NodeLine[];
  readonly removed: readonly number[];
}

/** A pair of nodes that are linked, as both see their link. */
export class Edge {
  private readonly seen: [of: LinkLine | undefined, ofOther: LinkLine | undefined] = [undefined, undefined];
  rttMs = -1;
  loss = -1;
  /** Bytes per second, both ways. */
  rate = 0;
  isRelayed = false;

  constructor(
    readonly a: number,
    readonly b: number,
  ) {}

  /** Of what the two see, the greater counts. */
  sees(number: number, link: LinkLine): void {
    this.seen[number === this.a ? 0 : 1] = link;
    const [first = link, second = link] = this.seen;
    this.rttMs = Math.max(first[1], second[1]);
    this.loss = Math.max(first[2], second[2]);
    this.rate = Math.max(rateOf(first), rateOf(second));
    this.isRelayed = first[5] === 1 || second[5] === 1;
  }
}

function rateOf([, , , sent, received]: LinkLine): number {
  return Math.max(0, sent) + Math.max(0, received);
}

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
  /** By their pairs of numbers, as they were when the shape changed last. */
  private readonly pairs = new Map<number, Edge>();
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
      if (isSameShape(this.nodes.get(node.number), node)) this.measure(node);
      else this.shape++;
      this.nodes.set(node.number, node);
      this.numbers.set(node.id, node.number);
    }
    for (const number of line.removed) this.remove(number);
    this.revision++;
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
    this.pairs.clear();
    for (const node of this.nodes.values()) this.measure(node, true);
    this.list = [...this.pairs.values()];
    this.edgeShape = this.shape;
    return this.list;
  }

  private measure({ number, state, links }: NodeLine, isNew = false): void {
    if (state !== 'alive' || (!isNew && this.edgeShape !== this.shape)) return;
    for (const link of links) {
      const [peer] = link;
      const [a, b] = number < peer ? [number, peer] : [peer, number];
      const pair = a * PAIRS + b;
      if (isNew && !this.pairs.has(pair) && this.nodes.has(peer)) this.pairs.set(pair, new Edge(a, b));
      this.pairs.get(pair)?.sees(number, link);
    }
  }
}

function isSameShape(before: NodeLine | undefined, after: NodeLine): boolean {
  if (before === undefined || before.state !== after.state || before.links.length !== after.links.length) return false;
  return before.links.every(([peer], index) => peer === after.links[index]?.[0]);
}
