/** @module What the TCP tests share: worlds on loopback, raw sockets that misbehave, and counts of file descriptors. */
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer, connect as netConnect, type Server, type Socket, type TcpNetConnectOpts } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Address, parseAddress } from '../../../core/address/address.js';
import { TransportWorld } from '../../../testing/conformance/transport-world.js';
import { type TcpOptions, TcpTransport } from '../../../transports/tcp/index.js';

const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);

export const HAS_IPV6 = interfaces.some((entry) => entry.address === '::1');

/** Link-local addresses of this machine, each with its zone. */
export const LINK_LOCAL = Object.entries(networkInterfaces()).flatMap(([zone, list]) =>
  (list ?? []).filter((entry) => entry.address.startsWith('fe80:')).map((entry) => `${entry.address}%${zone}`),
);

/** Listens on `text` and dials what it reports, or what `dialAddress` makes of it. */
export function fixture(text: string, dialAddress?: (bound: readonly Address[]) => Address, options?: TcpOptions) {
  const listening = new TcpTransport(options);
  const dialling = new TcpTransport({ ...options, ...(options?.socketsMax === undefined ? {} : { socketsMax: 1000 }) });
  const vacant = parseAddress(text).host.includes(':') && HAS_IPV6 ? 'tcp://[::1]:1' : 'tcp://127.0.0.3:1';
  return {
    listening,
    dialling,
    nextAddress: () => parseAddress(text),
    vacant: parseAddress(vacant),
    ...(dialAddress === undefined ? {} : { dialAddress }),
  };
}

export function openWorld(text = 'tcp://127.0.0.4:0', options?: TcpOptions) {
  const parts = fixture(text, undefined, options);
  return { ...parts, world: new TransportWorld(parts) };
}

/** A plain socket connected to `address`. */
export function rawConnect(address: Address, options: Partial<TcpNetConnectOpts> = {}): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = netConnect({ host: address.host, port: address.port, ...options }, () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => {});
  });
}

/** A plain server on a free port of `host`, closed with its sockets by `stop`. */
export async function rawServer(host: string, onSocket: (socket: Socket) => void, port = 0) {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ host, port, exclusive: true }, resolve));
  const { port: bound } = server.address() as AddressInfo;
  const stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: bound, sockets, stop };
}

/** A link dialled to a plain socket, which does not read by itself. */
export async function linkToRaw() {
  const accepted: Socket[] = [];
  const server = await rawServer('127.0.0.10', (socket) => void accepted.push(socket));
  const world = new TransportWorld(fixture('tcp://127.0.0.4:0'));
  const address = world.fixture.nextAddress().withHost('127.0.0.10').withPort(server.port);
  const dial = world.dial(address);
  await world.until(() => dial.isSettled && accepted.length === 1, 'it connects');
  return { world, record: dial.connected[0] as NonNullable<(typeof dial.connected)[0]>, socket: accepted[0] as Socket, stop: server.stop };
}

/** Open file descriptors of this process, or nothing where the system does not tell. */
export function descriptorCount(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

/** Lets the event loop turn until `holds`; it fails after the deadline. */
export async function turnsUntil(holds: () => boolean, what: string, deadlineMs = 60_000): Promise<void> {
  const deadline = AbortSignal.timeout(deadlineMs);
  while (!holds()) {
    if (deadline.aborted) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
