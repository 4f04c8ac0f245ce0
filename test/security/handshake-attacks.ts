/** @module Handshake attacks: what `npm test` runs in a short form and the campaign with the full numbers. Each answers what it measured. */
import { createNode } from '../../index.js';
import type { Attack, AttackState } from './attacker.child.js';
import { type Child, type ChildOptions, settledRss, startChild } from './children.js';
import type { PeerOptions, PeerState } from './peer.child.js';
import { until, type World } from './world.js';

const SOCKETS = 1_000;
const RSS_LITTLE = 32 * 1024 * 1024;

export interface SlowlorisOptions {
  readonly host: string;
  readonly bytesHex: string;
  readonly dripMs: number;
  readonly hostCount: number;
  readonly openTimeoutMs: number;
  readonly honestDials: number;
}

export interface SlowlorisReport {
  readonly pendingMax: number;
  readonly pendingPerAddressMax: number;
  /** The oldest that a link of theirs became. */
  readonly pendingMsMax: number;
  readonly bytesReceived: number;
  readonly opened: number;
  readonly honestMsP99: number;
  readonly honestAttempts: number;
  /** The same before the attack. */
  readonly quietMsP99: number;
  /** Above the resident memory before, at most during the attack and after it. */
  readonly rssBytesMax: number;
  readonly rssBytes: number;
  /** Sockets that came last and were left alone until the deadline. */
  readonly openAtEnd: number;
  readonly linksAfter: number;
}

/** A node in a process of its own; `address` and `port` are those of its first listener, if it has one. */
export interface Peer {
  readonly child: Child;
  readonly id: string;
  readonly address: string;
  readonly addresses: readonly string[];
  readonly port: number;
}

export async function startPeer(world: World, options: PeerOptions, childOptions: ChildOptions = {}): Promise<Peer> {
  const child = startChild(world, './peer.child.js', options, { nodeOptions: ['--expose-gc'], ...childOptions });
  const { id, addresses } = await child.ask<{ id: string; addresses: string[] }>('start');
  const address = addresses[0] ?? '';
  return { child, id, address, addresses, port: Number(address.split(':').at(-1)) };
}

export async function startAttacker(world: World, attack: Attack): Promise<Child> {
  const child = startChild(world, './attacker.child.js', attack);
  await child.ask('start');
  return child;
}

/** A thousand sockets that come again whenever they are closed, while honest nodes dial. */
export async function slowloris(world: World, options: SlowlorisOptions): Promise<SlowlorisReport> {
  const { host, bytesHex, dripMs, hostCount, openTimeoutMs, honestDials } = options;
  const victim = await startPeer(world, { listen: [`tcp://${host}:0`], limits: { openTimeoutMs } });
  const quiet = await dialOften(victim.address, 10);
  const before = await victim.child.ask<number>('settle');
  const attack = { host, port: victim.port, count: SOCKETS, hostCount, bytesHex, dripMs, isPersistent: true };
  const attacker = await startAttacker(world, attack);
  await until(async () => (await attacker.ask<AttackState>('state')).opened >= SOCKETS, 'the attackers have come');
  const honest = await dialOften(victim.address, honestDials);
  const during = await victim.child.ask<PeerState>('state');
  await attacker.ask('settle');
  const left = await attacker.ask<AttackState>('state');
  const over = await until(async () => {
    const state = await attacker.ask<AttackState>('state');
    return state.openNow === 0 && state;
  }, 'the deadline has ended all of them');
  const after = await victim.child.ask<PeerState>('state');
  const rssBytes = await settledRss(victim.child, before, RSS_LITTLE);
  return {
    ...honest,
    quietMsP99: quiet.honestMsP99,
    pendingMax: during.pendingMax,
    pendingPerAddressMax: during.pendingPerAddressMax,
    rssBytesMax: during.rssBytesMax - before,
    rssBytes,
    opened: over.opened,
    bytesReceived: over.bytesReceived,
    openAtEnd: left.openNow,
    pendingMsMax: after.pendingMsMax,
    linksAfter: after.links,
  };
}

/** Dials as an application does: again, until it is connected. Each dial is a fresh node's. */
async function dialOften(address: string, count: number): Promise<{ readonly honestMsP99: number; readonly honestAttempts: number }> {
  const times: number[] = [];
  let honestAttempts = 0;
  for (let index = 0; index < count; index++) {
    const node = await createNode({ logger: 'silent', builtins: [] });
    await node.start();
    const startMs = performance.now();
    for (let isOpen = false; !isOpen; honestAttempts++) {
      isOpen = await node.connect(address).then(
        () => true,
        () => false,
      );
    }
    times.push(performance.now() - startMs);
    await node.stop();
  }
  times.sort((left, right) => left - right);
  return { honestMsP99: times[Math.ceil(0.99 * times.length) - 1] ?? 0, honestAttempts };
}

/** Sockets that connect and leave at once, many times. */
export async function visitors(world: World, { host, visits }: { readonly host: string; readonly visits: number }) {
  const victim = await startPeer(world, { listen: [`tcp://${host}:0`] });
  await dialOften(victim.address, 2);
  const descriptorsBefore = await until(() => victim.child.ask<number>('descriptors'), 'descriptors');
  const attacker = await startAttacker(world, { host, port: victim.port, count: 50, hostCount: 4, visits });
  const state = await until(async () => {
    const now = await attacker.ask<AttackState>('state');
    return now.isOver && now;
  }, 'all have come and left');
  const after = await until(async () => {
    const now = await victim.child.ask<PeerState>('state');
    return now.links === 0 && now;
  }, 'all are gone');
  const descriptorsAfter = await victim.child.ask<number>('descriptors');
  return {
    descriptorsBefore,
    descriptorsAfter,
    linksAfter: after.links,
    visits: state.closed,
    refused: after.refused,
    failed: state.failed,
  };
}
