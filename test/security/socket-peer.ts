/** @module SocketPeer: the test kit's hostile peer on a plain socket, from any source address. Holds no test. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Address, type TransportLink } from '../../core/index.js';
import { nodeCrypto } from '../../core/platform/node/crypto-node.js';
import { SecuredPeer, type SecuredPeerOptions } from '../../testing/index.js';
import { until, type World } from './world.js';

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
}

/** A plain socket that survives everything. */
export async function rawSocket(world: World, place: Place): Promise<Socket> {
  const socket = connect({ ...place, noDelay: true });
  world.atEnd(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The end of a socket, in whatever way. */
export function endOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
}

export interface SocketPeer {
  readonly peer: SecuredPeer;
  readonly socket: Socket;
}

/** Connects and proves who it is, and is polite unless it is told otherwise. Its keys are real ones. */
export async function securedPeer(world: World, place: Place, options: SecuredPeerOptions = {}): Promise<SocketPeer> {
  const socket = await rawSocket(world, place);
  const peer = new SecuredPeer(linkOf(socket, place), { crypto: nodeCrypto, ...options });
  socket.on('data', (bytes) => peer.onBytes(bytes));
  socket.on('close', () => peer.onClosed());
  peer.begin();
  await until(() => peer.isSecured || peer.hasFailed || peer.isClosed, 'the handshake is over');
  return { peer, socket };
}

/** As `securedPeer`; and the node, which must have no gates, is ready. */
export async function openPeer(world: World, place: Place, options: SecuredPeerOptions = {}): Promise<SocketPeer> {
  const opened = await securedPeer(world, place, options);
  await until(() => opened.peer.control.some(isReady) || opened.peer.isClosed, 'the node is ready');
  return opened;
}

function isReady(message: SecuredPeer['control'][number]): boolean {
  return typeof message === 'object' && message.type === 'ready';
}

function linkOf(socket: Socket, { host, port }: Place): TransportLink {
  return {
    remoteAddress: Address.of({ scheme: 'tcp', host, port }),
    localAddress: undefined,
    write: (chunks) => {
      for (const chunk of chunks) if (!socket.destroyed) socket.write(chunk);
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}
