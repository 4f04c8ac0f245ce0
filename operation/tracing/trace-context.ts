/**
 * @module TraceContext: the context of a trace as the extension of a message has it: a byte 1, the trace id (16 bytes), the id of the sender's span (8)
 * and a byte of flags, whose lowest bit says that the trace is recorded. Pure.
 */

export const TRACE_CONTEXT_BYTES = 26;
const KIND = 1;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const IDS = /^[0-9a-f]{48}$/;

/** As OpenTelemetry has it. */
export interface SpanContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean;
}

/** `undefined` for ids that are none. */
export function writeTraceContext({ traceId, spanId, traceFlags }: SpanContext): Uint8Array | undefined {
  const ids = traceId + spanId;
  if (!IDS.test(ids)) return undefined;
  const bytes = new Uint8Array(TRACE_CONTEXT_BYTES);
  bytes[0] = KIND;
  Buffer.from(bytes.buffer).write(ids, 1, 'hex');
  bytes[TRACE_CONTEXT_BYTES - 1] = traceFlags & 0xff;
  return bytes;
}

/** What a remote has sent: `undefined` for anything else than a context with ids. */
export function readTraceContext(bytes: Uint8Array): SpanContext | undefined {
  if (bytes.length !== TRACE_CONTEXT_BYTES || bytes[0] !== KIND) return undefined;
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  const [traceId, spanId] = [digits.slice(2, 34), digits.slice(34, 50)];
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId, traceFlags: bytes[TRACE_CONTEXT_BYTES - 1] as number, isRemote: true };
}
