/**
 * @module Counts the calls by which a mesh learns of topics: each published by one node and wanted by another one. For a test, and for a campaign with 1,000
 * nodes.
 */
import { PubSubBehavior } from '../../../behaviours/pubsub/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { randomEdges } from '../../routing/path-vector/shapes.js';

export interface DeclarationReport {
  readonly calls: number;
  /** Both sides of a topic register at three nodes, each of which offers it; and what a node wants goes to each of its neighbours, perhaps twice. */
  readonly callsMax: number;
  /** Topics whose publisher has not found its subscriber. */
  readonly unfound: number;
  readonly readyMs: number;
}

export async function callsOfDeclarations(nodeCount: number, topicCount: number, seed: number): Promise<DeclarationReport> {
  const net = new SimulatedNetwork({ seed, latencyMs: 10, traceEventsMax: 1 });
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < nodeCount; index++)
    nodes.push(await net.createNode({ name: `n${index}`, builtins: ['handshake', 'router-sync', 'rpc'], behaviors: [PubSubBehavior] }));
  const at = (index: number) => nodes[index % nodeCount] as SimulatedNode;
  await net.start(...nodes);
  const edges = randomEdges(nodeCount, 4, seed);
  for (const [a, b] of edges)
    void at(a)
      .connect(`sim://n${b}`)
      .catch(() => {});
  await net.run(15_000);
  const calls = () => nodes.reduce((sum, node) => sum + Number(node.metrics()['rpc_calls_started_total']), 0);
  const [before, beganMs] = [calls(), net.nowMs];
  const parts = Array.from({ length: topicCount }, (_, index) => ({
    interest: at(index).behavior(PubSubBehavior).subscribe(`area-${index}`),
    intent: at(index * 7 + 3)
      .behavior(PubSubBehavior)
      .publish(`area-${index}`),
  }));
  await net.waitFor(Promise.all(parts.flatMap(({ interest, intent }) => [interest.ready, intent.ready])), 60_000);
  const report = {
    calls: calls() - before,
    callsMax: topicCount * (3 + 3 + 3) + 2 * (2 * edges.length),
    unfound: parts.filter(({ intent }) => intent.interested === 0).length,
    readyMs: net.nowMs - beganMs,
  };
  await net.stop();
  return report;
}
