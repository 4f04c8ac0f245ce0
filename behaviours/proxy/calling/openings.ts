/**
 * @module Openings: opens streams to the proxy behaviours of other nodes, says what is wanted, and waits for the answer.
 */
import { type ByteStream, type ErrorCode, NetworkError, type Route, type StreamRequest, type StreamResult } from '../../../core/index.js';
import { onAbort } from '../../../core/structures/abort.js';
import type { ProxyHost } from '../host.js';
import { headBytes, type RequestHead, readOpened, SOCK } from '../messages.js';
import { asFailure, failure, resetTextOf } from '../outcomes.js';
import { StreamPipe } from '../pipes/stream-pipe.js';
import { type Target, textOf } from '../rules/target.js';

/** Beyond the time in which the other side has to have an answer: for the way. */
const WAY_MS = 5_000;

/** As the port `StreamOpener`, for this behaviour. */
export type OpenStream = (request: Omit<StreamRequest, 'serviceId'>, settle: (result: StreamResult) => void) => { cancel(): void };

/** Who may not want a stream any more, while it is being opened or later, and the error that it ends with then. */
export interface Wish {
  readonly signal: AbortSignal;
  readonly error: () => NetworkError;
}

export class Openings {
  private readonly pipes = new Set<StreamPipe>();

  constructor(
    private readonly host: ProxyHost,
    private readonly openStream: OpenStream,
  ) {}

  /** A connection to a target through the node that the route leads to. `from`: of the program that wants it. */
  async sock(route: Route, target: Target, from?: string): Promise<StreamPipe> {
    const pipe = await this.open(route);
    const ask = async () => {
      // Only now: a connection of this node's own is known to it a moment after its entrance has it.
      const origin = from === undefined ? {} : { from, hops: this.host.loops.hopsOf(from) };
      await pipe.write(headBytes({ kind: SOCK, target: textOf(target), ...origin }));
      const body = await pipe.head();
      if (body === undefined || readOpened(body) === undefined) throw failure('http_protocol_error', 'malformed answer');
      return pipe;
    };
    return this.answered(pipe, ask);
  }

  /** A request to a site of the node that the route leads to: what it answers is the caller's to read. It ends when nobody wishes it any more. */
  async request(route: Route, head: RequestHead, wish: Wish): Promise<StreamPipe> {
    const pipe = await this.open(route, wish);
    return this.answered(pipe, async () => {
      await pipe.write(headBytes(head));
      return pipe;
    });
  }

  /** All that is open is reset. */
  stop(): void {
    for (const pipe of this.pipes) pipe.reset(resetTextOf(failure('connection_terminated', 'the node lends nothing any more')));
  }

  private async answered(pipe: StreamPipe, ask: () => Promise<StreamPipe>): Promise<StreamPipe> {
    const { agenda, settings } = this.host;
    const expired = () => failure('connection_timeout', 'the other node did not answer');
    try {
      return await agenda.within(settings.connectTimeoutMs + WAY_MS, ask, expired);
    } catch (thrown) {
      const error = asFailure(thrown, 'the other node');
      pipe.reset(resetTextOf(error));
      throw error;
    }
  }

  private async open(route: Route, wish?: Wish): Promise<StreamPipe> {
    let leave = () => {};
    const release = onAbort(wish?.signal, () => leave());
    try {
      const stream = await new Promise<ByteStream>((resolve, reject) => {
        const opening = this.begin(route, resolve, reject);
        leave = () => {
          reject(wish?.error());
          opening.cancel();
        };
      });
      const pipe = new StreamPipe(stream);
      leave = () => pipe.reset(resetTextOf((wish as Wish).error()));
      if (wish?.signal.aborted === true) leave();
      this.pipes.add(pipe);
      const forget = () => {
        this.pipes.delete(pipe);
        release();
      };
      stream.closed.then(forget, forget);
      return pipe;
    } catch (thrown) {
      release();
      throw asFailure(thrown, 'the other node');
    }
  }

  private begin(route: Route, resolve: (stream: ByteStream) => void, reject: (error: NetworkError) => void): { cancel(): void } {
    const { windowBytes, idleMs: silenceMs, connectTimeoutMs: timeoutMs } = this.host.settings;
    return this.openStream({ route, windowBytes, silenceMs, timeoutMs }, (result) => {
      if (result.type === 'ok') resolve(result.stream);
      else reject(new NetworkError(result.code as ErrorCode, result.text));
    });
  }
}
