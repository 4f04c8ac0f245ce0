/**
 * @module CoreMetrics: the counters of the engine, resolved once, so that the hot path moves a field. Names are the series' names.
 */
import type { DropCause } from '../api/events.js';
import type { RepairCounters } from '../kits/flow/repaired/index.js';
import { type Counter, DURATION_BOUNDS_MS, Metrics } from '../metrics.js';

const DROP_CAUSES: readonly DropCause[] = ['link-closed', 'lane-full', 'unreachable', 'hop-limit', 'no-service', 'duplicate', 'too-large'];

export class CoreMetrics extends Metrics {
  readonly messagesSent = this.counter('messages_sent_total');
  readonly messagesReceived = this.counter('messages_received_total');
  readonly messagesForwarded = this.counter('messages_forwarded_total');
  readonly bytesSent = this.counter('link_bytes_sent_total');
  readonly bytesReceived = this.counter('link_bytes_received_total');
  readonly recordsSent = this.counter('records_sent_total');
  readonly undecodable = this.counter('payloads_undecodable_total');
  readonly unknownControl = this.counter('control_unknown_total');
  readonly lossSignalsSent = this.counter('loss_signals_sent_total');
  readonly lossSignalsReceived = this.counter('loss_signals_received_total');
  readonly faults = this.counter('faults_total');
  readonly accepted = this.counter('connections_accepted_total');
  readonly opened = this.counter('connections_opened_total');
  readonly closed = this.counter('connections_closed_total');
  readonly evicted = this.counter('pending_evicted_total');
  readonly refused = this.counter('connections_refused_total');
  readonly refusedChannels = this.counter('channels_refused_total');
  readonly dials = this.counter('dials_total');
  readonly dialsFailed = this.counter('dials_failed_total');
  readonly duplicates = this.counter('duplicates_closed_total');
  readonly handovers = this.counter('handovers_total');
  readonly resumptions = this.counter('resumptions_total');
  readonly replaced = this.counter('connections_replaced_total');
  readonly localStalls = this.counter('local_stalls_total');
  readonly datagramsRefused = this.counter('datagrams_refused_total');
  readonly cookiesSent = this.counter('datagram_cookies_sent_total');
  /** Of links of datagrams. */
  readonly repair: RepairCounters = { packetsLost: 0, packetsWronglyLost: 0 };
  /** Of every pong. */
  readonly roundTrip = this.histogram('round_trip_ms', DURATION_BOUNDS_MS);
  /** How late the node's timer comes, on top of up to a millisecond that timers take themselves. */
  readonly loopDelay = this.histogram('loop_delay_ms', DURATION_BOUNDS_MS);
  readonly dropped: Readonly<Record<DropCause, Counter>> = Object.fromEntries(
    DROP_CAUSES.map((cause) => [cause, this.counter(`messages_dropped_${cause.replaceAll('-', '_')}_total`)]),
  ) as Record<DropCause, Counter>;
}
