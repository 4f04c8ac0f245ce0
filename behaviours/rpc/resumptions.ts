/**
 * @module Resumptions: own streams of responses that outlive their connection. Where the path to the node is lost, it is asked for what is missing as
 * soon as there is one, again and again; over relays, which may lose items in silence, also when nothing has come for a while.
 */
import { type BehaviorAgent, type Requester, WakeTimer } from '../../core/index.js';
import type { ResumeFields } from './messages.js';
import type { OutgoingStream } from './outgoing-stream.js';

/** How often the streams are looked at. */
const LOOK_MS = 250;
/** Without an item that is wanted for so long, a node behind relays is asked, again and again: the deadline of the item ends that. */
const SILENCE_MS = 1_000;

interface Watched {
  /** When the node may be asked (again). */
  askMs: number;
}

export class Resumptions {
  private readonly streams = new Map<OutgoingStream, Watched>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));

  constructor(
    private readonly requester: Requester,
    private readonly send: (agent: BehaviorAgent, stream: OutgoingStream, fields: ResumeFields) => void,
  ) {}

  add(agent: BehaviorAgent, stream: OutgoingStream): void {
    this.streams.set(stream, { askMs: 0 });
    this.timer.within(agent, LOOK_MS);
  }

  /** A connection has opened: a path may be there again. */
  connected(agent: BehaviorAgent): void {
    if (this.streams.size > 0) this.timer.within(agent, 0);
  }

  private look(agent: BehaviorAgent): void {
    for (const [stream, watched] of this.streams) {
      if (!stream.isWaiting) this.streams.delete(stream);
      else if (stream.isLost) this.askLost(agent, stream, watched);
      else this.askSilent(agent, stream, watched);
    }
    if (this.streams.size > 0) this.timer.within(agent, LOOK_MS);
  }

  private askLost(agent: BehaviorAgent, stream: OutgoingStream, watched: Watched): void {
    if (agent.nowMs < watched.askMs || !this.requester.rebind(agent, stream)) return;
    watched.askMs = agent.nowMs + LOOK_MS;
    this.send(agent, stream, stream.resumeFields);
  }

  private askSilent(agent: BehaviorAgent, stream: OutgoingStream, watched: Watched): void {
    const { nowMs } = agent;
    if (stream.target?.isDirect === true || !stream.isWanted || nowMs < stream.heardMs + SILENCE_MS) {
      watched.askMs = 0;
      return;
    }
    if (nowMs < watched.askMs || !this.requester.rebind(agent, stream)) return;
    watched.askMs = nowMs + SILENCE_MS;
    this.send(agent, stream, stream.resumeFields);
  }
}
