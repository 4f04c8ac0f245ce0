/**
 * @module OpenTelemetry: traces messages with the API of OpenTelemetry, which the application passes: the package does not need it. A trace begins where
 * the application has one, or with a sample of all messages; it goes on over relays, whose spans have the sender's as their parent, and into
 * what the receiver sends while it handles the message. Its context is 26 bytes in the header.
 *
 * What is not traced costs a few comparisons. What others send in traces is recorded at a bounded rate.
 */
import type { MessageTracer, Route, SendingTrace, TracedMessage } from '../../core/index.js';
import { callable, fallback, fields, number, oneOf, options as only, optionsReader, whole } from '../../core/schema/index.js';
import { TokenBucket } from '../../core/structures/token-bucket.js';
import { readTraceContext, type SpanContext, writeTraceContext } from './trace-context.js';

/** What is used of a span. */
export interface OpenTelemetrySpan {
  spanContext(): SpanContext;
  setAttribute(name: string, value: string): unknown;
  end(): void;
}

/** What is used of `@opentelemetry/api`: pass the module itself. A context is opaque here. */
export interface OpenTelemetryApi {
  readonly ROOT_CONTEXT: object;
  readonly SpanKind: { readonly INTERNAL: number; readonly PRODUCER: number; readonly CONSUMER: number };
  readonly context: { active(): object; with(context: object, work: () => void): unknown };
  readonly trace: {
    getTracer(name: string): { startSpan(name: string, options?: object, context?: object): OpenTelemetrySpan };
    getSpan(context: object): OpenTelemetrySpan | undefined;
    setSpan(context: object, span: OpenTelemetrySpan): object;
    wrapSpanContext(context: SpanContext): OpenTelemetrySpan;
  };
}

/** The options of `openTelemetryTracing`. */
export interface TracingOptions {
  /** The share of messages that begin a trace where the application has none: 0 to 1, 0.01 by default. With 0 only the application's go on. */
  readonly sampleRatio?: number;
  /**
   * For what the active span of the application is looked at: `calls`, by default, or all `messages`. What is sent while a traced message is
   * handled belongs to its trace in any case.
   */
  readonly follow?: 'calls' | 'messages';
  /** Spans for messages of traces that others have begun, in a second; 1,000 by default. Beyond that a message is handled without a span. */
  readonly remoteSpansPerSecondMax?: number;
}

const read = optionsReader(
  'openTelemetryTracing',
  only({
    sampleRatio: fallback(number(0, 1), 0.01),
    follow: fallback(oneOf('calls', 'messages'), 'calls'),
    remoteSpansPerSecondMax: fallback(whole(1, 1_000_000), 1_000),
  }),
);

const readApi = optionsReader(
  'openTelemetryTracing: the api',
  fields({
    ROOT_CONTEXT: fields({}),
    SpanKind: fields({}),
    context: fields({ active: callable(), with: callable() }),
    trace: fields({ getTracer: callable(), getSpan: callable(), setSpan: callable(), wrapSpanContext: callable() }),
  }),
  'ARGUMENT_INVALID',
);
/** Of calls. */
const RPC_SERVICE = 6;
const SAMPLED = 1;
const NUMBERS = 2 ** 32;
const NO_CONTEXT = new Uint8Array(0);

/** For the option `tracing` of `createNode`. Throws `ARGUMENT_INVALID` and `OPTION_INVALID`. */
export function openTelemetryTracing(api: OpenTelemetryApi, options: TracingOptions = {}): MessageTracer {
  readApi(api);
  return new OpenTelemetryTracer(api, read(options));
}

class OpenTelemetryTracer implements MessageTracer {
  private readonly tracer: ReturnType<OpenTelemetryApi['trace']['getTracer']>;
  private bucket: TokenBucket | undefined;
  /** Of the message that is handled just now, also where no context manager is registered. */
  private handling: object | undefined;
  private draw = 1;
  /** Messages until one is drawn: nearly all cost no more than counting them. */
  private untilDrawn: number;
  private readonly isFollowingAll: boolean;

  constructor(
    private readonly api: OpenTelemetryApi,
    private readonly options: ReturnType<typeof read>,
  ) {
    this.tracer = api.trace.getTracer('meshwright');
    this.isFollowingAll = options.follow === 'messages';
    this.untilDrawn = this.nextDraw();
  }

  wants(fromServiceId: number): boolean {
    if (this.handling !== undefined) return true;
    if (this.isFollowingAll || fromServiceId === RPC_SERVICE) {
      const { context, trace } = this.api;
      const active = trace.getSpan(context.active());
      if (active !== undefined) return isSampled(active.spanContext());
    }
    if (--this.untilDrawn > 0) return false;
    this.untilDrawn = this.nextDraw();
    return true;
  }

  sending(message: TracedMessage, route: Route['type']): SendingTrace {
    const span = this.begin('meshwright send', this.api.SpanKind.PRODUCER, message, this.handling ?? this.api.context.active());
    span.setAttribute('meshwright.route', route);
    return {
      extension: writeTraceContext(span.spanContext()) ?? NO_CONTEXT,
      ended: (result) => {
        span.setAttribute('meshwright.result', result);
        span.end();
      },
    };
  }

  forwarded(message: TracedMessage, extension: Uint8Array): void {
    const parent = this.remote(message, extension);
    if (parent !== undefined) this.begin('meshwright forward', this.api.SpanKind.INTERNAL, message, parent).end();
  }

  received(message: TracedMessage, extension: Uint8Array, handle: () => void): void {
    const parent = this.remote(message, extension);
    if (parent === undefined) return handle();
    const span = this.begin('meshwright receive', this.api.SpanKind.CONSUMER, message, parent);
    const before = this.handling;
    this.handling = this.api.trace.setSpan(parent, span);
    try {
      this.api.context.with(this.handling, handle);
    } finally {
      this.handling = before;
      span.end();
    }
  }

  /** In so many messages, on average one in `1 / sampleRatio`. Need not be a secret, and must not keep step with the application. */
  private nextDraw(): number {
    const { sampleRatio } = this.options;
    this.draw = (Math.imul(this.draw, 1_664_525) + 1_013_904_223) >>> 0;
    return sampleRatio === 0 ? Number.POSITIVE_INFINITY : 1 + Math.floor((this.draw / NUMBERS) * (2 / sampleRatio - 1));
  }

  /** The context that has come with a message; `undefined` for one that is not recorded, or is beyond the rate. */
  private remote({ nowMs }: TracedMessage, extension: Uint8Array): object | undefined {
    const context = readTraceContext(extension);
    if (context === undefined || !isSampled(context)) return undefined;
    const { remoteSpansPerSecondMax: rate } = this.options;
    this.bucket ??= new TokenBucket(rate, rate, nowMs);
    if (!this.bucket.takeAll(1, nowMs)) return undefined;
    const { trace, ROOT_CONTEXT } = this.api;
    return trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(context));
  }

  private begin(name: string, kind: number, { self, fromServiceId, serviceId }: TracedMessage, parent: object): OpenTelemetrySpan {
    const attributes = { 'meshwright.node': self, 'meshwright.from_service': fromServiceId, 'meshwright.service': serviceId };
    return this.tracer.startSpan(name, { kind, attributes }, parent);
  }
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & SAMPLED) !== 0;
}
