/** @module Nodes that meet over datagrams in the simulator, with services that note what comes. */
import {
  type BehaviorAgent,
  type BehaviorDescriptor,
  type Behaviors,
  type Message,
  NetworkBehavior,
  toNode,
} from '../../../../core/index.js';
import { readU32, writeU32 } from '../../../../core/structures/bytes.js';
import { SimulatedNetwork } from '../../../../simulation.js';
import type { SimulatedNode, SimulatedNodeOptions, SimulationOptions } from '../../../../transports/simulated/index.js';

export class Noting extends NetworkBehavior {
  /** The numbers of the messages, in the order in which they came. */
  readonly got: number[] = [];
  /** When. */
  readonly gotMs: number[] = [];
  nowMs = (): number => 0;

  act<Result>(work: (agent: BehaviorAgent) => Result): Result {
    return this.perform(work);
  }

  override onMessage(_agent: unknown, message: Message): void {
    this.got.push(readU32(message.payload, 0));
    this.gotMs.push(this.nowMs());
  }
}

function notingClass(serviceId: number): typeof Noting & { readonly behavior: BehaviorDescriptor } {
  return class extends Noting {
    static readonly behavior = { serviceId, name: `noting-${serviceId}` };
  };
}

export const SERVICES = [64, 65, 66, 67];
export const NOTING = SERVICES.map(notingClass);

/** Two nodes with a link over datagrams, and no other. */
export async function pair(
  options: Partial<SimulationOptions> = {},
  behaviors: Behaviors = NOTING,
  repair: { readonly ada?: 'classic'; readonly bob?: 'classic' } = {},
) {
  const network = new SimulatedNetwork({ seed: 1, onFault: 'reject', ...options });
  const nodeOptions = { behaviors, builtins: [] as const };
  const ada = await network.createNode({ ...nodeOptions, ...classic(repair.ada), name: 'ada', listen: ['udp://ada:7400'] });
  const bob = await network.createNode({ ...nodeOptions, ...classic(repair.bob), name: 'bob', listen: ['udp://bob:7400'] });
  await network.start(ada, bob);
  await ada.connect('udp://bob:7400');
  await network.runUntil(() => bob.connections().length === 1);
  for (const type of NOTING) bob.behavior(type).nowMs = () => network.nowMs;
  return { network, ada, bob };
}

function classic(repair: 'classic' | undefined): Pick<SimulatedNodeOptions, 'repair'> {
  return repair === undefined ? {} : { repair };
}

/** Sends numbered messages of all services in turn, as fast as the lanes take them, and waits until all have come. */
export async function exchange(
  network: SimulatedNetwork,
  ada: SimulatedNode,
  bob: SimulatedNode,
  count: number,
  byteCount = 32,
): Promise<void> {
  const sent = SERVICES.map(() => 0);
  const isSent = () => sent.every((next) => next === count);
  const arrivedCount = () => NOTING.reduce((sum, type) => sum + bob.behavior(type).got.length, 0);
  while (!isSent()) {
    for (const [index, serviceId] of SERVICES.entries()) {
      while ((sent[index] as number) < count) {
        const payload = new Uint8Array(byteCount);
        writeU32(payload, 0, sent[index] as number);
        if (ada.send(toNode(bob.id), serviceId, payload) !== 'queued') break;
        sent[index] = (sent[index] as number) + 1;
        if ((sent[index] as number) % 16 === 0) break;
      }
    }
    if (!isSent()) await network.run(5);
  }
  await network.runUntil(() => arrivedCount() >= SERVICES.length * count, 600_000);
}

export function inOrder(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}
