/** @module Whether this machine can multicast at all, found out with a bare socket: tests that need it say so instead of passing. */
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

const GROUP = '224.0.0.251';
const WAIT_MS = 2_000;

/** The name of the loopback interface; nothing when there is none. */
export function loopbackName(): string | undefined {
  const found = Object.entries(networkInterfaces()).find(([, infos]) => infos?.some(({ address }) => address === '127.0.0.1'));
  return found?.[0];
}

/** Sends a packet to a group over loopback and waits for it. Answers what went wrong, or nothing. */
export function whyNoMulticast(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    const end = (flaw?: string) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.close();
      resolve(flaw);
    };
    const timer = setTimeout(() => end('a multicast packet sent over loopback does not come back'), WAIT_MS);
    socket.once('error', ({ message }) => end(message));
    socket.once('message', () => end());
    socket.bind(0, () => {
      try {
        socket.addMembership(GROUP, '127.0.0.1');
        socket.setMulticastInterface('127.0.0.1');
        socket.send('probe', socket.address().port, GROUP);
      } catch (error) {
        end(String(error));
      }
    });
  });
}
