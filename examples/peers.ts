/**
 * @module Peers: nodes that find each other from one address and remember whom they met. Ada, Bob and Cleo come together; then all of them
 * stop. Bob and Cleo start again, without Ada and without an address of anybody, and are connected to each other.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressBookBehavior } from '../behaviours/index.js';
import { createNode, type MeshNode, type NodeOptions } from '../index.js';

const directory = mkdtempSync(join(tmpdir(), 'meshwright-peers-'));
const names = new Map<string, string>();

/** A node with a key file and a data directory of its own; both outlive it. */
async function start(name: string, options: NodeOptions): Promise<MeshNode> {
  const memory = { identity: join(directory, `${name}.key`), dataDirectory: join(directory, name) };
  const node = await createNode({ ...memory, ...options });
  names.set(node.id, name);
  await node.start();
  return node;
}

/** Resolves when it is connected to so many. */
async function connected(node: MeshNode, count: number): Promise<void> {
  while (node.connections().length < count) await new Promise<void>((resolve) => void node.on('connected', () => resolve()));
}

const namesOf = (ids: readonly string[]) =>
  ids
    .map((id) => names.get(id))
    .sort()
    .join(', ');

const ada = await start('ada', { listen: ['tcp://127.0.0.1:0'] });
const seeds = [`${ada.addresses[0]}`];
const bob = await start('bob', { listen: ['tcp://127.0.0.1:0'], seeds });
const cleo = await start('cleo', { seeds });
await Promise.all([ada, bob, cleo].map((node) => connected(node, 2)));
console.log(`cleo was given one address and is connected to ${namesOf(cleo.connections().map(({ nodeId }) => nodeId))}`);
for (const { nodeId, addresses } of cleo.behavior(AddressBookBehavior).entries())
  console.log(`cleo knows ${names.get(nodeId)} at ${addresses.map(({ text }) => text).join(', ')}`);
const bobsAddresses = bob.addresses;
await Promise.all([ada, bob, cleo].map((node) => node.stop()));

const bobAgain = await start('bob', { listen: bobsAddresses });
const cleoAgain = await start('cleo', {});
const remembered = cleoAgain.behavior(AddressBookBehavior).entries();
console.log(`after the restart cleo remembers ${namesOf(remembered.map(({ nodeId }) => nodeId))}`);
await Promise.all([bobAgain, cleoAgain].map((node) => connected(node, 1)));
console.log(`cleo, without any seed, is connected to ${namesOf(cleoAgain.connections().map(({ nodeId }) => nodeId))}`);

await Promise.all([bobAgain, cleoAgain].map((node) => node.stop()));
rmSync(directory, { recursive: true });
