/**
 * @module What the operator's tests share: a simulated network, the authority of a space, and members with their certificates.
 */
import { OperatorBehavior, type OperatorOptions, SpaceAuthority } from '../../../behaviours/index.js';
import {
  type BehaviorAgent,
  type BehaviorPorts,
  type Clock,
  type Identity,
  type Logger,
  type Message,
  NetworkBehavior,
  type NodeId,
  type RpcAnswer,
  type RpcRequest,
  type SendResult,
  toNode,
} from '../../../index.js';
import { SimulatedNetwork, type SimulatedNode, type SimulatedNodeOptions, simulatedCrypto } from '../../../simulation.js';
import { seededIdentity } from '../../../testing/seeded.js';

/** Simulated clocks on the wall begin with 2025. */
const WALL_START_MS = Date.UTC(2025, 0, 1);
export const SPACE = 'shop.example';
export const HOUR_MS = 3_600_000;
export const YEAR_MS = 365 * 24 * HOUR_MS;

export const identityOf = (name: string): Identity => seededIdentity(name, simulatedCrypto);
export const authorityOf = (space = SPACE, name = 'authority'): SpaceAuthority => new SpaceAuthority(space, identityOf(name));

export interface MemberOptions extends OperatorOptions {
  readonly node?: Partial<SimulatedNodeOptions>;
  readonly seeds?: readonly string[];
}

/** A space in virtual time. Each node's identity is seeded with its name. */
export class SpaceWorld {
  readonly net: SimulatedNetwork;
  readonly authority = authorityOf();

  constructor(seed = 1, latencyMs = 5) {
    this.net = new SimulatedNetwork({ seed, latencyMs, jitterMs: latencyMs / 5, onFault: 'reject' });
  }

  /** What the clocks on the walls of simulated nodes show. */
  get wallMs(): number {
    return WALL_START_MS + this.net.nowMs;
  }

  /** A clock on the wall that is wrong by so much. */
  clock(aheadMs: number): Clock {
    return { nowMs: () => this.net.nowMs, wallMs: () => this.wallMs + aheadMs };
  }

  /** A certificate from an hour ago to an hour from now. */
  certificateOf(name: string, { fromMs = -HOUR_MS, untilMs = HOUR_MS, authority = this.authority } = {}): Uint8Array {
    const nowMs = Math.floor(this.wallMs);
    return authority.issue(identityOf(name), { fromMs: nowMs + fromMs, untilMs: nowMs + untilMs });
  }

  /** A running node with an operator behaviour; a member with a certificate unless the options say otherwise. */
  async member(name: string, { node = {}, seeds = [], ...operator }: MemberOptions = {}): Promise<SimulatedNode> {
    const space = { name: SPACE, authority: this.authority.publicKey };
    const options = { space, certificate: this.certificateOf(name), ...operator };
    return this.node(name, { seeds: seeds.map((seed) => `sim://${seed}`), behaviors: [[OperatorBehavior, options]], ...node });
  }

  async node(name: string, options: Partial<SimulatedNodeOptions> = {}): Promise<SimulatedNode> {
    const made = await this.net.createNode({ name, identity: identityOf(name), network: SPACE, ...options });
    await this.net.start(made);
    return made;
  }

  /** A member whose operator behaviour is the test's own. */
  async impostor(name: string, seeds: readonly string[] = []): Promise<{ readonly node: SimulatedNode; readonly says: Impostor }> {
    const says = new Impostor(this.certificateOf(name));
    return { node: await this.node(name, { behaviors: [says], seeds: seeds.map((seed) => `sim://${seed}`) }), says };
  }

  end(): Promise<void> {
    return this.net.stop();
  }
}

export const operatorOf = (node: SimulatedNode): OperatorBehavior => node.behavior(OperatorBehavior);

/** Whether two nodes are connected. */
export const areConnected = (one: SimulatedNode, other: SimulatedNode): boolean =>
  one.connections().some(({ nodeId }) => nodeId === other.id);

/** A logger that keeps its warnings. */
export function warnings(): { readonly logger: Logger; readonly lines: readonly (readonly [object, string])[] } {
  const lines: (readonly [object, string])[] = [];
  const ignore = () => {};
  const logger: Logger = {
    ...{ trace: ignore, debug: ignore, info: ignore, error: ignore },
    warn: (fields, message) => void lines.push([fields, message]),
    child: () => logger,
  };
  return { logger, lines };
}

/** Stands where the operator behaviour would, with a certificate that is good, and says what the test wants. */
export class Impostor extends NetworkBehavior {
  static readonly behavior = { serviceId: 11, name: 'operator' } as const;
  readonly heard: unknown[] = [];
  onHeard: (agent: BehaviorAgent, message: Message, value: readonly unknown[]) => void = () => {};
  onOp: (request: RpcRequest, answer: RpcAnswer) => void = () => {};

  constructor(private readonly certificate: Uint8Array) {
    super();
  }

  override get ports(): BehaviorPorts {
    return {
      handshakeSection: {
        name: 'operator',
        offer: ({ wallMs }) => ({ certificate: this.certificate, time: Math.floor(wallMs) }),
        accept: () => undefined,
        missing: () => undefined,
      },
    };
  }

  say(to: NodeId, payload: unknown): SendResult {
    return this.perform((agent) => agent.send(toNode(to), payload));
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const value = message.value<readonly unknown[]>();
    this.heard.push(value);
    this.onHeard(agent, message, value ?? []);
  }

  override onRpc(_agent: BehaviorAgent, request: RpcRequest, answer: RpcAnswer): boolean {
    this.onOp(request, answer);
    return true;
  }
}
