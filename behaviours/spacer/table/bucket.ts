/**
 * @module Bucket: the contacts of one distance from this node. Up to `k` are kept because their identity was proven, the longest known first;
 * up to `k` others wait for a place. Nobody loses a place who can still be reached: a newcomer waits, and of those in a full bucket that have
 * no link the one that gave no sign for longest is asked first (`suspect`). Pure.
 */
import { BoundedMap, type NodeId } from '../../../core/index.js';
import type { Contact } from './contact.js';

export class Bucket {
  /** Proven, by the time of their first proof. */
  readonly kept: Contact[] = [];
  /** The oldest gives way. */
  private readonly waiting: BoundedMap<NodeId, Contact>;

  constructor(readonly sizeMax: number) {
    this.waiting = new BoundedMap(sizeMax);
  }

  get isFull(): boolean {
    return this.kept.length >= this.sizeMax;
  }

  get isEmpty(): boolean {
    return this.kept.length === 0 && this.waiting.size === 0;
  }

  get size(): number {
    return this.kept.length + this.waiting.size;
  }

  has(contact: Contact): boolean {
    return this.waiting.has(contact.nodeId) || this.kept.includes(contact);
  }

  *contacts(): Iterable<Contact> {
    yield* this.kept;
    for (const { value } of this.waiting.entries()) yield value;
  }

  /** It is proven: it is kept where there is room, else it waits. Returns the contact that had to give way. */
  prove(contact: Contact): Contact | undefined {
    if (this.kept.includes(contact)) return undefined;
    if (this.isFull) return this.wait(contact);
    this.waiting.delete(contact.nodeId);
    this.kept.push(contact);
    this.kept.sort((one, other) => (one.provenMs as number) - (other.provenMs as number));
    return undefined;
  }

  /** It was named by others, or finds the bucket full. Returns the contact that had to give way. */
  wait(contact: Contact): Contact | undefined {
    return this.kept.includes(contact) ? undefined : this.waiting.set(contact.nodeId, contact)?.value;
  }

  /** Whoever waits, is proven and has a link takes a free place. */
  fill(): void {
    for (const { value } of this.waiting.entries()) {
      if (this.isFull) return;
      if (value.isConnected && value.isUsed) this.prove(value);
    }
  }

  remove(contact: Contact): void {
    this.waiting.delete(contact.nodeId);
    const index = this.kept.indexOf(contact);
    if (index >= 0) this.kept.splice(index, 1);
  }

  /** Whom to ask whether it is still there, as somebody with a link waits for a place; `undefined` when nobody has to give way. */
  suspect(): Contact | undefined {
    const isWanted = this.isFull && this.waiting.entries().some(({ value }) => value.isConnected && value.isUsed);
    if (!isWanted) return undefined;
    const unlinked = this.kept.filter(({ isConnected }) => !isConnected);
    return unlinked.reduce<Contact | undefined>(
      (oldest, one) => (oldest === undefined || one.seenMs < oldest.seenMs ? one : oldest),
      undefined,
    );
  }
}
