/**
 * @module NameServer: a DNS server (RFC 1035) over UDP in this process, that all of the process asks while it runs: records of type A and SRV (RFC 2782) by
 * name. A name without an entry does not exist; one with an empty entry has no records.
 */
import { createSocket, type Socket } from 'node:dgram';
import dns from 'node:dns';
import { once } from 'node:events';

export interface Names {
  [name: string]: {
    readonly a?: readonly string[];
    readonly srv?: readonly { readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }[];
  };
}

const [A, SRV] = [1, 33] as const;
const NO_SUCH_NAME = 3;
const TTL_S = 60;

export class NameServer {
  /** What was asked, as `A name`, in this order; other types by their number. */
  readonly asked: string[] = [];
  private readonly before = dns.getServers();

  private constructor(
    private readonly socket: Socket,
    public names: Names,
  ) {}

  static async start(names: Names): Promise<NameServer> {
    const socket = createSocket('udp4');
    const server = new NameServer(socket, names);
    socket.on('message', (query, { port, address }) => socket.send(server.answerTo(query), port, address));
    socket.bind(0, '127.0.0.44');
    await once(socket, 'listening');
    dns.setServers([`127.0.0.44:${socket.address().port}`]);
    return server;
  }

  stop(): void {
    this.socket.close();
    dns.setServers(this.before);
  }

  /** The head, the question again, and the records. */
  private answerTo(query: Buffer): Buffer {
    const questionEnd = query.indexOf(0, 12) + 5;
    const [name, type] = [nameAt(query, 12), query.readUInt16BE(questionEnd - 4)];
    this.asked.push(`${{ [A]: 'A', [SRV]: 'SRV' }[type] ?? type} ${name}`);
    const entry = this.names[name.toLowerCase()];
    const records = (type === A ? entry?.a?.map(addressData) : type === SRV ? entry?.srv?.map(serviceData) : undefined) ?? [];
    const code = entry === undefined ? NO_SUCH_NAME : 0;
    const head = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80 | code, 0, 1, 0, records.length, 0, 0, 0, 0]);
    return Buffer.concat([head, query.subarray(12, questionEnd), ...records.map((data) => recordOf(type, data))]);
  }
}

function nameAt(bytes: Buffer, at: number): string {
  const length = bytes[at] ?? 0;
  if (length === 0) return '';
  const rest = nameAt(bytes, at + 1 + length);
  return bytes.toString('latin1', at + 1, at + 1 + length) + (rest === '' ? '' : `.${rest}`);
}

/** Of the name that was asked for. */
function recordOf(type: number, data: Buffer): Buffer {
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, TTL_S, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

const addressData = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

function serviceData({ priority, weight, port, target }: { priority: number; weight: number; port: number; target: string }): Buffer {
  const numbers = Buffer.alloc(6);
  for (const [index, number] of [priority, weight, port].entries()) numbers.writeUInt16BE(number, 2 * index);
  const labels = target.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  return Buffer.concat([numbers, ...labels, Buffer.alloc(1)]);
}
