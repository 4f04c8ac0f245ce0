/**
 * @module SentParts: the streams of own requests, which the node that was called reads, and those of answers to them, which the caller does. Each piece
 * that moves gives the call its time anew. The streams of a request last as long as the answer, and the streams of that.
 */
import { type Limits, NetworkError } from '../../core/index.js';
import type { RpcHost } from './host.js';
import { STREAM_IDLE_MS } from './options.js';
import type { Outgoing } from './outgoing-call.js';
import { Offering } from './parts/offering.js';
import { Reading } from './parts/reading.js';
import { discard, joined, type Part, type Source } from './parts/sources.js';
import type { PartOwner, PartStreams } from './parts/streams.js';

const OVER = new NetworkError('CALL_CANCELLED', 'the call is over');

/** The streams of one call. */
export class CallParts {
  private offering: Offering | undefined;
  private reading: Reading | undefined;

  constructor(
    private readonly parts: SentParts,
    private readonly call: Outgoing,
    private sources: readonly Source[],
  ) {}

  /** The request has gone: whoever has it finds its streams. */
  offer(): void {
    const { call, sources } = this;
    this.sources = [];
    if (sources.length > 0) this.offering = this.parts.offer(call, sources);
  }

  /** An answer with streams has come: the value with them. */
  read(value: unknown, parts: readonly Part[]): unknown {
    const reading = this.parts.reading(this.call, parts, () => this.close());
    this.reading = reading;
    return joined(value, parts, (part, index) => reading.reader(part, index, true));
  }

  /** Whether the call has an answer whose streams are read still. */
  get isRead(): boolean {
    return this.reading !== undefined;
  }

  /** Nothing of the call is read any more. `isAgain`: sources that nobody has read are left to the call that takes its place. Idempotent. */
  close(isAgain = false): void {
    for (const source of this.sources) discard(source);
    this.sources = [];
    this.offering?.close('the call is over', isAgain);
    this.reading?.close(OVER);
  }
}

export class SentParts {
  constructor(
    private readonly host: RpcHost,
    private readonly streams: PartStreams,
    /** The call has its time anew. */
    private readonly moved: (call: Outgoing) => void,
    /** What makes a stream of the request has thrown: that is how the call ends. */
    private readonly failed: (call: Outgoing, cause: unknown) => void,
  ) {}

  offer(call: Outgoing, sources: readonly Source[]): Offering {
    const owner: PartOwner = { side: 'request', idHigh: call.idHigh, idLow: call.idLow };
    const offering: Offering = new Offering(
      {
        limits: this.host.limits as Limits,
        moved: () => this.moved(call),
        failed: (cause) => this.failed(call, cause),
        done: () => {},
        closed: () => this.streams.remove(owner, offering),
      },
      sources,
    );
    // Of this node itself, whose streams are proven, or of a neighbour; else the id is a claim as the answer's is.
    this.streams.offer(owner, offering, () => ({ nodeId: call.target?.nodeId, isDirect: call.target?.isDirect === true }));
    return offering;
  }

  reading(call: Outgoing, parts: readonly Part[], done: () => void): Reading {
    const owner: PartOwner = { side: 'answer', idHigh: call.idHigh, idLow: call.idLow };
    const silenceMs = Math.max(call.timeoutMs, STREAM_IDLE_MS);
    const route = call.target?.route;
    const open: ConstructorParameters<typeof Reading>[0]['open'] = (index, settle) =>
      this.host.act((agent) => {
        if (route === undefined) settle(new NetworkError('RPC_UNREACHABLE', 'no route leads to the node that has answered'));
        else this.streams.open(agent, route, { ...owner, index }, silenceMs, settle);
      });
    return new Reading({ limits: this.host.limits as Limits, open, moved: () => {}, done }, parts);
  }
}
