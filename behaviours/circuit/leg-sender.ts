/**
 * @module LegSender: sends the messages of legs to neighbours. What must come after data, the end of a circuit, goes in the lane of data. One
 * that finds no room is not kept: opening and reservation have deadlines on the other side.
 */
import { type BehaviorAgent, ByteWriter, type SendResult, toConnection } from '../../core/index.js';
import type { Leg } from './legs.js';
import {
  type Accepted,
  type ClosureReason,
  dataHead,
  type LegName,
  type Open,
  type Refusal,
  writeAccepted,
  writeClosed,
  writeOpen,
  writeRefused,
} from './messages.js';

export class LegSender {
  private readonly writer = new ByteWriter();

  open(agent: BehaviorAgent, leg: Leg, open: Open): SendResult {
    return agent.send(toConnection(leg.connectionId), writeOpen(this.writer, leg, open));
  }

  accepted(agent: BehaviorAgent, leg: Leg, accepted: Accepted): void {
    agent.send(toConnection(leg.connectionId), writeAccepted(this.writer, leg, accepted));
  }

  refused(agent: BehaviorAgent, connectionId: number, name: LegName, refusal: Refusal): void {
    agent.send(toConnection(connectionId), writeRefused(this.writer, name, refusal));
  }

  closed(agent: BehaviorAgent, leg: Leg, reason: ClosureReason): void {
    agent.send(toConnection(leg.connectionId), writeClosed(this.writer, leg, reason), { lane: 'bulk' });
  }

  /** False: the neighbour's lane has no room, or there is none. */
  data(agent: BehaviorAgent, leg: Leg, data: Uint8Array): boolean {
    leg.head ??= dataHead(this.writer, leg);
    leg.target ??= agent.target(leg.connectionId, { lane: 'bulk' });
    return agent.sendTo(leg.target, leg.head, data) === 'queued';
  }
}
