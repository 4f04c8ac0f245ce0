/**
 * @module The node of a process of its own: started with the options that the parent gives, it answers what the parent asks, and stops
 * on SIGTERM and SIGINT as an application would. It measures its own memory and its pending connections while it runs.
 */
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import { createNode, type NodeOptions } from '../../index.js';
import { Pump, Sink } from './behaviors.js';
import { answerQuestions, childOptions, tellOf } from './children.js';
import { heard, linksOf, pendingOf } from './world.js';

/** What a parent may give: plain options, and the network key as hex. */
export interface PeerOptions extends Omit<NodeOptions, 'networkKey'> {
  readonly networkKeyHex?: string;
}

export interface PeerState {
  readonly rssBytes: number;
  readonly rssBytesMax: number;
  readonly open: number;
  readonly links: number;
  readonly pendingMax: number;
  readonly pendingPerAddressMax: number;
  /** The oldest that a link became before it was open. */
  readonly pendingMsMax: number;
  readonly received: number;
  readonly disconnected: readonly string[];
  readonly refused: Readonly<Record<string, number>>;
  readonly handles: readonly string[];
  readonly metrics: Readonly<Record<string, unknown>>;
}

const SAMPLE_MS = 20;
const DESCRIPTORS = '/proc/self/fd';

const { networkKeyHex, ...options } = childOptions<PeerOptions>();
const node = await createNode({
  logger: 'silent',
  builtins: [],
  behaviors: [Sink, Pump],
  ...options,
  ...(networkKeyHex && { networkKey: Buffer.from(networkKeyHex, 'hex') }),
});
tellOf(node, 'connected');
tellOf(node, 'disconnected');
const disconnected = heard(node, 'disconnected');
const refused: Record<string, number> = {};
node.on('refused', ({ reason }) => {
  refused[reason.code] = (refused[reason.code] ?? 0) + 1;
});
const most = { pending: 0, perAddress: 0, pendingMs: 0, rssBytes: 0 };

function sample(): void {
  const pending = pendingOf(node);
  most.pending = Math.max(most.pending, pending.total);
  most.perAddress = Math.max(most.perAddress, pending.perAddressMax);
  most.pendingMs = Math.max(most.pendingMs, pending.oldestMs);
  most.rssBytes = Math.max(most.rssBytes, residentBytes());
}

/** 0 when the process has no descriptor left to ask the system. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

function state(): PeerState {
  sample();
  return {
    rssBytes: residentBytes(),
    rssBytesMax: most.rssBytes,
    open: node.connections().length,
    links: linksOf(node).length,
    pendingMax: most.pending,
    pendingPerAddressMax: most.perAddress,
    pendingMsMax: most.pendingMs,
    received: node.behavior(Sink).messages,
    disconnected: disconnected.map(({ reason }) => `${reason.by} ${reason.code}`),
    refused,
    handles: process.getActiveResourcesInfo(),
    metrics: node.metrics(),
  };
}

/** Sends to the sink at the other end until there is no room; answers how many found room. */
function fill({ payloadBytes }: { readonly payloadBytes: number }): object {
  const [connection] = node.connections();
  const payload = new Uint8Array(payloadBytes).fill(7);
  const pump = node.behavior(Pump);
  let queued = 0;
  let answer = pump.send(connection?.id ?? 0, payload);
  for (; answer === 'queued'; answer = pump.send(connection?.id ?? 0, payload)) queued++;
  return { queued, answer, queues: node.queues() };
}

const stop = () => void node.stop();
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
const occupied: number[] = [];
const sampler = setInterval(sample, SAMPLE_MS).unref();
answerQuestions(
  {
    start: async () => {
      await node.start();
      return { id: node.id, addresses: node.addresses.map(String) };
    },
    stop: () => node.stop(),
    state,
    connect: async (address: string) => (await node.connect(address)).id,
    disconnect: () => node.connections().forEach(({ id }) => void node.disconnect(id)),
    /** Forgets the highest values, after a collection where the process may. */
    settle: () => {
      globalThis.gc?.();
      Object.assign(most, { pending: 0, perAddress: 0, pendingMs: 0, rssBytes: 0 });
      return residentBytes();
    },
    fill,
    writable: () => node.behavior(Pump).writable,
    wallMs: () => Date.now(),
    /** Takes every file descriptor away from the rest of the process; `release` gives them back. */
    occupy: () => {
      try {
        for (;;) occupied.push(openSync('/dev/null', 'r'));
      } catch {
        return occupied.length;
      }
    },
    release: () => occupied.splice(0).forEach(closeSync),
    /** 0 where the system does not tell. */
    descriptors: () => (existsSync(DESCRIPTORS) ? readdirSync(DESCRIPTORS).length : 0),
  },
  () => {
    clearInterval(sampler);
    stop();
  },
);
