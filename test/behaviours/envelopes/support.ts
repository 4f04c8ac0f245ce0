/** @module What the tests of envelopes share: nodes that carry envelopes, links between them, and short ways to send and receive. */
import { type EnvelopeMesh, EnvelopesBehavior, type MeshConnection, type Removed } from '../../../behaviours/envelopes/index.js';
import type { BehaviorEntry, MeshNode, NodeOptions } from '../../../core/index.js';
import { type LinkConditions, SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

/** A link, as each of its nodes has it. */
export interface Ends {
  readonly near: MeshConnection;
  readonly far: MeshConnection;
}

/** A simulated network of nodes that carry envelopes. */
export class World {
  readonly net: SimulatedNetwork;

  constructor(seed: number | string, conditions: Partial<LinkConditions> = {}) {
    this.net = new SimulatedNetwork({ seed, latencyMs: 5, ...conditions });
  }

  /** A node that runs. */
  async node(name: string, options: NodeOptions = {}, behaviors: readonly BehaviorEntry[] = [EnvelopesBehavior]): Promise<SimulatedNode> {
    const node = await this.net.createNode({ name, builtins: ['handshake', 'rpc'], ...options, behaviors });
    await node.start();
    return node;
  }

  /** One dials the other. */
  async link(near: SimulatedNode, far: SimulatedNode): Promise<Ends> {
    const connection = await near.connect(`sim://${far.name}`);
    await this.net.run(50);
    return { near: { node: near, connection }, far: connectionTo(far, near) };
  }

  /** Two nodes and their link. */
  async ends(options: NodeOptions = {}): Promise<Ends> {
    return this.link(await this.node('near', options), await this.node('far', options));
  }

  /** Both ends of a new link, each in a mesh; envelopes may go. */
  async joined(
    near: EnvelopeMesh,
    far: EnvelopeMesh,
    options: NodeOptions = {},
  ): Promise<Ends & { readonly id: number; readonly farId: number }> {
    const ends = await this.ends(options);
    const ids = { id: idOf(near.add(ends.near)), farId: idOf(far.add(ends.far)) };
    await this.net.run(50);
    return { ...ends, ...ids };
  }
}

/** The connection of a node to another one. */
export function connectionTo(node: MeshNode, other: MeshNode): MeshConnection {
  const connection = node.connections().find(({ nodeId }) => nodeId === other.id);
  if (connection === undefined) throw new Error('not connected');
  return { node, connection };
}

export function idOf(outcome: ReturnType<EnvelopeMesh['add']>): number {
  if (outcome.type !== 'added') throw new Error(`add answered ${outcome.type}`);
  return outcome.id;
}

export function removedOf(outcome: ReturnType<EnvelopeMesh['remove']>): Removed {
  if (outcome.type !== 'removed') throw new Error(`remove answered ${outcome.type}`);
  return outcome;
}

export function bytesOf(text: string | number): Uint8Array {
  return new TextEncoder().encode(String(text));
}

export function textOf(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}

/** What an attempt to send a text answers, in a word. */
export function send(mesh: EnvelopeMesh, id: number | string, text: string | number): string {
  return mesh.send({ id, payload: bytesOf(text) }).type;
}

/** Everything that can be received now. */
export function takeAll(mesh: EnvelopeMesh): string[] {
  const texts: string[] = [];
  for (let envelope = mesh.tryRecv(); envelope !== undefined; envelope = mesh.tryRecv()) texts.push(textOf(envelope.payload));
  return texts;
}

export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => String(from + index));
}
