/**
 * @module The switch (`meshwright/switch`): several hashnames of several spaces in one process, on Node.
 */
import { serviceRecords } from './core/platform/node/service-records.js';
import { createNode } from './index.js';
import { type ServiceRecords, SwitchHost } from './switch/index.js';
import { TcpTransport } from './transports/tcp/index.js';
import { WebSocketTransport } from './transports/websocket/node/index.js';

export * from './switch/index.js';

/** What a switch takes. */
export interface SwitchOptions {
  /** Finds DNS service records of spaces whose operators are `dns`; by the name servers of the system by default. */
  readonly serviceRecords?: ServiceRecords;
  /** Sockets that all hashnames may have open at once; by default all nodes of the process share its limit of open files, less 32. */
  readonly socketsMax?: number;
}

/** Hosts any number of hashnames. */
export class Switch extends SwitchHost {
  constructor({ serviceRecords: records = serviceRecords, socketsMax }: SwitchOptions = {}) {
    const tcp = new TcpTransport(socketsMax === undefined ? {} : { socketsMax });
    super({ createNode, serviceRecords: records, transports: [tcp, new WebSocketTransport()] });
  }
}
