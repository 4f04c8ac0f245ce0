/**
 * @module Support of the punch tests: two nodes behind NATs, and two public ones that both know, in virtual time.
 */
import { CircuitBehavior } from '../../../behaviours/circuit/index.js';
import { PunchBehavior, type PunchOptions } from '../../../behaviours/punch/index.js';
import { PunchMessage } from '../../../behaviours/punch/messages.js';
import {
  type BehaviorAgent,
  type BehaviorClass,
  type Message,
  NetworkBehavior,
  type NodeId,
  SIGNER,
  type Signer,
} from '../../../core/index.js';
import { type NatKind, type NatOptions, SimulatedNetwork, type SimulatedNode, type SimulationOptions } from '../../../simulation.js';

export const PORT = 7_400;
export const ALICE_NAT = '5.6.7.8';
export const BOB_NAT = '6.7.8.9';
const [RELAY, OTHER] = ['9.9.9.1', '9.9.9.2'] as const;
const [ALICE, BOB] = ['10.0.0.5', '10.1.0.6'] as const;
/** Of hosts that are behind no NAT. */
const [PUBLIC_ALICE, PUBLIC_BOB] = ['9.9.9.3', '9.9.9.4'] as const;

/** How one side is connected: the kind of its NAT, and more of it. */
export type Side = NatKind | NatOptions;

export interface WorldOptions {
  readonly seed?: number;
  readonly simulation?: Partial<SimulationOptions>;
  readonly punch?: PunchOptions;
  readonly helpers?: PunchOptions;
  /** Whether the two hosts are behind the NAT of the first. */
  readonly isShared?: boolean;
  /** Called before the NATs are added. */
  readonly before?: (network: SimulatedNetwork) => void;
  /** What Alice and Bob run besides. */
  readonly behaviors?: readonly BehaviorClass[];
  /** What a helper runs in the place of the real behaviour. */
  readonly helper?: BehaviorClass;
  /** The same of Alice, and of Bob. */
  readonly asker?: BehaviorClass;
  readonly target?: BehaviorClass;
  /** Where the helpers say that they are. */
  readonly announce?: readonly string[];
  /** Whether the helpers listen for datagrams. */
  readonly helpersListen?: boolean;
  /** The public address of Bob's NAT. */
  readonly bobAt?: string;
  /** Over what the public ones are reached first. */
  readonly scheme?: 'udp' | 'sim';
}

const optionsOf = (side: Side): NatOptions => (typeof side === 'string' ? { kind: side } : side);
const isOpen = (side: Side): boolean => optionsOf(side).kind === 'open';
export const punchOf = (node: SimulatedNode): PunchBehavior => node.behavior(PunchBehavior);

/** Alice and Bob, each behind a NAT, and two public nodes that relay and help. Everything is connected but the two. */
export async function worldOf(alices: Side, bobs: Side, options: WorldOptions = {}) {
  const { seed = 1, simulation = {}, punch = {}, helpers = {}, isShared = false, scheme = 'sim', helper, helpersListen = true } = options;
  const network = new SimulatedNetwork({ seed, latencyMs: 20, jitterMs: 5, onFault: 'reject', ...simulation });
  options.before?.(network);
  network.addNat(ALICE_NAT, optionsOf(alices));
  const bobNat = isShared ? ALICE_NAT : (options.bobAt ?? BOB_NAT);
  if (!isShared) network.addNat(bobNat, optionsOf(bobs));
  const builtins = ['handshake', 'addressbook', 'router-sync'] as const;
  const helping = [CircuitBehavior, helper ?? ([PunchBehavior, helpers] as const)];
  for (const name of [RELAY, OTHER]) {
    const listen = [`sim://${name}`, ...(helpersListen ? [`udp://${name}:${PORT}`] : [])];
    const announce = options.announce === undefined ? {} : { announce: options.announce };
    await network.createNode({ name, listen, builtins, behaviors: helping, ...announce });
  }
  const seeds = [RELAY, OTHER].map((name) => (scheme === 'udp' ? `udp://${name}:${PORT}` : `sim://${name}`));
  const nodeAt = (name: string, nat: string, own: BehaviorClass | undefined) =>
    network.createNode({
      name,
      nat,
      listen: [`sim://${name}`, `udp://${name}:${PORT}`],
      seeds,
      builtins,
      behaviors: [CircuitBehavior, own ?? ([PunchBehavior, punch] as const), ...(options.behaviors ?? [])],
    });
  const [alice, bob] = [
    await nodeAt(isOpen(alices) ? PUBLIC_ALICE : ALICE, ALICE_NAT, options.asker),
    await nodeAt(isOpen(bobs) ? PUBLIC_BOB : BOB, bobNat, options.target),
  ];
  await network.start(...network.nodes);
  await network.run(5_000);
  const [relay, other] = network.nodes as [SimulatedNode, SimulatedNode];
  return { network, alice, bob, relay, other };
}

/** In the place of the punch behaviour, for what that would not send. */
export class Fake extends NetworkBehavior {
  static readonly behavior = { serviceId: 10, name: 'punch' } as const;
  static readonly inject = [SIGNER] as const;
  readonly received: { readonly from: NodeId; readonly bytes: Uint8Array }[] = [];
  /** Called for each message. */
  answer: ((agent: BehaviorAgent, message: PunchMessage, connectionId: number) => void) | undefined;

  constructor(readonly signer: Signer) {
    super();
  }

  run(work: (agent: BehaviorAgent) => void): void {
    this.perform(work);
  }

  override onMessage(agent: BehaviorAgent, { bytes, bodyOffset, end, source, connectionId }: Message): void {
    this.received.push({ from: source, bytes: bytes.slice(bodyOffset, end) });
    const message = new PunchMessage();
    if (message.read(bytes, bodyOffset, end)) this.answer?.(agent, message, connectionId as number);
  }
}

/** `direct`, `relayed` or `none`, as the node has it. */
export function pathBetween(from: SimulatedNode, to: SimulatedNode): string {
  return from.connections().find(({ nodeId }) => nodeId === to.id)?.path ?? 'none';
}
