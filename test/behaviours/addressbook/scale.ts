/**
 * @module Scale: how fast nodes of one seed find each other, what that costs, and what it costs to stay so. For `scale.test.ts` with 100
 * nodes, and for the campaign with 1,000.
 */
import type { Limits } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { bookOf, isInOnePiece, Mesh } from './support.js';

export interface ScaleReport {
  readonly count: number;
  /** Virtual seconds until each knew an address of every other; more than a minute is `undefined`. */
  readonly knownS: number | undefined;
  /** Copies of one address that went over a wire, all nodes together, in shares of the number of nodes. */
  readonly copiesPerAddress: number;
  readonly isInOnePiece: boolean;
  readonly connectionsMean: number;
  readonly connectionsMost: number;
  /** Messages of the address book that one node sent until it stood, on average. */
  readonly joinMessages: number;
  /** In a quiet minute, of one node on average: everything that links carry, and the address book's messages. */
  readonly quietBytes: number;
  readonly quietMessages: number;
}

const JOIN_S = 60;
/** Connections that are too many are let go after 30 s, and end as idle after 30 s more. */
const SETTLE_MS = 90_000;
const QUIET_MS = 60_000;

/** With `NO_PINGS` links say nothing in the quiet, so that `quietBytes` is about behaviours alone. */
export async function measureScale(count: number, seed: number, limits: Partial<Limits> = {}): Promise<ScaleReport> {
  const mesh = new Mesh(seed);
  const nodes = await mesh.nodes(count, { limits });
  let knownS: number | undefined;
  for (let second = 1; second <= JOIN_S; second++) {
    await mesh.net.run(1_000);
    if (knownS === undefined && nodes.every((node) => bookOf(node).spaceSize === count)) knownS = second;
  }
  const copiesPerAddress = sumOf(nodes, recordsSent) / count / count;
  const joinMessages = sumOf(nodes, messagesSent) / count;
  await mesh.net.run(SETTLE_MS);
  const before = { bytes: sumOf(nodes, bytesSent), messages: sumOf(nodes, messagesSent) };
  await mesh.net.run(QUIET_MS);
  const report: ScaleReport = {
    ...{ count, knownS, copiesPerAddress, joinMessages, isInOnePiece: isInOnePiece(nodes) },
    connectionsMean: sumOf(nodes, (node) => node.connections().length) / count,
    connectionsMost: Math.max(...nodes.map((node) => node.connections().length)),
    quietBytes: (sumOf(nodes, bytesSent) - before.bytes) / count,
    quietMessages: (sumOf(nodes, messagesSent) - before.messages) / count,
  };
  for (const node of nodes) mesh.net.crash(node);
  return report;
}

function sumOf(nodes: readonly SimulatedNode[], of: (node: SimulatedNode) => number): number {
  return nodes.reduce((sum, node) => sum + of(node), 0);
}

const recordsSent = (node: SimulatedNode) => bookOf(node).counters.recordsSent;
const messagesSent = (node: SimulatedNode) => bookOf(node).counters.messagesSent;
const bytesSent = (node: SimulatedNode) => node.metrics()['link_bytes_sent_total'] as number;
