/**
 * @module HandshakeHandler: one connection's exchange. It translates between the agent and the state machine in `exchange.ts`: what
 * is received becomes steps, steps become messages and events.
 */
import {
  type Address,
  assertNever,
  type CloseReason,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  type Message,
} from '../../core/index.js';
import { addressesToTell, claimedAddress, textToTell } from './claims.js';
import type { Exchange, ExchangeSide, Offer, Refusal, Step } from './exchange.js';
import {
  type BadMessage,
  fromWire,
  HANDSHAKE_LIMITS,
  type HandshakeMessage,
  type Introduction,
  MALFORMED,
  type Me,
  toWire,
} from './messages.js';
import type { Sections } from './sections.js';

export type HandshakeToBehavior =
  /** This side has sent all that it has to send. */
  | { readonly type: 'answered' }
  /** The exchange is complete. */
  | { readonly type: 'done'; readonly remote: Introduction }
  /** The remote presents itself anew. */
  | { readonly type: 'updated'; readonly me: Me }
  /** A message made no progress. */
  | { readonly type: 'ignored' };

/** This node listens elsewhere than before. */
export type HandshakeToHandler = { readonly type: 'addresses-changed' };

type HandlerAgent = ConnectionAgent<HandshakeToBehavior, HandshakeToHandler>;

/** What a handler is given at the start. */
export interface HandlerFacts {
  readonly name: string | undefined;
  /** Where this remote saw this node when it was last connected. */
  readonly seenAs: Address | undefined;
  readonly sections: Sections;
  readonly exchange: Exchange;
}

export class HandshakeHandler extends ConnectionHandler<HandshakeToBehavior, HandshakeToHandler> {
  private seenAs: Address | undefined;
  /** This node's addresses as they were sent to the remote last. */
  private sentAddresses: readonly Address[] = [];

  constructor(private readonly facts: HandlerFacts) {
    super();
    this.seenAs = facts.seenAs;
  }

  override onOpened(agent: HandlerAgent): void {
    if (this.facts.exchange.state === 'init') this.carryOut(agent, this.facts.exchange.start(this.side(agent)));
  }

  override onEvent(agent: HandlerAgent, event: ConnectionEvent): void {
    if (event.type === 'message') this.carryOut(agent, this.facts.exchange.receive(read(event), this.side(agent)));
    else if (event.type === 'writable') this.sendChange(agent);
  }

  override onBehaviorEvent(agent: HandlerAgent): void {
    this.sendChange(agent);
  }

  override onClosed(_agent: HandlerAgent, _reason: CloseReason): void {
    this.facts.sections.forget();
  }

  private carryOut(agent: HandlerAgent, step: Step): void {
    switch (step.type) {
      case 'send':
        return this.sendMessage(agent, step.message);
      case 'answer':
        for (const message of step.messages) this.sendMessage(agent, message);
        return agent.sendToBehavior({ type: 'answered' });
      case 'done':
        if (step.message !== undefined) this.sendMessage(agent, step.message);
        agent.sendToBehavior({ type: 'done', remote: step.remote });
        return this.sendChange(agent);
      case 'updated':
      case 'ignored':
        return agent.sendToBehavior(step);
      case 'refused':
        return agent.close(step.reason);
      default:
        assertNever(step);
    }
  }

  /**
   * In the lane of `ready`, which goes behind it. Without this message the exchange cannot go on; what is recorded after the close finds the
   * connection gone.
   */
  private sendMessage(agent: HandlerAgent, message: HandshakeMessage): void {
    const result = agent.reply(toWire(message), { lane: 'control' });
    if (result !== 'queued') agent.close(`a handshake message could not be sent: ${result}`);
  }

  private side(agent: HandlerAgent): ExchangeSide {
    const { sections } = this.facts;
    return {
      present: () => sections.present(agent.ports('handshakeSection')),
      admit: (values) => sections.admit(agent.ports('handshakeSection'), values),
      introduce: (seenAs) => this.introduce(agent, seenAs),
      accept: (values) => sections.accept(values),
    };
  }

  private introduce(agent: HandlerAgent, seenAs: string | undefined): Offer | Refusal {
    this.seenAs = claimedAddress(seenAs, agent.nodeId) ?? this.seenAs;
    const offered = this.facts.sections.offer(agent.ports('handshakeSection'));
    if (offered.type === 'refused') return offered;
    // Over other nodes it is not seen at any address.
    const you = agent.connection.path === 'direct' ? textToTell(agent.connection.remoteAddress) : undefined;
    this.sentAddresses = agent.announced;
    return { type: 'offer', introduction: { me: this.me(agent), you, sections: offered.values } };
  }

  /** An UPDATE, if this node listens elsewhere than it has sent. When there is no room for it now, `writable` brings it here again. */
  private sendChange(agent: HandlerAgent): void {
    if (this.facts.exchange.state !== 'done' || this.sentAddresses === agent.announced) return;
    if (agent.reply(toWire({ stage: 'update', me: this.me(agent) })) === 'queued') this.sentAddresses = agent.announced;
  }

  private me(agent: HandlerAgent): Me {
    const addresses = addressesToTell(agent.announced, [agent.connection.localAddress, this.seenAs]);
    const { path, pathArguments } = agent.peerPath;
    const peerPath = { ...(path !== '' && { path }), ...(pathArguments.size > 0 && { args: pathArguments }) };
    return { addresses, name: this.facts.name, ...peerPath };
  }
}

function read(message: Message): HandshakeMessage | BadMessage {
  return message.byteLength > HANDSHAKE_LIMITS.messageBytesMax ? MALFORMED : fromWire(message.value());
}
