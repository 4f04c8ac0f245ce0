/**
 * @module OperatorStore: what an operator knows of the nodes of its space. One in memory, which the storage of the node keeps between runs where it lasts;
 * an application may have its own, such as a database.
 */
import {
  type BehaviorAgent,
  BoundedMap,
  decodeValue,
  encodeValue,
  type NodeId,
  type Signer,
  type Storage,
  type ValueLimits,
  WakeTimer,
} from '../../../core/index.js';
import { CERTIFICATE_LIMITS, MESSAGE_LIMITS, readStored } from '../messages.js';

/** What is known of a node. */
export interface StoredNode {
  /** Its public key, 32 bytes. */
  readonly key: Uint8Array;
  /** Where it can be dialled; claims of the node. 8 at most are told. */
  readonly addresses: readonly string[];
  /** Its membership certificate, where the space has an authority. */
  readonly certificate?: Uint8Array | undefined;
}

/** Where an operator looks up nodes. */
export interface OperatorStore {
  /** Calls `settle` once, during the call or later, with what is known of the node, if anything is. */
  find(nodeId: NodeId, settle: (found: StoredNode | undefined) => void): void;
  /** The node itself has said this over its own connection. Absent: it is not kept. */
  keep?(nodeId: NodeId, learnt: StoredNode): void;
}

/** The name under which it is saved. */
const STORED_AS = 'operator-nodes';
const SAVE_MS = 5_000;
/** Of one node at most: names and heads of its fields, its key and certificate, and addresses in UTF-8 (3 bytes a unit), each with its head. */
const NODE_BYTES_MAX = 128 + CERTIFICATE_LIMITS.bytesMax + MESSAGE_LIMITS.addressesMax * (3 + 3 * MESSAGE_LIMITS.addressCharactersMax);

export class KeptNodes implements OperatorStore {
  private readonly nodes: BoundedMap<NodeId, StoredNode>;
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));
  private isChanged = false;
  /** The storage has not said yet how the last save went. */
  private isSaving = false;

  constructor(
    private readonly storage: Storage,
    private readonly signer: Signer,
    nodesMax: number,
  ) {
    this.nodes = new BoundedMap(nodesMax);
  }

  find(nodeId: NodeId, settle: (found: StoredNode | undefined) => void): void {
    settle(this.nodes.renew(nodeId));
  }

  keep(nodeId: NodeId, learnt: StoredNode): void {
    this.nodes.set(nodeId, learnt);
    this.isChanged = true;
  }

  /** Takes in what the run before has left. A damaged file, or a storage that throws, is logged and stops nothing. */
  load(agent: BehaviorAgent): void {
    const bytes = this.stored(agent);
    if (bytes === undefined) return;
    const value = bytes.length <= this.nodes.sizeMax * NODE_BYTES_MAX ? decodeValue(bytes, this.limits)?.value : undefined;
    if (!Array.isArray(value)) return agent.log.warn({ bytes: bytes.length }, "the operator's nodes could not be read");
    for (const each of value.slice(0, this.nodes.sizeMax)) {
      const read = readStored(each);
      if (read !== undefined) this.nodes.set(this.signer.nodeIdOf(read.key), read);
    }
  }

  /** Something may have changed. */
  saveSoon(agent: BehaviorAgent): void {
    if (this.isChanged && this.storage.isLasting !== false) this.timer.within(agent, SAVE_MS);
  }

  /** What is not saved yet is saved now; it is the last time. */
  stop(agent: BehaviorAgent): void {
    this.save(agent);
    this.timer.cancel();
  }

  private look(agent: BehaviorAgent): void {
    if (this.isSaving) this.timer.within(agent, SAVE_MS);
    else this.save(agent);
  }

  /** The storage may answer when no timer can be set: whether it is saved is looked at by one that is set now. */
  private save(agent: BehaviorAgent): void {
    if (!this.isChanged || this.storage.isLasting === false) return;
    this.isChanged = false;
    this.isSaving = true;
    const saved = (err: unknown) => {
      this.isSaving = false;
      if (err === undefined) return;
      this.isChanged = true;
      agent.log.warn({ err }, "the operator's nodes could not be saved; it is tried again");
    };
    try {
      this.storage.save(STORED_AS, this.toBytes(), saved);
    } catch (err) {
      saved(err);
    }
    if (this.isSaving || this.isChanged) this.timer.within(agent, SAVE_MS);
  }

  private stored({ log }: BehaviorAgent): Uint8Array | undefined {
    try {
      return this.storage.load(STORED_AS);
    } catch (err) {
      log.warn({ err }, "the operator's nodes could not be loaded");
      return undefined;
    }
  }

  private toBytes(): Uint8Array {
    const rows = this.nodes
      .entries()
      .map(({ value: { key, addresses, certificate } }) => ({ key, addresses, ...(certificate && { certificate }) }));
    return encodeValue(rows, this.limits);
  }

  private get limits(): ValueLimits {
    return { valueDepthMax: 3, valueItemsMax: this.nodes.sizeMax * 16 + 1 };
  }
}
