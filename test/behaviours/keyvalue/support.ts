/**
 * @module Support of the keyvalue tests: a few nodes in virtual time, all connected, that run keyvalue.
 */
import { KeyValueBehavior, type KeyValueOptions, type MapOptions, type SharedMap } from '../../../behaviours/keyvalue/index.js';
import type { NetworkError } from '../../../core/index.js';
import { PathVectorRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

export const LATENCY_MS = 5;

export class World {
  readonly net: SimulatedNetwork;
  readonly names: string[] = [];

  constructor(seed: number | string = 1) {
    this.net = new SimulatedNetwork({ seed, latencyMs: LATENCY_MS, onFault: 'reject' });
  }

  /** A node `n0`, `n1` and so on, connected to all others once they run. */
  async node(options: KeyValueOptions = {}, more: { readonly isClient?: boolean } = {}): Promise<SimulatedNode> {
    const name = `n${this.names.length}`;
    const seeds = this.names.map((seed) => `sim://${seed}`);
    this.names.push(name);
    const node = await this.net.createNode({
      ...{ name, seeds, router: PathVectorRouter },
      builtins: ['handshake', 'router-sync', 'rpc'],
      behaviors: more.isClient === true ? [] : [[KeyValueBehavior, options]],
    });
    await this.net.start(node);
    return node;
  }

  async nodes(count: number, options: KeyValueOptions = {}): Promise<readonly SimulatedNode[]> {
    const nodes: SimulatedNode[] = [];
    for (let index = 0; index < count; index++) nodes.push(await this.node(options));
    await this.net.run(2_000);
    return nodes;
  }
}

export function mapOf<V = unknown>(node: SimulatedNode, name = 'm', options: MapOptions<V> = {}): SharedMap<V> {
  return node.behavior(KeyValueBehavior).open<V>(name, options);
}

export const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: NetworkError) => error.code,
  );

export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no item ${index}`);
  return item;
}
