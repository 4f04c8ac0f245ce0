/**
 * @module Support of the spacer tests: spaces of nodes in virtual time, and who is really the closest to a key.
 */
import { SpacerBehavior, type SpacerOptions } from '../../../behaviours/spacer/index.js';
import type { ValuesParts } from '../../../behaviours/spacer/values/values.js';
import type { BehaviorEntry, NodeId, NodeOptions, RouterTable } from '../../../core/index.js';
import { isCloser } from '../../../core/index.js';
import { OverlayRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

export interface SpaceOptions {
  readonly seed?: number;
  readonly latencyMs?: number;
  readonly spacer?: SpacerOptions;
  readonly router?: new () => RouterTable;
  readonly connections?: NodeOptions['connections'];
  readonly crypto?: ConstructorParameters<typeof SimulatedNetwork>[0]['crypto'];
}

export class Space {
  readonly net: SimulatedNetwork;
  readonly nodes: SimulatedNode[] = [];

  constructor(private readonly options: SpaceOptions = {}) {
    const { seed = 1, latencyMs = 10, crypto } = options;
    this.net = new SimulatedNetwork({ seed, latencyMs, onFault: 'reject', ...(crypto !== undefined && { crypto }) });
  }

  /** `spacer`: another behaviour in place of the spacer. */
  async node(name: string, seeds: readonly string[] = [], spacer?: BehaviorEntry, more: Partial<NodeOptions> = {}): Promise<SimulatedNode> {
    const { router = OverlayRouter, connections = { max: 128 } } = this.options;
    const node = await this.net.createNode({
      ...{ name, router, connections, seeds: seeds.map((seed) => `sim://${seed}`), builtins: ['handshake', 'rpc'] },
      behaviors: [spacer ?? [SpacerBehavior, this.options.spacer ?? {}]],
      ...more,
    });
    await this.net.start(node);
    this.nodes.push(node);
    return node;
  }

  /** Nodes `n0`, `n1`, …, each with a link to some of those before it. */
  async grow(count: number, seedsOf: (index: number) => readonly number[]): Promise<readonly SimulatedNode[]> {
    for (let index = 0; index < count; index++) {
      const seeds = index === 0 ? [] : seedsOf(index).map((seed) => `n${seed}`);
      await this.node(`n${index}`, seeds);
    }
    return this.nodes;
  }

  /** The ids of all nodes, the closest to the key first. */
  closest(key: NodeId, count: number, nodes: readonly SimulatedNode[] = this.nodes): readonly NodeId[] {
    return nodes
      .map(({ id }) => id)
      .sort((one, other) => (isCloser(one, other, key) ? -1 : 1))
      .slice(0, count);
  }
}

export function spacerOf(node: SimulatedNode): SpacerBehavior {
  return node.behavior(SpacerBehavior);
}

/** What the values of a node are made of: for tests of what no application can bring about. */
export function partsOf(node: SimulatedNode): ValuesParts {
  return (spacerOf(node).values as unknown as { readonly parts: ValuesParts }).parts;
}

/** Who provides a service, as the node finds it in the table for its core. */
export function directoryOf(node: SimulatedNode): (serviceId: number) => Promise<readonly NodeId[]> {
  const { serviceDirectory } = spacerOf(node).ports;
  return (serviceId) => new Promise((resolve) => partsOf(node).act((agent) => serviceDirectory?.find(agent, serviceId, resolve)));
}
