/**
 * @module NodeSockets: the port of sockets on Node.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import type { LocalSocket, SocketEndpoint, SocketListener, SocketPort } from '../../../api/socket-port.js';
import { RECORD_PAYLOAD_BYTES } from '../../../wire/frame.js';
import { apart } from '../apart.js';
import { dnsResolver } from '../dns-resolver.js';
import { coded } from './node-pipe.js';
import { NodeSocket } from './node-socket.js';

const PLACE_DIGITS = 16;
/** Answers of one name that are looked at. */
const ANSWERS_MAX = 16;

export class NodeSockets implements SocketPort {
  private known: string | undefined;

  get place(): string {
    this.known ??= placeOfThisProcess();
    return this.known;
  }

  resolve(name: string, signal: AbortSignal): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const cancel = dnsResolver(name, (answers, error) => {
        signal.removeEventListener('abort', abort);
        const hosts = answers.slice(0, ANSWERS_MAX).map(({ address }) => address);
        if (hosts.length > 0) resolve(hosts);
        else reject(error ?? coded('ENOTFOUND', 'the name has no address'));
      });
      const abort = () => {
        cancel?.();
        reject(coded('ETIMEDOUT', 'the look-up took too long'));
      };
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  dial({ host, port }: SocketEndpoint, signal: AbortSignal): Promise<LocalSocket> {
    return new Promise((resolve, reject) => {
      let made: NodeSocket | undefined;
      const callback = (byteCount: number, bytes: Uint8Array) => {
        made?.received(bytes.subarray(0, byteCount));
        return false;
      };
      const onread = { buffer: new Uint8Array(RECORD_PAYLOAD_BYTES), callback };
      const socket = apart(() => connect({ host, port, noDelay: true, allowHalfOpen: true, autoSelectFamily: false, onread }));
      socket.unref();
      const abort = () => socket.destroy(coded('ETIMEDOUT', 'the connection took too long'));
      const failed = (error: Error) => {
        signal.removeEventListener('abort', abort);
        reject(error);
      };
      signal.addEventListener('abort', abort, { once: true });
      socket.once('error', failed);
      socket.once('connect', () => {
        signal.removeEventListener('abort', abort);
        made = new NodeSocket(socket);
        socket.off('error', failed);
        resolve(made);
      });
    });
  }

  listen({ host, port }: SocketEndpoint, onSocket: (socket: LocalSocket) => void): Promise<SocketListener> {
    return new Promise((resolve, reject) => {
      const accept = (socket: Socket) => {
        socket.unref();
        onSocket(new NodeSocket(socket));
      };
      const server = apart(() => createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, accept));
      server.unref();
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, () => {
        const bound = server.address() as { readonly address: string; readonly port: number };
        server.off('error', reject);
        // Such as too many open files: the next one may be accepted.
        server.on('error', () => {});
        resolve({ local: { host: bound.address, port: bound.port }, close: () => server.close() });
      });
    });
  }

  isOwn(host: string): boolean {
    return Object.values(networkInterfaces()).some((faces) => faces?.some(({ address }) => address === host));
  }
}

/** On Linux the start of the machine and the network namespace; elsewhere the name of the machine has to do. */
function placeOfThisProcess(): string {
  const parts = [() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'), () => readlinkSync('/proc/self/ns/net'), hostname];
  const texts = parts.map((part) => {
    try {
      return part();
    } catch {
      return '';
    }
  });
  return createHash('sha256').update(texts.join('|')).digest('hex').slice(0, PLACE_DIGITS);
}
