/**
 * @module 256 real nodes of 16 zones in virtual time, each with a layered table and router-sync: all reach each other, with as much as a zone
 * takes; broadcasts keep to their scope.
 */
import { expect } from 'chai';
import { RouterSyncBehavior } from '../../../behaviours/router-sync/index.js';
import { toKey, toNode, toService, toServices } from '../../../core/index.js';
import { Identity } from '../../../core/security/identity.js';
import { LayeredRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { SeededRandom, simulatedCrypto } from '../../../transports/simulated/index.js';
import type { Edge } from '../../routing/path-vector/shapes.js';
import { Mailbox } from './mesh.js';

const ZONES = 16;
const ZONE_NODES = 16;
const COUNT = ZONES * ZONE_NODES;

/** In each zone a tree and some more links; between zones a ring and some chords. Node n is in zone n modulo 16. */
function zonedEdges(random: SeededRandom): Edge[] {
  const edges: Edge[] = [];
  const at = (zone: number, place: number) => (zone % ZONES) + ZONES * place;
  const below = (count: number) => Math.floor(random.float() * count);
  for (let zone = 0; zone < ZONES; zone++) {
    for (let place = 1; place < ZONE_NODES; place++) edges.push([at(zone, place), at(zone, below(place))]);
    for (let more = 0; more < 6; more++) edges.push([at(zone, more), at(zone, ZONE_NODES - 1 - more)]);
    edges.push([at(zone, below(ZONE_NODES)), at(zone + 1, below(ZONE_NODES))]);
    if (zone % 3 === 0) edges.push([at(zone, below(ZONE_NODES)), at(zone + 7, below(ZONE_NODES))]);
  }
  const names = new Set<string>();
  return edges.filter(([a, b]) => {
    const name = a < b ? `${a}-${b}` : `${b}-${a}`;
    return !names.has(name) && names.add(name);
  });
}

async function zonedNetwork(seed: number): Promise<{ net: SimulatedNetwork; nodes: SimulatedNode[] }> {
  const net = new SimulatedNetwork({ seed, latencyMs: 10 });
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < COUNT; index++) {
    const zone = (0x20 + (index % ZONES)).toString(16);
    const identity = Identity.generate(simulatedCrypto, new SeededRandom(seed, 'zone', index), { zone });
    const options = { builtins: [], behaviors: [RouterSyncBehavior, Mailbox], router: LayeredRouter, limits: { dialsMax: 1_000 } };
    nodes.push(await net.createNode({ name: `n${index}`, identity, ...options }));
  }
  await net.start(...nodes);
  await Promise.all(zonedEdges(new SeededRandom(seed, 'edges')).map(([a, b]) => nodes[a]?.connect(`sim://n${b}`)));
  return { net, nodes };
}

const mailbox = (node: SimulatedNode | undefined) => (node as SimulatedNode).behavior(Mailbox);
const sum = (nodes: readonly SimulatedNode[], of: (node: SimulatedNode) => number) => nodes.reduce((total, node) => total + of(node), 0);

describe('256 nodes of 16 zones with layered tables', function () {
  this.timeout(300_000);

  it('ATM-45, ATM-47, ATM-58: reach each other by node, key and service, and broadcast within zones; knowing a zone is enough', async () => {
    const { net, nodes } = await zonedNetwork(4);
    await net.run(5_000);
    for (const [index, node] of nodes.entries()) {
      for (const step of [1, 16, 77, 130])
        expect(mailbox(node).post(toNode((nodes[(index + step) % COUNT] as SimulatedNode).id), index)).equal('queued');
    }
    await net.run(3_000);
    for (const [index, node] of nodes.entries()) {
      const sources = [1, 16, 77, 130].map((step) => (index + COUNT - step) % COUNT).sort((a, b) => a - b);
      expect(
        mailbox(node)
          .got.map(({ first }) => first)
          .sort((a, b) => a - b),
      ).eql(sources);
      mailbox(node).got.length = 0;
    }
    const [sender] = nodes as [SimulatedNode];
    for (let index = 0; index < COUNT; index += 5) mailbox(sender).post(toKey((nodes[index] as SimulatedNode).id), index);
    mailbox(sender).post(toServices(64, 1), 1_000);
    mailbox(sender).post(toServices(64), 2_000);
    mailbox(nodes[1]).post(toService(64), 3_000);
    await net.run(3_000);
    const takers = (first: number) =>
      [...nodes.keys()].filter((index) => mailbox(nodes[index]).got.some((message) => message.first === first));
    for (let index = 0; index < COUNT; index += 5) expect(takers(index), 'a key').eql([index]);
    expect(takers(1_000)).eql(Array.from({ length: ZONE_NODES }, (_, place) => ZONES * place));
    expect(takers(2_000).length).equal(COUNT);
    expect(takers(3_000)).eql([1]);
    for (const node of nodes) expect(mailbox(node).got.filter(({ first }) => first === 2_000).length, 'copies').equal(1);
    const tables = nodes.map((node) => node.router as unknown as { readonly table: LayeredRouter });
    expect(Math.max(...tables.map(({ table }) => table.size().nodeCount))).within(ZONES + ZONE_NODES, 160);
    const said = () => sum(nodes, (node) => node.behavior(RouterSyncBehavior).counters.bytesSent);
    const before = said();
    await net.run(10_000);
    expect((said() - before) / COUNT / 10, 'H-26: bytes for each node and second in the quiet').within(1, 64);
    await net.stop();
  });
});
