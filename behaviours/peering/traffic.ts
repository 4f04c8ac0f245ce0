/**
 * @module Traffic: frames and the word of their arrival, between peers that are up. What a peer says that cannot be is answered with a
 * flaw; who asked closes the connection.
 */
import { type BehaviorAgent, type NodeId, toConnection } from '../../core/index.js';
import type { Endpoint } from './endpoint.js';
import { frameOf, numberFrame, type Progress, toWire } from './messages.js';
import type { Peer } from './peer.js';

export class Traffic {
  constructor(private readonly endpoint: Endpoint) {}

  /** Sends what may be sent now. */
  pump(agent: BehaviorAgent, { link, conversation: { outgoing, sent } }: Peer): void {
    if (link?.isUp !== true || !link.canSend) return;
    for (let frame = outgoing.next(); frame !== undefined; frame = outgoing.next()) {
      const { length } = frameOf(frame.wire);
      const wire = numberFrame(frame.wire, outgoing.nextNumber);
      const result = length > link.frameBytesMax ? 'too-large' : agent.send(toConnection(link.connectionId), wire);
      if (result === 'queued') {
        outgoing.sent();
        sent.add(length, agent.nowMs);
      } else if (result === 'too-large') outgoing.giveBack('too-large', (other) => other === frame);
      else return;
    }
  }

  /** A frame has come. */
  receive(agent: BehaviorAgent, peer: Peer, number: number, frame: Uint8Array): string | undefined {
    const { incoming, received } = peer.conversation;
    const verdict = incoming.take(number);
    if (verdict === 'wrong') return 'frames are missing, or more than was allowed';
    if (verdict === 'duplicate') {
      this.endpoint.counters.messagesIgnored++;
      return undefined;
    }
    received.add(frame.length, agent.nowMs);
    this.keep(peer, frame);
    if (incoming.isUrgent) this.tell(agent, peer);
    else this.tellSoon(agent, peer);
    return undefined;
  }

  /** The peer's word on the frames that were sent to it. */
  confirmed(agent: BehaviorAgent, peer: Peer, { received, room }: Progress): string | undefined {
    if (!peer.conversation.outgoing.confirm(received, room)) return 'the peer has other frames than were sent';
    this.pump(agent, peer);
    return undefined;
  }

  /** Tells the peer how far its frames have come. Without room for that now, `writable` brings it here again. */
  tell(agent: BehaviorAgent, { link, conversation: { incoming } }: Peer): void {
    if (link?.isUp !== true || !incoming.hasNews) return;
    const { received, room } = incoming;
    if (agent.send(toConnection(link.connectionId), toWire({ type: 'progress', received, room })) === 'queued') incoming.told(room);
  }

  /** The same at the end of this turn, once for all frames that came in it. */
  tellSoon(agent: BehaviorAgent, peer: Peer): void {
    const { conversation } = peer;
    if (conversation.isTelling || !conversation.incoming.hasNews) return;
    conversation.isTelling = true;
    agent.after(0, (later) => {
      conversation.isTelling = false;
      this.tell(later, peer);
    });
  }

  private keep(peer: Peer, frame: Uint8Array): void {
    const { inbox, counters, setup } = this.endpoint;
    const { incoming } = peer.conversation;
    const isHeldBack = setup.inboxPolicy === 'hold-back';
    if (!isHeldBack) incoming.consumed();
    const onTaken = () => {
      if (!isHeldBack) return;
      incoming.consumed();
      this.taken(peer.target);
    };
    counters.framesReceived++;
    counters.framesDropped += inbox.push({ received: { target: peer.target, nodeId: peer.nodeId as NodeId, frame }, onTaken });
  }

  /** The application has taken a frame of the peer that has this target now. */
  private taken(target: number): void {
    const { table, isRunning, perform } = this.endpoint;
    const peer = table.get(target);
    if (isRunning && peer !== undefined) perform((agent) => this.tellSoon(agent, peer));
  }
}
