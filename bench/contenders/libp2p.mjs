/**
 * @module js-libp2p: TCP, noise, yamux; one stream for each client, one `send` of the stream for each message. Only the limits on
 * connections and streams of one host are raised.
 */
import './promises.mjs';
import { once } from 'node:events';
import { noise } from '@chainsafe/libp2p-noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { ANSWER, FrameParser, frameOf, MESSAGE, REQUEST } from './framing.mjs';
import { PendingCalls } from './sockets.mjs';

export const supports = ['send', 'call', 'newcomers', 'idle'];

const PROTOCOL = '/bench/1';
const MANY = 65_536;
const UPPER = { connectionEncrypters: [noise()], streamMuxers: [yamux()] };
const OVER_TCP = { transports: [tcp()], listen: '/ip4/127.0.0.1/tcp/0' };
const connectionManager = { maxConnections: MANY, maxIncomingPendingConnections: MANY, inboundConnectionThreshold: MANY };

/** `over`: another transport than TCP. */
export async function openServer(onMessage, _onStream, { transports, listen: address } = OVER_TCP) {
  const node = await createLibp2p({ ...UPPER, transports, connectionManager, addresses: { listen: [address] } });
  await node.handle(PROTOCOL, (stream) =>
    listen(stream, (kind, id, view) => {
      if (kind === MESSAGE) onMessage(view);
      else stream.send(frameOf(ANSWER, id, view));
    }),
  );
  return { address: node.getMultiaddrs()[0].toString() };
}

export async function openClient(address, { transports } = OVER_TCP) {
  const node = await createLibp2p({ ...UPPER, transports });
  const stream = await node.dialProtocol(multiaddr(address), PROTOCOL);
  const calls = new PendingCalls();
  listen(stream, (_kind, id, view) => calls.settle(id, view));
  return {
    send: (payload) => (stream.send(frameOf(MESSAGE, 0, payload)) ? undefined : once(stream, 'drain')),
    call: (payload) => calls.add((id) => stream.send(frameOf(REQUEST, id, payload))),
    close: () => node.stop(),
  };
}

function listen(stream, onFrame) {
  const parser = new FrameParser(onFrame);
  stream.addEventListener('message', ({ data }) => {
    const bytes = data.subarray();
    parser.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
}
