/**
 * @module Example: a distributed hash table. Twelve nodes know one address each; one of them finds who is closest to a key, connects to a node of
 * which it knows the id alone, and puts a value that another one gets.
 */
import { SpacerBehavior } from '../behaviours/index.js';
import { createNode, type MeshNode, type NodeId, shortId } from '../index.js';
import { OverlayRouter } from '../routing/index.js';

const COUNT = 12;
const nodes: MeshNode[] = [];
for (let index = 0; index < COUNT; index++) {
  const before = nodes.at(-1);
  const node = await createNode({
    ...{ listen: ['tcp://127.0.0.1:0'], router: OverlayRouter, logger: 'error', builtins: ['handshake', 'rpc'] },
    seeds: before === undefined ? [] : [`${before.addresses[0]}`],
    behaviors: [[SpacerBehavior, { meshLevel: 6 }]],
  });
  await node.start();
  if (before !== undefined) await node.whenConnected(1);
  nodes.push(node);
}

const [first] = nodes as [MeshNode];
const spacer = first.behavior(SpacerBehavior);
const key = spacer.keyOf('breakfast');
const resolution = spacer.resolve(key);
const closest = await resolution.nodes;
const { queries, depth } = resolution.trace;
console.log(`closest to 'breakfast': ${shortId((closest[0] as { nodeId: NodeId }).nodeId)}, found among ${closest.length} nodes`);
console.log(`asked ${queries} nodes, the closest of them ${depth} links away`);

const last = nodes.at(-1) as MeshNode;
const connection = await first.connect(last.id);
console.log(`connected to ${connection.nodeId === last.id ? 'the last node' : 'somebody else'} by its id`);

const { key: place, stored } = await spacer.values.put(new TextEncoder().encode('ham and eggs'));
const value = await last.behavior(SpacerBehavior).values.get(place);
console.log(`kept by ${stored >= 5 ? 'enough' : 'too few'} nodes: ${new TextDecoder().decode(value)}`);
await Promise.all(nodes.map((node) => node.stop()));
