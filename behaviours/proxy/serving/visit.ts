/**
 * @module Visit: one stream of another node, from its admission to its line in the access log. Nothing of the line is of any length that a remote chooses.
 */
import { type ByteStream, type NetworkError, shortId } from '../../../core/index.js';
import type { ProxyHost } from '../host.js';
import { OUTCOMES, typeOf } from '../outcomes.js';
import type { Passings } from '../pipes/join.js';
import type { Account } from './accounts.js';

const SHOWN_MAX = 128;

export class Visit {
  /** What it wants, for the log. */
  wanted = '';
  address = '';
  /** Count what passes, and hold up what is faster than the node may be. */
  readonly passings: Passings;
  private bytesSent = 0;
  private bytesReceived = 0;
  private readonly sinceMs: number;

  constructor(
    private readonly host: ProxyHost,
    private readonly stream: ByteStream,
    private readonly account: Account,
  ) {
    const { counters, clock } = host;
    this.sinceMs = clock.nowMs();
    this.passings = {
      there: (byteCount) => {
        this.bytesSent += byteCount;
        counters.bytesSent += byteCount;
        return this.pass(byteCount);
      },
      back: (byteCount) => {
        this.bytesReceived += byteCount;
        counters.bytesReceived += byteCount;
        return this.pass(byteCount);
      },
    };
  }

  /** It is over: `error` says why, where it has not ended well. */
  ended(error?: NetworkError): void {
    const { counters, clock, log } = this.host;
    if (error !== undefined) countFailure(counters, error, this.address !== '');
    log.info(
      {
        remote: shortId(this.stream.nodeId),
        isVerified: this.stream.nodeVerified,
        wanted: this.wanted.replace(/[^\x21-\x7e]/g, '?').slice(0, SHOWN_MAX),
        address: this.address,
        outcome: error === undefined ? 'ok' : (typeOf(error) ?? error.code),
        bytesSent: this.bytesSent,
        bytesReceived: this.bytesReceived,
        tookMs: Math.round(clock.nowMs() - this.sinceMs),
      },
      'proxied',
    );
  }

  private pass(byteCount: number): Promise<void> | undefined {
    const waitMs = this.account.pass(byteCount, this.host.clock.nowMs());
    return waitMs > 0 ? this.host.agenda.pause(waitMs) : undefined;
  }
}

/** `isServed`: it had begun. */
export function countFailure(counters: ProxyHost['counters'], error: NetworkError, isServed: boolean): void {
  const type = typeOf(error);
  if (type === 'proxy_loop_detected') counters.loops++;
  else if (isServed) counters.broken++;
  else if (type === 'http_request_error') counters.malformed++;
  else if (type !== undefined && OUTCOMES[type].code === 'PROXY_DENIED') counters.denied++;
  else if (type === 'connection_limit_reached') counters.overloaded++;
  else counters.targetsFailed++;
}
