/**
 * @module Support of the circuit tests: nodes around relays in virtual time, and a service that numbers what it is sent.
 */
import { CircuitBehavior, type CircuitOptions } from '../../../behaviours/circuit/index.js';
import { type Message, NetworkBehavior, type NetworkError, Rpc, toConnection, toNode } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode, type SimulatedNodeOptions, type SimulationOptions } from '../../../simulation.js';

export const INBOX = 64;
export const BUILTINS = ['handshake', 'router-sync', 'rpc'] as const;

/** Keeps what it is sent, in order, and answers calls. */
export class Inbox extends NetworkBehavior {
  static readonly behavior = { serviceId: INBOX, name: 'inbox' } as const;
  readonly received: Uint8Array[] = [];

  @Rpc() whoami(): string {
    return 'the inbox';
  }

  override onMessage(_agent: unknown, message: Message): void {
    this.received.push(new Uint8Array(message.payload));
  }
}

/** Notes the data of circuits that its node relays. */
export class WatchedCircuit extends CircuitBehavior {
  readonly seen: Uint8Array[] = [];
  /** Drops what it should relay, and says nothing. */
  isBlackHole = false;
  /** It sends junk back instead. */
  isEchoing = false;

  override onMessage(agent: Parameters<CircuitBehavior['onMessage']>[0], message: Message): void {
    this.seen.push(new Uint8Array(message.payload));
    const isData = message.payload[0] === 5 || message.payload[0] === 133;
    if (!this.isBlackHole || !isData) return super.onMessage(agent, message);
    if (!this.isEchoing || message.connectionId === undefined) return;
    const junk = new Uint8Array(40).fill(9);
    junk.set(message.payload.subarray(0, 5));
    junk[0] = message.payload[0] === 5 ? 133 : 5;
    agent.send(toConnection(message.connectionId), junk);
  }
}

export const circuitOf = (node: SimulatedNode): CircuitBehavior => node.behavior(CircuitBehavior);
export const inboxOf = (node: SimulatedNode): Inbox => node.behavior(Inbox);

/** The error of what a promise rejects with. */
export function errorOf(promise: Promise<unknown>): Promise<NetworkError> {
  return promise.then(
    () => {
      throw new Error('it did not reject');
    },
    (error: NetworkError) => error,
  );
}

export interface StarOptions {
  readonly relays?: number;
  readonly leaves?: number;
  readonly simulation?: Partial<SimulationOptions>;
  /** Of the relays; of the leaves. */
  readonly relay?: CircuitOptions;
  readonly leaf?: CircuitOptions;
  readonly node?: SimulatedNodeOptions;
  readonly type?: typeof CircuitBehavior;
}

/** Leaves that know no address of each other, each connected to all relays. */
export async function star({
  relays = 1,
  leaves = 2,
  simulation = {},
  relay = {},
  leaf = {},
  node = {},
  type = CircuitBehavior,
}: StarOptions = {}) {
  const sim = new SimulatedNetwork({ seed: 1, latencyMs: 10, ...simulation });
  const seeds = Array.from({ length: relays }, (_, index) => `sim://relay${index}`);
  const make = (name: string, options: CircuitOptions, entry: SimulatedNodeOptions) =>
    sim.createNode({ name, builtins: BUILTINS, behaviors: [Inbox, [type, options]], ...node, ...entry });
  const hubs: SimulatedNode[] = [];
  for (let index = 0; index < relays; index++) hubs.push(await make(`relay${index}`, relay, {}));
  const ends: SimulatedNode[] = [];
  for (let index = 0; index < leaves; index++) ends.push(await make(`leaf${index}`, leaf, { seeds }));
  await sim.start(...hubs, ...ends);
  await sim.run(3_000);
  return { sim, hubs, ends, hub: hubs[0] as SimulatedNode, ada: ends[0] as SimulatedNode, bob: ends[1] as SimulatedNode };
}

/** Calls the other node over the connection that leads to it alone. */
export function ask(from: SimulatedNode, to: SimulatedNode): Promise<unknown> {
  return from.call(toNode(to.id), INBOX, 'whoami', undefined);
}
