/**
 * @module Support of the tests of what holds for the handles of all behaviours: two nodes in virtual time that run everything.
 */
import { pino } from 'pino';
import { EnvelopeMesh, EnvelopesBehavior } from '../../behaviours/envelopes/index.js';
import { KeyValueBehavior, PeeringBehavior, PresenceBehavior, PubSubBehavior, SpacerBehavior } from '../../behaviours/index.js';
import { NetworkBehavior, type RpcContext } from '../../core/index.js';
import { PathVectorRouter } from '../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../simulation.js';

/** Counts, and notes that the caller has left. */
export class Ticks extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'ticks', rpc: ['count', 'silence'] } as const;
  begunCount = 0;
  endedCount = 0;

  async *count(upTo: number, { signal }: RpcContext): AsyncGenerator<number> {
    this.begunCount++;
    try {
      for (let number = 1; number <= upTo; number++) yield number;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    } finally {
      this.endedCount++;
    }
  }

  silence(): Promise<string> {
    return new Promise(() => {});
  }
}

export class HandlesWorld {
  readonly net = new SimulatedNetwork({ seed: 11, latencyMs: 5 });
  /** What the behaviours logged as an error. */
  readonly errors: string[] = [];

  async node(name: string, seeds: readonly string[] = []): Promise<SimulatedNode> {
    const logger = pino({ level: 'error' }, { write: (line: string) => void this.errors.push((JSON.parse(line) as { msg: string }).msg) });
    const node = await this.net.createNode({
      ...{ name, seeds: seeds.map((seed) => `sim://${seed}`), router: PathVectorRouter, logger },
      builtins: ['handshake', 'router-sync', 'rpc', 'streams'],
      behaviors: [
        ...[Ticks, PubSubBehavior, KeyValueBehavior, PresenceBehavior, EnvelopesBehavior],
        [SpacerBehavior, { oneHop: false }] as const,
        [PeeringBehavior, { acceptUnknown: true, ...(seeds.length > 0 && { peers: [{ address: `sim://${seeds[0]}` }] }) }] as const,
      ],
    });
    await this.net.start(node);
    return node;
  }

  async pair(): Promise<readonly [SimulatedNode, SimulatedNode]> {
    const far = await this.node('far');
    const near = await this.node('near', ['far']);
    await this.net.run(3_000);
    return [near, far];
  }

  /** A mesh with the link of the first to the second. */
  meshOf(node: SimulatedNode): EnvelopeMesh {
    const mesh = new EnvelopeMesh(16, 16);
    const [connection] = node.connections();
    if (connection !== undefined) mesh.add({ node, connection });
    return mesh;
  }
}
