/**
 * @module Lines: what pages are sent of nodes: all of a node once, and then the links that are measured anew. A picture is no meter: what has hardly
 * changed is not sent again, and so a large mesh at rest sends next to nothing. The details of a node have the figures themselves.
 */
import type { ObservedLink, ObservedNode } from '../../behaviours/telemetry/index.js';
import type { NodeId } from '../../core/index.js';

/** The other end, round trip in ms, loss, bytes per second both ways (-1: not measured), and 1 when it goes over relays. */
type LinkLine = readonly [peer: number, rttMs: number, loss: number, sent: number, received: number, relayed: number];

export interface NodeLine {
  readonly number: number;
  readonly id: NodeId;
  readonly state: string;
  readonly label: string;
  readonly links: readonly LinkLine[];
}

/** Of a node that pages have, linked as before: where links stand that are measured anew, and the figures of one after another. */
export interface ChangeLine {
  readonly number: number;
  readonly at: readonly number[];
  readonly figures: readonly number[];
}

/** Of each figure, which stand behind the peer: what differs by less than the share of it, or than the least, is not sent again. */
const GRAINS: readonly (readonly [share: number, least: number])[] = [
  [0.05, 0.1],
  [0, 0.005],
  [0.2, 50],
  [0.2, 50],
];

export class Lines {
  /** Short names of nodes in lines, by id: their number. */
  private readonly numbers = new Map<NodeId, number>();
  /** By number, as pages have them. */
  private readonly sent = new Map<number, NodeLine>();
  private lastNumber = 0;

  numberOf(nodeId: NodeId): number {
    const number = this.numbers.get(nodeId) ?? ++this.lastNumber;
    this.numbers.set(nodeId, number);
    return number;
  }

  /** All that pages have. */
  get all(): readonly NodeLine[] {
    return [...this.sent.values()];
  }

  /** What pages do not have yet of a node; `undefined`: nothing. They are sent it. */
  next(node: ObservedNode): NodeLine | ChangeLine | undefined {
    const line = this.lineOf(node);
    const before = this.sent.get(line.number);
    if (before === undefined || !isSameShape(before, line)) {
      this.sent.set(line.number, line);
      return line;
    }
    const links = line.links.map((link, index) => toSend(before.links[index] as LinkLine, link));
    const at = [...links.keys()].filter((index) => links[index] !== before.links[index]);
    if (at.length === 0) return undefined;
    this.sent.set(line.number, { ...line, links });
    return { number: line.number, at, figures: at.flatMap((index) => (links[index] as LinkLine).slice(1, 1 + GRAINS.length)) };
  }

  /** The number of a node that is followed no more, if it had one. */
  remove(nodeId: NodeId): number | undefined {
    const number = this.numbers.get(nodeId);
    if (number === undefined) return undefined;
    this.numbers.delete(nodeId);
    this.sent.delete(number);
    return number;
  }

  clear(): void {
    this.numbers.clear();
    this.sent.clear();
  }

  private lineOf({ id, state, label, links }: ObservedNode): NodeLine {
    // What else a node names is kept by nobody.
    const followed = links.filter(({ nodeId }) => this.numbers.has(nodeId));
    return { number: this.numberOf(id), id, state, label, links: followed.map((link) => this.linkOf(link)) };
  }

  private linkOf({ nodeId, rttMs, lossRatio, sentPerSecond, receivedPerSecond, remoteAddress }: ObservedLink): LinkLine {
    const isRelayed = remoteAddress.startsWith('mesh:');
    const [sent, received] = [rounded(sentPerSecond), rounded(receivedPerSecond)];
    return [this.numberOf(nodeId), rounded(rttMs), rounded(lossRatio), sent, received, isRelayed ? 1 : 0];
  }
}

function rounded(value: number | undefined): number {
  return Math.round((value ?? -1) * 100) / 100;
}

function isSameShape(before: NodeLine, after: NodeLine): boolean {
  if (before.state !== after.state || before.label !== after.label || before.links.length !== after.links.length) return false;
  return before.links.every((link, index) => link[0] === after.links[index]?.[0] && link[5] === after.links[index]?.[5]);
}

/** The link as pages have it, if it has hardly changed. */
function toSend(before: LinkLine, link: LinkLine): LinkLine {
  const hasChanged = GRAINS.some(([share, least], index) => {
    const [value, last] = [link[index + 1] as number, before[index + 1] as number];
    return value < 0 !== last < 0 || Math.abs(value - last) > Math.max(least, share * last);
  });
  return hasChanged ? link : before;
}
