/** @module TracingProvider: the API of OpenTelemetry with a provider whose spans have ids and are dropped, and a context manager as that of its SDK. */
import { AsyncLocalStorage } from 'node:async_hooks';
import * as api from '@opentelemetry/api';

/** How many spans were made since the registration. */
export const made = { spans: 0 };

export function registerProvider(): void {
  const spanContext = { traceId: '0123456789abcdef0123456789abcdef', spanId: 'fedcba9876543210', traceFlags: api.TraceFlags.SAMPLED };
  class Span {
    readonly attributes: Record<string, unknown> = {};
    spanContext() {
      return spanContext;
    }
    setAttribute(name: string, value: unknown) {
      this.attributes[name] = value;
      return this;
    }
    end() {
      made.spans++;
    }
  }
  const tracer = { startSpan: () => new Span() as unknown as api.Span };
  api.trace.setGlobalTracerProvider({ getTracer: () => tracer as unknown as api.Tracer });
  const storage = new AsyncLocalStorage<api.Context>();
  const manager: api.ContextManager = {
    active: () => storage.getStore() ?? api.ROOT_CONTEXT,
    with: (context, work, that, ...args) => storage.run(context, () => work.call(that as never, ...args)),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  api.context.setGlobalContextManager(manager);
}
