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

export interface Edge {
  readonly a: number;
  readonly b: number;
  rttMs: number;
  loss: number;
  /** Bytes per second, both ways. */
  rate: number;
  isRelayed: boolean;
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
  private known: { readonly revision: number; readonly edges: Edge[] } | undefined;

  /** The first line of a stream has everything. */
  take(line: Line): void {
    if (line.self !== undefined) {
      this.nodes.clear();
      this.numbers.clear();
      this.self = line.self;
      this.shape++;
    }
    for (const node of line.nodes) {
      if (!isSameShape(this.nodes.get(node.number), node)) this.shape++;
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
    if (this.known?.revision === this.revision) return this.known.edges;
    const edges = new Map<number, Edge>();
    for (const { number, state, links } of this.nodes.values()) {
      if (state !== 'alive') continue;
      for (const [peer, rttMs, loss, sent, received, relayed] of links) {
        if (!this.nodes.has(peer)) continue;
        const [a, b] = number < peer ? [number, peer] : [peer, number];
        const rate = Math.max(0, sent) + Math.max(0, received);
        const pair = a * PAIRS + b;
        const edge = edges.get(pair);
        if (edge === undefined) edges.set(pair, { a, b, rttMs, loss, rate, isRelayed: relayed === 1 });
        else [edge.rttMs, edge.loss, edge.rate] = [Math.max(edge.rttMs, rttMs), Math.max(edge.loss, loss), Math.max(edge.rate, rate)];
      }
    }
    this.known = { revision: this.revision, edges: [...edges.values()] };
    return this.known.edges;
  }
}

function isSameShape(before: NodeLine | undefined, after: NodeLine): boolean {
  if (before === undefined || before.state !== after.state || before.links.length !== after.links.length) return false;
  return before.links.every(([peer], index) => peer === after.links[index]?.[0]);
}
