/**
 * @module Intake: whose a message is: frames of a neighbour or of this node itself go to its carrier, packets and receipts to the session that
 * they name, if the node that they come from has a part in it. A packet of no session begins one, if its sender has not been answered in it
 * yet; else the sender is sent that there is none.
 */
import { type BehaviorAgent, ByteReader, ByteWriter, type Lost, type Message, NetworkError, toNode } from '../../core/index.js';
import type { Carrier } from './carrier.js';
import type { Carriers } from './carriers.js';
import { FIRST_PACKET, PACKET, RECEIPT, SESSION_HEAD_BYTES, UNKNOWN } from './messages.js';
import { refusalText, type StreamCounters } from './options.js';
import type { Session } from './session.js';

/** Why a session is unknown. */
const NONE = 0;
const TOO_MANY = 1;

export class Intake {
  private readonly reader = new ByteReader(new Uint8Array(0));
  private readonly writer = new ByteWriter();

  constructor(
    private readonly carriers: Carriers,
    private readonly counters: StreamCounters,
  ) {}

  /** Hands the message on. Returns the carrier that has something to do now. */
  receive(agent: BehaviorAgent, message: Message): Carrier | undefined {
    const { bytes, bodyOffset, end, connectionId } = message;
    const kind = message.streamId === 0 && bodyOffset < end ? (bytes[bodyOffset] as number) : 0;
    if (kind >= FIRST_PACKET && kind <= UNKNOWN) {
      const carrier = this.receiveOfSession(agent, message, kind);
      message.giveBack();
      return carrier;
    }
    if (connectionId === undefined) return this.frame(agent, message, this.carriers.ofSelf(agent.nodeId));
    if (message.sourceVerified) return this.frame(agent, message, this.carriers.ofNeighbour(connectionId, message.source));
    this.counters.malformed++;
    return undefined;
  }

  /** The session of a packet that was lost. */
  lost(agent: BehaviorAgent, lost: Lost): Session | undefined {
    const reader = this.reader.reset(lost.payloadStart);
    const kind = reader.u8();
    const session = this.carriers.session(reader.u48());
    if (reader.hasFailed || session === undefined || (kind !== PACKET && kind !== FIRST_PACKET)) return undefined;
    session.lost(agent, lost);
    return session;
  }

  private frame(agent: BehaviorAgent, message: Message, carrier: ReturnType<Carriers['ofSelf']>): Carrier {
    carrier.receive(agent, message);
    return carrier;
  }

  private receiveOfSession(agent: BehaviorAgent, message: Message, kind: number): Carrier | undefined {
    const { bytes, bodyOffset, end } = message;
    const number = this.reader.reset(bytes, bodyOffset + 1, end).u48();
    if (this.reader.hasFailed) return this.malformed();
    const session = this.carriers.session(number);
    if (session === undefined) return this.receiveOfNone(agent, message, kind, number);
    if (session.nodeId !== message.source) {
      this.counters.foreign++;
      return undefined;
    }
    return this.receiveOf(session, agent, message, kind);
  }

  private receiveOf(session: Session, agent: BehaviorAgent, message: Message, kind: number): Carrier | undefined {
    const at = message.bodyOffset + SESSION_HEAD_BYTES;
    if (kind === UNKNOWN) {
      const text = message.bytes[at] === TOO_MANY ? refusalText('sessionsMax') : 'the node does not know the streams: it was restarted';
      session.fail(new NetworkError(message.bytes[at] === TOO_MANY ? 'STREAM_OVERLOADED' : 'STREAM_LOST', text));
      this.carriers.forget(session);
      return undefined;
    }
    if (kind === RECEIPT) session.receiveReceipt(agent, message, at);
    else session.receivePacket(agent, message, at);
    return session;
  }

  private receiveOfNone(agent: BehaviorAgent, message: Message, kind: number, number: number): Carrier | undefined {
    const { source, connectionId } = message;
    if (kind !== PACKET && kind !== FIRST_PACKET) return undefined;
    const isNew = kind === FIRST_PACKET && connectionId !== undefined;
    const session = isNew ? this.carriers.begun(agent, number, source, connectionId) : undefined;
    if (session !== undefined) return this.receiveOf(session, agent, message, kind);
    this.writer
      .clear()
      .u8(UNKNOWN)
      .u48(number)
      .u8(isNew ? TOO_MANY : NONE);
    agent.send(toNode(source), this.writer.written);
    return undefined;
  }

  private malformed(): undefined {
    this.counters.malformed++;
    return undefined;
  }
}
