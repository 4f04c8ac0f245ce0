/** @module EndObserver: what the application's side of a stream gets to know of its end. */
import type { NetworkError } from '../../core/index.js';

/** The application's side. */
export interface EndObserver {
  /** The remote, or the service of this node, has taken the stream. */
  accepted(): void;
  /** Something can be read: bytes, or the end. */
  incoming(): void;
  /** The stream was reset. */
  failed(error: NetworkError): void;
  /** Both directions have ended, and everything was read. */
  ended(): void;
}
