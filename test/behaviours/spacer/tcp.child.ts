/**
 * @module A process with nodes of a space on real TCP: it starts and kills them, and has them resolve, put, get, provide and call, as its parent says.
 * A kill closes the sockets without a word, as the end of a process would.
 */
import { SpacerBehavior } from '../../../behaviours/spacer/index.js';
import { createNode, type MeshNode, NetworkBehavior, type NodeId, toService } from '../../../index.js';
import { OverlayRouter } from '../../../routing/index.js';
import { answerQuestions } from '../../security/children.js';
import type { TcpStart } from './tcp.js';

/** Some nodes offer it: answers with their own id. */
class Witness extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'witness', rpc: ['who'] } as const;
  node: MeshNode | undefined;

  who(): string {
    return `${this.node?.id}`;
  }
}

const nodes = new Map<number, MeshNode>();
const spacerOf = (index: number) => (nodes.get(index) as MeshNode).behavior(SpacerBehavior);
/** All of them come from one address. */
const LIMITS = { pendingPerAddressMax: 256, pendingConnectionsMax: 256 };

async function start({ index, seeds, meshLevel, isWitness }: TcpStart): Promise<{ readonly id: NodeId; readonly address: string }> {
  const witness = new Witness();
  const node = await createNode({
    ...{ listen: ['tcp://127.0.0.1:0'], seeds, router: OverlayRouter, limits: LIMITS, logger: 'silent', builtins: ['handshake', 'rpc'] },
    behaviors: [[SpacerBehavior, { meshLevel }], ...(isWitness ? [witness] : [])],
  });
  witness.node = node;
  nodes.set(index, node);
  await node.start();
  if (seeds.length > 0) await node.whenConnected(1);
  return { id: node.id, address: `${node.addresses[0]}` };
}

function kill(index: number): void {
  nodes.get(index)?.kill();
  nodes.delete(index);
}

answerQuestions(
  {
    start,
    kill,
    links: () => [...nodes.values()].map((node) => node.connections().length),
    resolve: async ({ index, key }: { readonly index: number; readonly key: NodeId }) => {
      const resolution = spacerOf(index).resolve(key, { oneHop: false, deadlineMs: 60_000 });
      return (await resolution.nodes).map(({ nodeId }) => nodeId);
    },
    put: async ({ index, text }: { readonly index: number; readonly text: string }) =>
      spacerOf(index).values.put(new TextEncoder().encode(text)),
    get: async ({ index, key }: { readonly index: number; readonly key: NodeId }) =>
      new TextDecoder().decode(await spacerOf(index).values.get(key)),
    provide: async ({ index, key }: { readonly index: number; readonly key: NodeId }) => spacerOf(index).values.provide(key),
    providers: async ({ index, key }: { readonly index: number; readonly key: NodeId }) => spacerOf(index).values.providers(key),
    call: async (index: number) => nodes.get(index)?.client(Witness, toService()).who(undefined, { waitForRoute: true, timeoutMs: 60_000 }),
  },
  () => process.exit(),
);
