/**
 * @module EnvelopesHandler: one connection's channel, between the agent and `channel.ts`. What arrives goes to the channel, what the
 * channel has to send goes out when there is room. A remote that breaks the protocol is disconnected.
 */
import { type CloseReason, type ConnectionAgent, type ConnectionEvent, ConnectionHandler, toConnection } from '../../core/index.js';
import type { EnvelopeChannel } from './channel.js';
import { BYE_MESSAGE } from './messages.js';

/** Channels by connection, and what happens to them; the behaviour's. */
export interface Channels {
  get(connectionId: number): EnvelopeChannel | undefined;
  /** The remote's side is over: a fresh channel takes the place of the old one. */
  renew(connectionId: number, reason: CloseReason, agent: ConnectionAgent): EnvelopeChannel;
  greeted(connectionId: number): void;
  ignored(): void;
  violated(): void;
  close(connectionId: number, reason: CloseReason): void;
}

const RENEWED: CloseReason = { code: 'goodbye', text: 'the remote no longer carries envelopes', by: 'remote' };

export class EnvelopesHandler extends ConnectionHandler {
  constructor(private readonly channels: Channels) {
    super();
  }

  override onOpened(agent: ConnectionAgent): void {
    this.flush(agent);
  }

  override onEvent(agent: ConnectionAgent, event: ConnectionEvent): void {
    if (event.type === 'message') this.received(agent, event.payload);
    else if (event.type === 'writable') this.flush(agent);
  }

  /** When only this behaviour ends, the remote is sent a goodbye: its envelopes are not taken any more. */
  override onClosed(agent: ConnectionAgent, reason: CloseReason): void {
    agent.reply(BYE_MESSAGE);
    this.channels.close(agent.connection.id, reason);
  }

  private received(agent: ConnectionAgent, bytes: Uint8Array): void {
    const { channels } = this;
    const { id } = agent.connection;
    const channel = channels.get(id) as EnvelopeChannel;
    const wasGreeted = channel.isGreeted;
    const outcome = channel.receive(bytes);
    if (outcome === 'malformed' || outcome === 'violation') {
      channels.violated();
      return agent.close(`envelopes: ${outcome}`);
    }
    if (outcome === 'ignored') return channels.ignored();
    if (outcome === 'ended') channels.renew(id, RENEWED, agent).receive(bytes);
    if (!wasGreeted || outcome === 'ended') channels.greeted(id);
    this.flush(agent);
  }

  private flush(agent: ConnectionAgent): void {
    const route = toConnection(agent.connection.id);
    this.channels.get(agent.connection.id)?.flush((message) => agent.send(route, message));
  }
}
