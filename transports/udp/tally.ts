/**
 * @module Tally: what happened at the sockets of a UDP transport. A system that is out of buffers, or knows no way to a remote, loses what it
 * should send, as the way itself does: it is repaired, and counted here.
 */

/** What is open at the sockets of a UDP transport, and what was lost there. */
export interface UdpStats {
  /** Open now. */
  readonly sockets: number;
  /** Datagrams that the system refused to send for lack of buffers (`ENOBUFS`, `EAGAIN`, `ENOMEM`). */
  readonly bufferErrors: number;
  /** Datagrams that it refused for another reason: too large, no route, not permitted. */
  readonly sendErrors: number;
  /** Failed receptions; the socket goes on. */
  readonly receiveErrors: number;
}

const BUFFER_CODES: ReadonlySet<string | undefined> = new Set(['ENOBUFS', 'EAGAIN', 'ENOMEM']);

export class UdpTally {
  sockets = 0;
  bufferErrors = 0;
  sendErrors = 0;
  receiveErrors = 0;

  /** For the callback of each datagram: one for all, so that none is made. */
  readonly onSent = (error: Error | null): void => {
    if (error === null) return;
    if (BUFFER_CODES.has((error as NodeJS.ErrnoException).code)) this.bufferErrors++;
    else this.sendErrors++;
  };

  stats(): UdpStats {
    const { sockets, bufferErrors, sendErrors, receiveErrors } = this;
    return { sockets, bufferErrors, sendErrors, receiveErrors };
  }
}
