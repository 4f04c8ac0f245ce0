/**
 * @module World: what the tests of hostile peers and real faults share: nodes on loopback, waiting for facts instead of sleeping, and an
 * end that leaves nothing behind. Holds no test.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Link } from '../../core/engine/links/link.js';
import type { Address, Connection, MeshNode, NetworkError, NodeEventName, NodeEvents, NodeOptions } from '../../core/index.js';
import { createNode } from '../../index.js';

/** Far above what anything here takes on a busy machine; only a failure ever waits for it. */
export const DEADLINE_MS = 120_000;
const POLL_MS = 10;

/** Waits until `holds` answers something that is not false or absent, and answers that. */
export async function until<T>(
  holds: () => T | false | undefined | Promise<T | false | undefined>,
  what: string,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const answer = await holds();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The next event of that name that `isMeant` accepts. Listens from the call on. */
export function next<Name extends NodeEventName>(
  node: MeshNode,
  name: Name,
  isMeant: (event: NodeEvents[Name]) => boolean = () => true,
  deadlineMs = DEADLINE_MS,
): Promise<NodeEvents[Name]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${name} within ${deadlineMs} ms`)), deadlineMs);
    const forget = node.on(name, (event) => {
      if (!isMeant(event)) return;
      clearTimeout(timer);
      forget();
      resolve(event);
    });
  });
}

/** Every event of that name from now on. */
export function heard<Name extends NodeEventName>(node: MeshNode, name: Name): NodeEvents[Name][] {
  const events: NodeEvents[Name][] = [];
  node.on(name, (event) => void events.push(event));
  return events;
}

/** The error that a promise is rejected with; fails when it is not. */
export async function errorOf(promise: Promise<unknown>): Promise<NetworkError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: NetworkError) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`it was not rejected: ${JSON.stringify(outcome.value)}`);
}

/** The engine's links, also those that no application sees. */
export function linksOf(node: MeshNode): readonly Link[] {
  return [...node['network'].links.all];
}

/** Accepted links that are not open yet. */
export interface Pending {
  readonly total: number;
  /** The most strangers of one remote address. */
  readonly perAddressMax: number;
  readonly oldestMs: number;
}

export function pendingOf(node: MeshNode): Pending {
  const hosts = new Map<string, number>();
  const accepted = linksOf(node).filter((link) => link.direction === 'incoming' && !link.isOpen && !link.isOver);
  const pending = accepted.filter(({ phase }) => phase !== 'waiting');
  for (const { remoteAddress } of pending) hosts.set(remoteAddress.host, (hosts.get(remoteAddress.host) ?? 0) + 1);
  const oldestMs = Math.max(0, ...accepted.map(({ createdMs }) => performance.now() - createdMs));
  return { total: pending.length, perAddressMax: Math.max(0, ...hosts.values()), oldestMs };
}

/** A node's first listener. */
export function addressOf(node: MeshNode): Address {
  return node.addresses[0] as Address;
}

/** The same for plain sockets. */
export function placeOf(node: MeshNode): { readonly host: string; readonly port: number } {
  const { host, port } = addressOf(node);
  return { host, port };
}

/** A test for machines that have what it needs; elsewhere it says what is missing. */
export function itWith(has: boolean, what: string): (title: string, body: () => Promise<void>) => void {
  return has ? it : (title, body) => it.skip(`${title} (left out: no ${what} here)`, body);
}

/** Things that end with the test that made them. */
export class World {
  readonly #ends: (() => unknown)[] = [];

  /** Calls `end` when the world is closed, the last one first. */
  atEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** A started node; silent, because hostile peers make it complain. */
  async node(options: NodeOptions = {}): Promise<MeshNode> {
    const node = await createNode({ logger: 'silent', builtins: [], ...options });
    this.atEnd(() => node.stop());
    await node.start();
    return node;
  }

  /** Two nodes with an open connection, as each of them sees it. */
  async pair(host: string, options: NodeOptions = {}): Promise<Pair> {
    const listening = await this.node({ listen: [`tcp://${host}:0`], ...options });
    const dialling = await this.node(options);
    const accepted = next(listening, 'connected');
    const dialled = await dialling.connect(addressOf(listening));
    return { listening, dialling, dialled, accepted: await accepted };
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

/** A folder that goes with the world. */
export function temporary(world: World): string {
  const path = mkdtempSync(join(tmpdir(), 'meshwright-'));
  world.atEnd(() => rmSync(path, { recursive: true }));
  return path;
}

export interface Pair {
  readonly listening: MeshNode;
  readonly dialling: MeshNode;
  readonly dialled: Connection;
  readonly accepted: Connection;
}
