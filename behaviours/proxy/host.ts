/**
 * @module ProxyHost: what the parts of the proxy behaviour share.
 */
import type { Clock, HttpPort, Logger, NodeId, SocketPort } from '../../core/index.js';
import type { ProxyCounters, ProxySettings } from './options.js';
import type { Agenda } from './pipes/agenda.js';
import type { Loops } from './pipes/loops.js';

export interface ProxyHost {
  readonly settings: ProxySettings;
  readonly counters: ProxyCounters;
  readonly sockets: SocketPort;
  readonly http: HttpPort;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeId: NodeId;
  /** This node in messages between proxies. */
  readonly hop: string;
  readonly agenda: Agenda;
  readonly loops: Loops;
}
