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

export class Mesh {
  readonly nodes = new Map<number, NodeLine>();
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
      this.self = line.self;
      this.shape++;
    }
    for (const node of line.nodes) {
      if (!isSameShape(this.nodes.get(node.number), node)) this.shape++;
      this.nodes.set(node.number, node);
    }
    for (const number of line.removed) if (this.nodes.delete(number)) this.shape++;
    this.revision++;
  }

  byId(id: string): NodeLine | undefined {
    for (const node of this.nodes.values()) if (node.id === id) return node;
    return undefined;
  }

  /** Each pair once. Of a pair that both report, the links of a node that is alive count. */
  get edges(): readonly Edge[] {
    if (this.known?.revision === this.revision) return this.known.edges;
    const edges = new Map<string, Edge>();
    for (const { number, state, links } of this.nodes.values()) {
      if (state !== 'alive') continue;
      for (const [peer, rttMs, loss, sent, received, relayed] of links) {
        if (!this.nodes.has(peer)) continue;
        const [a, b] = number < peer ? [number, peer] : [peer, number];
        const rate = Math.max(0, sent) + Math.max(0, received);
        const edge = edges.get(`${a} ${b}`);
        if (edge === undefined) edges.set(`${a} ${b}`, { a, b, rttMs, loss, rate, isRelayed: relayed === 1 });
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
