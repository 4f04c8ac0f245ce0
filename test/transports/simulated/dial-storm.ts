/**
 * @module Dial storms: nodes that dial each other at nearly the same time, over links of all kinds. Used by the tests of S6, row 15 and
 * USERS 22, and by the campaign with more seeds. Holds no test; what does not hold is thrown, with the seed.
 */
import { type BehaviorAgent, type Connection, type Message, NetworkBehavior, toConnection } from '../../../index.js';
import { DirectRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

/** Sends one message on every connection as soon as it is there, and remembers everything. */
export class FirstWord extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'first-word' } as const;
  readonly connected: Connection[] = [];
  readonly lost: Connection[] = [];
  /** Sessions on which a first message came, as often as it came. */
  readonly heard: string[] = [];
  readonly answers: string[] = [];

  override onIncomingConnectionConnected(agent: BehaviorAgent, connection: Connection): void {
    this.#greet(agent, connection);
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent, connection: Connection): void {
    this.#greet(agent, connection);
  }

  override onIncomingConnectionDisconnected(_agent: BehaviorAgent, connection: Connection): void {
    this.lost.push(connection);
  }

  override onOutgoingConnectionDisconnected(_agent: BehaviorAgent, connection: Connection): void {
    this.lost.push(connection);
  }

  override onMessage(_agent: BehaviorAgent, message: Message): void {
    this.heard.push(message.payload.join());
  }

  #greet(agent: BehaviorAgent, connection: Connection): void {
    this.connected.push(connection);
    this.answers.push(agent.send(toConnection(connection.id), connection.channelBinding));
  }
}

const SETTLE_MS = 30_000;

/** Every node dials every other one, at a random time within `withinMs`; half of the dials name the node that they expect. */
export async function dialStorm(seed: number | string, nodeCount: number, withinMs: number): Promise<void> {
  const { network, nodes } = await stormNetwork(seed, nodeCount);
  const dials: Promise<Connection>[] = [];
  for (const from of nodes)
    for (const to of nodes) {
      if (from === to) continue;
      const address = network.random.float() < 0.5 ? `sim://${to.id}@${to.name}` : `sim://${to.name}`;
      dials.push(
        new Promise((resolve, reject) =>
          network.after(network.random.float() * withinMs, () => from.connect(address).then(resolve, reject)),
        ),
      );
    }
  const outcomes = Promise.allSettled(dials);
  await network.run(withinMs + SETTLE_MS);
  const failed = (await network.waitFor(outcomes)).find((outcome) => outcome.status === 'rejected');
  must(failed === undefined, `a dial failed: ${failed?.reason}`, network);
  for (const [index, node] of nodes.entries()) checkNode(node, nodes, network, index);
  checkPairs(nodes, network);
}

/** Conditions that the seed chooses: from a fast and sound network to a slow and lossy one. */
async function stormNetwork(seed: number | string, nodeCount: number) {
  const chance = new SimulatedNetwork({ seed }).random;
  const latencyMs = chance.pick([0, 1, 10, 50, 150]);
  const jitterMs = chance.pick([0, 0, 5, 50, 200]);
  const loss = chance.pick([0, 0, 0.01, 0.05]);
  const network = new SimulatedNetwork({ seed, latencyMs, jitterMs, loss, traceEventsMax: 0 });
  const limits = { connectionsMax: nodeCount, dialsMax: nodeCount, pendingConnectionsMax: 4 * nodeCount, pendingPerAddressMax: 8 };
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < nodeCount; index++)
    nodes.push(await network.createNode({ behaviors: [FirstWord], limits, builtins: ['handshake', 'rpc'], router: DirectRouter }));
  await network.start(...nodes);
  return { network, nodes };
}

/** One connection to every other node, none ever lost, and every first message heard once. */
function checkNode(node: SimulatedNode, nodes: readonly SimulatedNode[], network: SimulatedNetwork, index: number): void {
  const word = node.behavior(FirstWord);
  const others = nodes.length - 1;
  must(node.connections().length === others, `node ${index} has ${node.connections().length} connections, not ${others}`, network);
  must(new Set(node.connections().map(({ nodeId }) => nodeId)).size === others, `node ${index} has two to one node`, network);
  must(word.lost.length === 0, `a behaviour of node ${index} has seen a loser`, network);
  must(word.connected.length === others, `a behaviour of node ${index} has seen ${word.connected.length} connections`, network);
  must(
    word.answers.every((answer) => answer === 'queued'),
    `a first message of node ${index} was not taken`,
    network,
  );
  const sessions = node.connections().map(({ channelBinding }) => channelBinding.join());
  must(
    word.heard.sort().join() === sessions.sort().join(),
    `node ${index} has heard ${word.heard.length} first messages of ${others}`,
    network,
  );
}

/** The same session on both sides. */
function checkPairs(nodes: readonly SimulatedNode[], network: SimulatedNetwork): void {
  for (const node of nodes)
    for (const { nodeId, channelBinding } of node.connections()) {
      const other = nodes.find(({ id }) => id === nodeId);
      const same = other?.connections().find((connection) => connection.nodeId === node.id);
      must(same?.channelBinding.join() === channelBinding.join(), 'two nodes know their connection by different sessions', network);
    }
}

function must(holds: boolean, fact: string, network: SimulatedNetwork): asserts holds {
  if (!holds) throw new Error(`${fact} (seed ${JSON.stringify(network.seed)}, trace ${network.traceHash()})`);
}
