/**
 * @module ServedParts: the streams of requests in work here, which methods read, and those of answers, which callers do. Each piece that moves gives
 * the call its time anew. The call is over when its answer has no stream, or when all of them were read.
 */
import type { Limits } from '../../core/index.js';
import type { RpcHost } from './host.js';
import type { IncomingCall } from './incoming-call.js';
import { STREAM_IDLE_MS } from './options.js';
import { Offering } from './parts/offering.js';
import type { ReadingHost } from './parts/reading.js';
import type { Source } from './parts/sources.js';
import type { PartOwner, PartStreams } from './parts/streams.js';

/** What is done with the calls. */
export interface ServedCalls {
  due(call: IncomingCall, timeoutMs: number): void;
  finished(call: IncomingCall): void;
  failedInside(call: IncomingCall, err: unknown): void;
}

export class ServedParts {
  constructor(
    private readonly host: RpcHost,
    private readonly streams: PartStreams,
    private readonly calls: ServedCalls,
  ) {}

  /** How the method reads the streams of its request. */
  readingOf(call: IncomingCall): ReadingHost {
    const owner: PartOwner = { side: 'request', idHigh: call.idHigh, idLow: call.idLow };
    return {
      limits: this.host.limits as Limits,
      open: (index, settle) =>
        this.host.act((agent) =>
          this.streams.open(agent, call.peer.route, { ...owner, index }, Math.max(call.timeoutMs, STREAM_IDLE_MS), settle),
        ),
      moved: () => this.moved(call),
      done: () => {},
    };
  }

  /** The answer with these streams has gone. */
  offer(call: IncomingCall, sources: readonly Source[]): void {
    const owner: PartOwner = { side: 'answer', idHigh: call.idHigh, idLow: call.idLow };
    const over = () => this.calls.finished(call);
    const offering = new Offering(
      {
        limits: this.host.limits as Limits,
        moved: () => this.moved(call),
        failed: (cause) => this.calls.failedInside(call, cause),
        done: over,
        closed: () => this.streams.remove(owner, offering),
      },
      sources,
    );
    call.offering = offering;
    this.streams.offer(owner, offering, () => ({ nodeId: call.source, isDirect: call.sourceVerified && call.connectionId !== undefined }));
    this.calls.due(call, call.timeoutMs);
  }

  private moved(call: IncomingCall): void {
    if (!call.isOver) this.calls.due(call, call.timeoutMs);
  }
}
