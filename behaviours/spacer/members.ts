/**
 * @module Members: which neighbours run a spacer, and where they can be dialled. A neighbour says that it does in the handshake, or by its first
 * question; one whose connection is older is asked.
 */
import { type AddressMode, modeOfRemote, refusalOf } from '../../core/address/address-class.js';
import type { Address, BehaviorAgent, Connection, NodeId, Peer } from '../../core/index.js';
import type { HandshakeBehavior } from '../handshake/index.js';
import type { Contact } from './table/contact.js';
import type { NodeTable } from './table/node-table.js';

interface DialledAddresses {
  readonly remoteAddress: Address;
  readonly claimed: readonly Address[];
  readonly addresses: readonly Address[];
}

export class Members {
  /** Connections whose remote has said in the handshake that it runs a spacer. */
  private readonly announced = new Set<number>();
  private readonly connections = new Map<NodeId, Connection>();
  /** The addresses of neighbours that this node has dialled, by connection: they are told with every answer. */
  private readonly dialled = new Map<number, DialledAddresses>();

  constructor(
    private readonly table: NodeTable,
    private readonly handshake: HandshakeBehavior,
  ) {}

  announces(connectionId: number): void {
    this.announced.add(connectionId);
  }

  /** The connection has ended, whether it was open or not. */
  forget(connectionId: number): void {
    this.announced.delete(connectionId);
    this.dialled.delete(connectionId);
  }

  /** The contact, if the neighbour runs a spacer as far as is known. */
  connected(agent: BehaviorAgent, connection: Connection): Contact | undefined {
    return this.announced.has(connection.id) ? this.met(agent, connection) : undefined;
  }

  /** The neighbour runs a spacer. */
  met({ nowMs }: BehaviorAgent, connection: Connection): Contact {
    const { id, nodeId, remoteAddress } = connection;
    this.connections.set(nodeId, connection);
    return this.table.connected(nodeId, id, this.addressesAt(connection), remoteAddress, nowMs);
  }

  /** The neighbour has asked. The contact, if that is news. */
  asked(agent: BehaviorAgent, { nodeId }: Peer): Contact | undefined {
    if (this.connections.has(nodeId)) return undefined;
    const connection = agent.connectionTo(nodeId);
    return connection && this.met(agent, connection);
  }

  disconnected({ nowMs }: BehaviorAgent, { id, nodeId }: Connection): Contact | undefined {
    if (this.connections.get(nodeId)?.id !== id) return undefined;
    this.connections.delete(nodeId);
    return this.table.disconnected(nodeId, id, nowMs);
  }

  /** Nothing is known of links any more: if this behaviour comes again, its neighbours are asked. */
  stop(agent: BehaviorAgent): void {
    for (const connection of this.connections.values()) this.disconnected(agent, connection);
    this.announced.clear();
    this.dialled.clear();
  }

  linkTo(nodeId: NodeId): number | undefined {
    return this.connections.get(nodeId)?.id;
  }

  /** Where a neighbour can be dialled, for one that is seen in that mode. It may have changed since the link came up. */
  addressesFor(nodeId: NodeId, mode: AddressMode): readonly Address[] {
    const connection = this.connections.get(nodeId);
    return connection === undefined ? [] : this.addressesAt(connection).filter((address) => refusalOf(address, mode) === undefined);
  }

  /** How near the addresses may be that come from, or go to, a neighbour. */
  modeOver(nodeId: NodeId): AddressMode {
    const connection = this.connections.get(nodeId);
    return connection === undefined ? 'public' : modeOfRemote(connection.remoteAddress);
  }

  /** Those of the addresses that may be believed of that neighbour. */
  believed(nodeId: NodeId, addresses: readonly Address[]): readonly Address[] {
    const mode = this.modeOver(nodeId);
    return addresses.filter((address) => refusalOf(address, mode) === undefined);
  }

  private addressesAt({ id, direction, remoteAddress }: Connection): readonly Address[] {
    const claimed = this.handshake.remoteAddresses(id);
    if (direction !== 'outgoing') return claimed;
    const known = this.dialled.get(id);
    if (known?.remoteAddress === remoteAddress && known.claimed === claimed) return known.addresses;
    const dialled = remoteAddress.withNodeId(undefined);
    const addresses = [dialled, ...claimed.filter(({ text }) => text !== dialled.text)];
    this.dialled.set(id, { remoteAddress, claimed, addresses });
    return addresses;
  }
}
