/** @module ConnectionAgentOf: the agent of a connection handler. What it has in common with that of a behaviour is in `agents.ts`. */
import type { ConnectionAgent, SendOptions } from '../../api/agent.js';
import type { Connection } from '../../api/events.js';
import type { SendResult } from '../../errors.js';
import { requireText } from '../behaviors/arguments.js';
import type { HandlerSlot } from '../behaviors/owner.js';
import type { Link } from '../links/link.js';
import { AgentOf, type AgentParts } from './agents.js';

export class ConnectionAgentOf extends AgentOf<HandlerSlot> implements ConnectionAgent {
  constructor(
    parts: AgentParts,
    owner: HandlerSlot,
    private readonly link: Link,
  ) {
    super(parts, owner);
  }

  get connection(): Connection {
    return this.owner.connection;
  }

  reply(payload: unknown, options?: SendOptions): SendResult {
    this.guard();
    return this.parts.sender.sendOn(this.owner, this.link, payload, options);
  }

  sendToBehavior(event: unknown): void {
    this.record({ run: () => this.parts.callbacks.behaviorEvent(this.owner, this.owner.behavior, event) });
  }

  close(reason = ''): void {
    requireText('close: reason', reason);
    this.record({ run: () => this.parts.links.closeFor(this.owner, this.link.id, reason) });
  }
}
