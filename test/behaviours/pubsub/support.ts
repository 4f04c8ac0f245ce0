/**
 * @module Support of the pubsub tests: nodes in a line in virtual time, and subscriptions that write down what they get.
 */
import {
  type Intent,
  type Interest,
  type LostSight,
  type Missed,
  PubSubBehavior,
  type PubSubOptions,
  type SubscribeOptions,
  type TopicMessage,
} from '../../../behaviours/pubsub/index.js';
import type { RouterTable } from '../../../core/index.js';
import { PathVectorRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

export const LATENCY_MS = 10;

export interface LineOptions {
  readonly pubsub?: PubSubOptions;
  readonly router?: new () => RouterTable;
  readonly limits?: Record<string, number>;
  readonly bandwidth?: number;
}

export class World {
  readonly net: SimulatedNetwork;

  constructor(
    seed = 1,
    private readonly options: LineOptions = {},
  ) {
    const { bandwidth } = options;
    this.net = new SimulatedNetwork({ seed, latencyMs: LATENCY_MS, ...(bandwidth !== undefined && { bandwidth }) });
  }

  async node(name: string, seeds: readonly string[] = []): Promise<SimulatedNode> {
    const { pubsub = {}, router = PathVectorRouter, limits = {} } = this.options;
    const node = await this.net.createNode({
      ...{ name, seeds: seeds.map((seed) => `sim://${seed}`), router, limits },
      builtins: ['handshake', 'router-sync', 'rpc'],
      behaviors: [[PubSubBehavior, pubsub]],
    });
    await this.net.start(node);
    return node;
  }

  /** Nodes `n0`, `n1` and so on, each connected to the one before, and known to each other. */
  async line(count: number): Promise<readonly SimulatedNode[]> {
    const nodes: SimulatedNode[] = [];
    for (let index = 0; index < count; index++) nodes.push(await this.node(`n${index}`, index === 0 ? [] : [`n${index - 1}`]));
    await this.net.run(3_000);
    return nodes;
  }
}

export function pubsubOf(node: SimulatedNode): PubSubBehavior {
  return node.behavior(PubSubBehavior);
}

/** What one subscription got, in order. */
export class Diary {
  readonly values: unknown[] = [];
  readonly messages: TopicMessage[] = [];
  readonly missed: Missed[] = [];
  readonly lost: LostSight[] = [];

  get options(): Pick<SubscribeOptions, 'onMessage' | 'onMissed' | 'onLostSight'> {
    return {
      onMessage: (message) => {
        this.messages.push(message);
        this.values.push(message.value);
      },
      ...this.losses,
    };
  }

  /** Without messages, which are left to their consumer. */
  get losses(): Pick<SubscribeOptions, 'onMissed' | 'onLostSight'> {
    return { onMissed: (missed) => this.missed.push(missed), onLostSight: (lost) => this.lost.push(lost) };
  }

  /** Numbers that were missed, as `cause from+count`. */
  get gaps(): readonly string[] {
    return this.missed.map(({ cause, from, count }) => `${cause} ${from}+${count}`);
  }
}

/** Both ready. */
export async function ready(
  net: SimulatedNetwork,
  ...parts: readonly (Intent<never> | Interest<never> | Intent | Interest)[]
): Promise<void> {
  await net.waitFor(Promise.all(parts.map((part) => part.ready)), 30_000);
}
