/** @module What the peering tests share: simulated nodes with the behaviour, frames by number, and a peer that says what it likes. */
import { type FrameOutcome, PeeringBehavior, type PeeringOptions } from '../../../behaviours/peering/index.js';
import {
  type BehaviorAgent,
  type Connection,
  type ConnectionEvent,
  ConnectionHandler,
  type MeshNode,
  NetworkBehavior,
  type NodeId,
  toConnection,
  toNode,
} from '../../../core/index.js';
import type { SimulatedNetwork, SimulatedNode, SimulatedNodeOptions } from '../../../simulation.js';

export type Sim = SimulatedNetwork;

export function peeringOf(node: MeshNode): PeeringBehavior {
  return node.behavior(PeeringBehavior);
}

/** A started node that listens on `sim://name`. */
export async function started(
  sim: Sim,
  name: string,
  options: PeeringOptions = {},
  rest: SimulatedNodeOptions = {},
): Promise<SimulatedNode> {
  const node = await sim.createNode({ name, builtins: ['handshake'], behaviors: [[PeeringBehavior, options]], ...rest });
  await node.start();
  return node;
}

/** A server that takes everybody, and a client that is its peer; both are up. */
export async function peers(sim: Sim, server: PeeringOptions = {}, client: PeeringOptions = {}) {
  const b = await started(sim, 'b', { acceptUnknown: true, ...server });
  const a = await started(sim, 'a', { peers: [{ address: 'sim://b' }], ...client });
  await sim.waitFor(peeringOf(a).whenUp(0));
  await sim.runUntil(() => peeringOf(b).status().upCount === 1);
  return { a, b, pa: peeringOf(a), pb: peeringOf(b) };
}

/** Two nodes that have each other as cross peers; both are up. */
export async function crossPeers(sim: Sim, options: PeeringOptions) {
  const cross = (name: string, other: string) => started(sim, name, { ...options, peers: [{ address: `sim://${other}`, type: 'cross' }] });
  const [a, b] = await Promise.all([cross('a', 'b'), cross('b', 'a')]);
  await sim.waitFor(Promise.all([a, b].map((node) => peeringOf(node).whenUp(0))));
  return { a, b, pa: peeringOf(a), pb: peeringOf(b) };
}

export function frameOf(number: number, length = 4): Uint8Array {
  const frame = new Uint8Array(Math.max(4, length));
  new DataView(frame.buffer).setUint32(0, number);
  return frame;
}

export function numberOf(frame: Uint8Array | undefined): number {
  return frame === undefined ? -1 : new DataView(frame.buffer, frame.byteOffset).getUint32(0);
}

/** Takes what comes from now on: numbers, by arrival. */
export function reader(peering: PeeringBehavior) {
  const heard: { readonly target: number; readonly number: number }[] = [];
  const done = (async () => {
    for await (const { target, frame } of peering) heard.push({ target, number: numberOf(frame) });
  })();
  return { heard, done, numbers: () => heard.map(({ number }) => number) };
}

/** What promises have come to so far. */
export function watched(promises: readonly Promise<FrameOutcome>[]) {
  const settled: (string | undefined)[] = promises.map(() => undefined);
  const outcomes: (FrameOutcome | undefined)[] = promises.map(() => undefined);
  promises.forEach((promise, index) => {
    void promise.then((outcome) => {
      outcomes[index] = outcome;
      settled[index] = outcome.type === 'delivered' ? 'delivered' : outcome.reason;
    });
  });
  return { settled, outcomes };
}

export function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** A behaviour with the service id of peering that only says and hears bytes. */
export class Impostor extends NetworkBehavior {
  static readonly behavior = { serviceId: 15, name: 'peering' } as const;
  readonly heard: unknown[] = [];
  readonly connections: Connection[] = [];

  say(message: unknown, index = -1): string {
    const { id } = this.connections.at(index) as Connection;
    return this.perform((agent) => agent.send(toConnection(id), message));
  }

  /** The same as a routed message, which is not the neighbour's own word. */
  route(nodeId: NodeId, message: unknown): string {
    return this.perform((agent) => agent.send(toNode(nodeId), message));
  }

  override onIncomingConnectionConnected(agent: BehaviorAgent, connection: Connection) {
    return this.connected(agent, connection);
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent, connection: Connection) {
    return this.connected(agent, connection);
  }

  private connected(agent: BehaviorAgent, connection: Connection) {
    this.connections.push(connection);
    agent.hold(connection.id);
    return new Ear(this.heard);
  }
}

class Ear extends ConnectionHandler {
  constructor(private readonly heard: unknown[]) {
    super();
  }

  override onEvent(_agent: unknown, event: ConnectionEvent): void {
    if (event.type !== 'message') return;
    this.heard.push(event.payload[0] === 0 ? event.payload.slice() : event.value());
  }
}

/** The code of what a promise is rejected with. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: { code: string }) => error.code,
  );
}
