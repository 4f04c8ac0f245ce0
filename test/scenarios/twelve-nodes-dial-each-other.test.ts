/**
 * @module Scenario S6 on real sockets: twelve nodes dial each other at nearly the same time. Every pair ends up with exactly one link, which
 * both sides know by the same name, and nothing that was sent is lost or doubled.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { type Connection, createNode, type MeshNode, type Message, NetworkBehavior, toNode } from '../../index.js';
import { seededRandom } from '../../testing/index.js';
import { addressOf, until, World } from '../security/world.js';

const NODES = 12;
const OTHERS = NODES - 1;
/** Dials begin within so many turns of the event loop: some before, some while and some after those of others. */
const TURNS_MAX = 60;
/** All of them come from one address. */
/** 132 dials begin at once in one process, on a machine that others may keep busy. */
const limits = { pendingPerAddressMax: 64, openTimeoutMs: 60_000 };
const SEEDS = [1, 2, 3];

/** Greets whoever is connected, and counts greetings by their sender. */
class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 74, name: 'greeter' } as const;
  readonly greetings = new Map<string, number>();
  readonly opened: Connection[] = [];

  override onIncomingConnectionConnected(_agent: unknown, connection: Connection): undefined {
    this.opened.push(connection);
  }

  override onOutgoingConnectionConnected(_agent: unknown, connection: Connection): undefined {
    this.opened.push(connection);
  }

  override onMessage(_agent: unknown, { source }: Message): void {
    this.greetings.set(source, (this.greetings.get(source) ?? 0) + 1);
  }

  greet(node: MeshNode['id']): string {
    return this.perform((agent) => agent.send(toNode(node), Uint8Array.of(1)));
  }
}

describe('twelve nodes dial each other', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  for (const seed of SEEDS) {
    it(`S6: each pair has one link, the same for both, and loses nothing (seed ${seed})`, async () => {
      const random = seededRandom('twelve nodes', seed);
      const nodes: MeshNode[] = [];
      for (let index = 0; index < NODES; index++) {
        const node = await createNode({ listen: [`tcp://127.0.0.${50 + index}:0`], behaviors: [Greeter], logger: 'silent', limits });
        world.atEnd(() => node.stop());
        await node.start();
        nodes.push(node);
      }
      const dial = async (from: MeshNode, to: MeshNode) => {
        for (let turns = Math.floor(random.float() * TURNS_MAX); turns > 0; turns--) await turn();
        const address = addressOf(to);
        const { nodeId } = await from.connect(random.float() < 0.5 ? address : address.withNodeId(to.id));
        expect(nodeId).to.equal(to.id);
        expect(from.behavior(Greeter).greet(to.id)).to.equal('queued');
      };
      const pairs = nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => [from, to] as const));
      await Promise.all(pairs.map(([from, to]) => dial(from, to)));
      await until(() => nodes.every((node) => node.behavior(Greeter).greetings.size === OTHERS), 'everybody has greeted everybody');
      for (const node of nodes) {
        expect(node.connections(), 'one link to each').to.have.length(OTHERS);
        expect(node.behavior(Greeter).opened, 'no behaviour has seen another one').to.have.length(OTHERS);
        expect([...node.behavior(Greeter).greetings.values()]).to.deep.equal(new Array(OTHERS).fill(1));
      }
      for (const [from, to] of pairs) expect(bindingTo(from, to)).to.equal(bindingTo(to, from));
    });
  }
});

/** What the link between the two is called on the first one's side. */
function bindingTo(from: MeshNode, to: MeshNode): string {
  const [connection] = from.connections().filter(({ nodeId }) => nodeId === to.id);
  return Buffer.from(connection?.channelBinding ?? []).toString('hex');
}
