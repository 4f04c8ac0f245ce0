/** @module What the address book's tests share: signers, records, tellers, and the present. */

import { Book, type ClaimSource, type RecordVerdict } from '../../../behaviours/addressbook/book/book.js';
import { type AddressRecord, isGenuine, readRecord, signRecord } from '../../../behaviours/addressbook/book/record.js';
import { type BookMessage, fromWire, MESSAGE_LIMITS, toWire } from '../../../behaviours/addressbook/gossip/messages.js';
import { AddressBookBehavior, type AddressBookOptions } from '../../../behaviours/addressbook/index.js';
import type { AddressMode } from '../../../core/address/address-class.js';
import { groupOfAddress } from '../../../core/address/address-group.js';
import {
  type BehaviorAgent,
  type MeshNode,
  type Message,
  NetworkBehavior,
  type NodeId,
  type NodeOptions,
  parseAddress,
  type Random,
  type Signer,
  toConnection,
} from '../../../core/index.js';
import { NodeSigner } from '../../../core/security/signer.js';
import { DirectRouter } from '../../../routing/index.js';
import { type LinkConditions, SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { seededIdentity, seededRandom } from '../../../testing/index.js';
import { simulatedCrypto } from '../../../transports/simulated/index.js';

/** What the clock on the wall shows when nothing else is said. */
export const WALL_MS = 1_735_689_600_000;

export function signerOf(name: string | number): Signer {
  return new NodeSigner(seededIdentity(name), simulatedCrypto, 'public');
}

export function idOf(name: string | number): NodeId {
  return seededIdentity(name).nodeId;
}

/** A record of that node, as it arrives: read from its bytes. */
export function recordOf(name: string | number, addresses: readonly string[], seq = WALL_MS): AddressRecord {
  const { bytes } = signRecord(addresses.map(parseAddress), seq, signerOf(name));
  return readRecord(bytes, signerOf('reader')) as AddressRecord;
}

/** The present; tests move it. */
export class Present {
  nowMs = 0;
  wallMs = WALL_MS;
  random: Random = seededRandom('present');

  pass(durationMs: number): void {
    this.nowMs += durationMs;
    this.wallMs += durationMs;
  }
}

export function teller(name: string | number, mode: AddressMode = 'public'): ClaimSource {
  return { source: idOf(name), mode };
}

/** A book of the node `self`, and its collaborators. */
export class Reader {
  readonly now = new Present();
  readonly book = new Book({ self: idOf('self'), groupOf: groupOfAddress });
  /** Signatures that were checked. */
  checkCount = 0;

  take(record: AddressRecord, from: ClaimSource = teller('source')): RecordVerdict {
    return this.book.takeRecord(record, from, this.now, () => {
      this.checkCount++;
      return isGenuine(record, signerOf('reader'));
    });
  }

  addressesOf(name: string | number): string[] | undefined {
    return this.book.get(idOf(name))?.addresses.map(({ text }) => text);
  }
}

/** An address of the internet; `index` up to 2^24. */
export function publicAddress(index: number, port = 7400): string {
  return `tcp://${20 + ((index >> 16) & 63)}.${(index >> 8) & 255}.${index & 255}.1:${port}`;
}

/** For tests that are about neither pings nor silence: links cost nothing while nobody says anything. */
export const NO_PINGS = { pingIntervalMs: 600_000, silenceMs: 3_600_000 } as const;

/** A simulated network of nodes with address books. */
export class Mesh {
  readonly net: SimulatedNetwork;

  constructor(seed: number | string, conditions: Partial<LinkConditions> = {}) {
    this.net = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 5, ...conditions });
  }

  /** A node that runs. */
  async node(name: string, options: NodeOptions = {}, book: AddressBookOptions = {}): Promise<SimulatedNode> {
    const behaviors = [[AddressBookBehavior, book] as const, ...(options.behaviors ?? [])];
    const node = await this.net.createNode({ name, ...options, builtins: ['handshake'], router: DirectRouter, behaviors });
    await node.start();
    return node;
  }

  /** So many nodes, of which all but the first are given the first as seed; started together. */
  async nodes(count: number, options: NodeOptions = {}, nameOf = (index: number) => `n${index}`): Promise<readonly SimulatedNode[]> {
    const nodes: SimulatedNode[] = [];
    for (let index = 0; index < count; index++) {
      const seeds = index === 0 ? [] : [`sim://${nameOf(0)}`];
      nodes.push(
        await this.net.createNode({
          name: nameOf(index),
          seeds,
          ...options,
          builtins: ['handshake'],
          router: DirectRouter,
          behaviors: [AddressBookBehavior],
        }),
      );
    }
    await this.net.start(...nodes);
    return nodes;
  }

  /** A node whose service 2 is something else. */
  async liar(name: string, options: NodeOptions = {}): Promise<{ readonly node: SimulatedNode; readonly liar: Liar }> {
    const node = await this.net.createNode({
      name,
      ...options,
      builtins: ['handshake'],
      router: DirectRouter,
      behaviors: [Liar, ...(options.behaviors ?? [])],
    });
    await node.start();
    return { node, liar: node.behavior(Liar) };
  }
}

export function bookOf(node: MeshNode): AddressBookBehavior {
  return node.behavior(AddressBookBehavior);
}

/** Whether each is connected to each other one. */
export function isFullMesh(nodes: readonly MeshNode[]): boolean {
  return nodes.every((node) => {
    const connected = new Set(node.connections().map(({ nodeId }) => nodeId));
    return nodes.every((other) => node === other || connected.has(other.id));
  });
}

export function isConnected(node: MeshNode, other: MeshNode): boolean {
  return node.connections().some(({ nodeId }) => nodeId === other.id);
}

/** Whether a way leads from the first to every other one. */
export function isInOnePiece(nodes: readonly MeshNode[]): boolean {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const reached = new Set(nodes.slice(0, 1));
  for (const node of reached) {
    for (const { nodeId } of node.connections()) {
      const other = byId.get(nodeId);
      if (other !== undefined) reached.add(other);
    }
  }
  return reached.size === nodes.length;
}

/** Stands where the address book would: says what the test wants, and keeps what it hears. */
export class Liar extends NetworkBehavior {
  static readonly behavior = { serviceId: 2, name: 'addressbook' } as const;
  readonly heard: BookMessage[] = [];

  override onMessage(_agent: BehaviorAgent, message: Message): void {
    const read = fromWire(message.value());
    if (typeof read === 'object') this.heard.push(read);
  }

  /** Says it to every neighbour; answers what the lanes said. */
  say(value: unknown): readonly string[] {
    return this.perform((agent) => agent.connections().map(({ id }) => agent.send(toConnection(id), value)));
  }

  tell(records: readonly Uint8Array[]): void {
    for (let index = 0; index < records.length; index += MESSAGE_LIMITS.recordsMax)
      this.say(
        toWire({
          type: 'news',
          records: records.slice(index, index + MESSAGE_LIMITS.recordsMax),
          hints: [],
          isAnswer: false,
          isLast: false,
        }),
      );
  }

  hint(nodeId: NodeId, ...addresses: readonly string[]): void {
    this.say(toWire({ type: 'news', records: [], hints: [{ nodeId, addresses }], isAnswer: false, isLast: false }));
  }
}
