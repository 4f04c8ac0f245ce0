/**
 * @module Dispatch: reads what a neighbour sent about feeds, all but messages themselves, and hands it to whom it concerns. Only the form is
 * checked here.
 */
import {
  BEAT,
  BOUND,
  type Bound,
  CREDIT,
  type Gap,
  LEAVE,
  type MessageReader,
  MISSED,
  PASS,
  REFRESH,
  REFUSED,
  REPORT,
  type Refreshed,
  type Refusal,
  type Report,
  SUBSCRIBE,
  type Subscribe,
} from '../messages.js';

/** One method for each kind. */
export interface SignalSink {
  subscribed(wish: Subscribe): void;
  bound(label: number, bound: Bound): void;
  refused(label: number, cause: Refusal): void;
  left(label: number): void;
  beaten(label: number, last: number): void;
  skipped(label: number, gap: Gap): void;
  credited(label: number, limit: number): void;
  refreshed(entry: Refreshed): void;
  reported(label: number, report: Report): void;
  passed(label: number, id: number, bytes: Uint8Array): void;
}

/** Whether it has the form of a message of this service. */
export function dispatch(kind: number, reader: MessageReader, sink: SignalSink): boolean {
  switch (kind) {
    case SUBSCRIBE:
      return given(reader.subscribe(), (wish) => sink.subscribed(wish));
    case BOUND:
      return given(reader.bound(), (bound) => sink.bound(bound.label, bound));
    case REFUSED:
      return given(reader.refused(), ({ label, cause }) => sink.refused(label, cause));
    case LEAVE:
      return given(reader.label(), (label) => sink.left(label));
    case BEAT:
      return given(reader.numbered(), ({ label, number }) => sink.beaten(label, number));
    case MISSED:
      return given(reader.missed(), ({ label, gap }) => sink.skipped(label, gap));
    case CREDIT:
      return given(reader.numbered(), ({ label, number }) => sink.credited(label, number));
    case REFRESH:
      return given(reader.refresh(), (entries) => {
        for (const entry of entries) sink.refreshed(entry);
      });
    case REPORT:
      return given(reader.report(), ({ label, report }) => sink.reported(label, report));
    case PASS:
      return given(reader.passed(), ({ label, id, bytes }) => sink.passed(label, id, bytes));
    default:
      return false;
  }
}

function given<T>(body: T | undefined, work: (body: T) => void): boolean {
  if (body === undefined) return false;
  work(body);
  return true;
}
