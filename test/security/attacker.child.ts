/**
 * @module The attacker: plain sockets in a process of its own, from many source addresses of 127.0.0.0/8. It drips bytes, keeps still,
 * or connects and leaves, and tells what became of its sockets.
 */
import { connect, type Socket } from 'node:net';
import { answerQuestions, childOptions } from './children.js';

export interface Attack {
  readonly host: string;
  readonly port: number;
  /** Sockets at a time. */
  readonly count: number;
  /** Source addresses that they are spread over: 127.0.1.1 and following. */
  readonly hostCount: number;
  /** What every socket sends, one byte each `dripMs` (0: all at once), as hex. Empty: it is silent. */
  readonly bytesHex?: string;
  readonly dripMs?: number;
  /** Whether a socket that was closed is opened again after `dripMs`. */
  readonly isPersistent?: boolean;
  /** Connect and leave, so often; then it is over. */
  readonly visits?: number;
}

export interface AttackState {
  readonly opened: number;
  readonly closed: number;
  readonly failed: number;
  readonly openNow: number;
  readonly bytesReceived: number;
  readonly isOver: boolean;
}

const { host, port, count, hostCount, bytesHex = '', dripMs = 1_000, isPersistent = false, visits = 0 } = childOptions<Attack>();
const bytes = Buffer.from(bytesHex, 'hex');
const open = new Set<Socket>();
const total = { opened: 0, closed: 0, failed: 0, bytesReceived: 0 };
let hosts = 0;
let isEnded = false;

function attack(): void {
  let sent = 0;
  const step = dripMs === 0 ? bytes.length : 1;
  const localAddress = `127.0.1.${1 + (hosts++ % hostCount)}`;
  const socket = connect({ host, port, localAddress, noDelay: true }, () => {
    total.opened++;
    open.add(socket);
    drip();
  });
  const drip = () => {
    if (sent >= bytes.length || socket.destroyed) return;
    socket.write(bytes.subarray(sent, sent + step));
    sent += step;
    setTimeout(drip, dripMs).unref();
  };
  socket.on('data', (data) => {
    total.bytesReceived += data.length;
  });
  socket.on('error', () => void total.failed++);
  socket.on('close', () => {
    if (open.delete(socket)) total.closed++;
    if (isPersistent && !isEnded) setTimeout(attack, dripMs).unref();
  });
}

let visitsLeft = visits;

/** Connects, leaves as soon as it is connected, and comes again. */
function visit(): void {
  if (visitsLeft-- <= 0) return;
  const localAddress = `127.0.1.${1 + (hosts++ % hostCount)}`;
  const socket = connect({ host, port, localAddress }, () => {
    total.opened++;
    socket.destroy();
  });
  socket.on('error', () => void total.failed++);
  socket.on('close', () => {
    total.closed++;
    visit();
  });
}

function state(): AttackState {
  const { opened, closed, failed, bytesReceived } = total;
  return { opened, closed, failed, openNow: open.size, bytesReceived, isOver: visits > 0 && closed >= visits };
}

/** No socket comes again; those that are open stay. */
function settle(): void {
  isEnded = true;
}

function end(): void {
  settle();
  for (const socket of open) socket.destroy();
}

answerQuestions({ state, settle, end, start: () => Array.from({ length: count }, visits > 0 ? visit : attack).length }, () =>
  process.exit(0),
);
