/** @module RecordedSpans: the real API of OpenTelemetry with a provider that keeps spans in a list, and a context manager that counts its calls. */
import { AsyncLocalStorage } from 'node:async_hooks';
import * as api from '@opentelemetry/api';

export interface Recorded {
  readonly name: string;
  readonly spanId: string;
  readonly traceId: string;
  readonly parentId: string | undefined;
  readonly attributes: Record<string, unknown>;
  isEnded: boolean;
}

/** Registered from the constructor until `end`. */
export class RecordedSpans {
  readonly spans: Recorded[] = [];
  /** Calls into the API that reach a provider or the context manager. */
  calls = 0;
  private count = 0;

  constructor() {
    api.trace.setGlobalTracerProvider({
      getTracer: () => ({ startSpan: this.start, startActiveSpan: this.never }) as unknown as api.Tracer,
    });
    const storage = new AsyncLocalStorage<api.Context>();
    const counted = <T>(value: T): T => {
      this.calls++;
      return value;
    };
    api.context.setGlobalContextManager({
      active: () => counted(storage.getStore() ?? api.ROOT_CONTEXT),
      with: (context, work, that, ...args) => storage.run(counted(context), () => work.call(that as never, ...args)),
      bind: (_context, target) => target,
      enable: () => this as never,
      disable: () => this as never,
    });
  }

  named(name: string): readonly Recorded[] {
    return this.spans.filter((span) => span.name === `meshwright ${name}`);
  }

  end(): void {
    api.trace.disable();
    api.context.disable();
  }

  private readonly never = () => {
    throw new Error('not used');
  };

  private readonly start = (name: string, options: api.SpanOptions = {}, context: api.Context = api.context.active()): api.Span => {
    this.calls++;
    const parent = api.trace.getSpanContext(context);
    const number = (++this.count).toString(16);
    const traceId = parent?.traceId ?? number.padStart(32, 'a');
    const spanId = number.padStart(16, 'b');
    const recorded: Recorded = { name, spanId, traceId, parentId: parent?.spanId, attributes: { ...options.attributes }, isEnded: false };
    this.spans.push(recorded);
    const span = {
      spanContext: () => ({ traceId, spanId, traceFlags: api.TraceFlags.SAMPLED }),
      setAttribute: (key: string, value: unknown) => {
        recorded.attributes[key] = value;
        return span;
      },
      end: () => {
        recorded.isEnded = true;
      },
    };
    return span as unknown as api.Span;
  };
}
