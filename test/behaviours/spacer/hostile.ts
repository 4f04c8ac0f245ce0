/**
 * @module Neighbours with the service of a spacer that are none: one that answers nothing, and one that lies and passes nothing on.
 */

import { answerBytes, readRequest, readSeek, signedBytes, writeNodes } from '../../../behaviours/spacer/messages.js';
import { ANSWER_DOMAIN } from '../../../behaviours/spacer/query/asking.js';
import {
  Address,
  ANSWER_HEAD_BYTES,
  type BehaviorAgent,
  ByteWriter,
  type Message,
  NetworkBehavior,
  type NodeId,
  SIGNER,
  type Signer,
  toConnection,
} from '../../../core/index.js';
import { MessageHead, writeNumberedHead } from '../../../core/kits/exchange/messages.js';

const SECTION = { handshakeSection: { name: 'spacer', offer: () => true, accept: () => undefined } };

/** Answers nothing. */
export class Mute extends NetworkBehavior {
  static readonly behavior = { serviceId: 4, name: 'spacer' } as const;
  received = 0;
  override get ports() {
    return SECTION;
  }
  override onMessage(_agent: BehaviorAgent, _message: Message): void {
    this.received++;
  }
}

const liars = new Set<NodeId>();

/** Names other liars, and ids beside the key that nobody has; signs what it answers; passes nothing on. */
export class Liar extends NetworkBehavior {
  static readonly behavior = { serviceId: 4, name: 'spacer' } as const;
  static readonly inject = [SIGNER] as const;

  constructor(private readonly signer: Signer) {
    super();
  }

  override get ports() {
    return SECTION;
  }

  override onStarted({ nodeId }: BehaviorAgent): void {
    liars.add(nodeId);
  }

  override onStopped({ nodeId }: BehaviorAgent): void {
    liars.delete(nodeId);
  }

  /** Where it says that an id is which it has made up. */
  protected placesOf(_made: NodeId): readonly Address[] {
    return [];
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const head = new MessageHead();
    if (!head.read(message.payload) || head.kind !== 1 || message.connectionId === undefined) return;
    const request = readRequest(head.bytes, head.contentAt, head.end);
    const wanted = request?.chain.length === 0 && request.op === 1 ? readSeek(request.body) : undefined;
    if (request === undefined || wanted === undefined) return;
    const made = Array.from({ length: 10 }, () => `${wanted.key.slice(0, 40)}${hex(agent.random.bytes(12))}` as NodeId);
    const others = [...liars].slice(0, 10).map((nodeId) => ({ nodeId, addresses: [] }));
    const named = [...made.map((nodeId) => ({ nodeId, addresses: this.placesOf(nodeId) })), ...others];
    const body = writeNodes(new ByteWriter(), named).copy();
    const { signer } = this;
    const proof = request.isSigned
      ? { publicKey: signer.publicKey, signature: signer.sign(ANSWER_DOMAIN, signedBytes(request, body)) }
      : undefined;
    const answer = answerBytes({ code: 'ok', proof, body }, ANSWER_HEAD_BYTES);
    writeNumberedHead(answer, head, 2, 1, 0);
    agent.send(toConnection(message.connectionId), answer);
  }
}

/** Says of the ids that it has made up where they are: nobody is there. */
export class PlacingLiar extends Liar {
  protected override placesOf(made: NodeId): readonly Address[] {
    return [Address.of({ scheme: 'sim', host: `nobody-${made.slice(-8)}` })];
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
