/**
 * @module NodeTable: whom this node knows, in buckets by XOR distance, and which of them have a link. Only those with a link are told to others and
 * asked. Bounded: `2 k` contacts a bucket, and a contact for each link. Pure.
 */
import { type Address, bucketIndex, type NodeId } from '../../../core/index.js';
import { Bucket } from './bucket.js';
import { closestOf } from './closest.js';
import { CONTACT_ADDRESSES_MAX, Contact } from './contact.js';
import { SubnetTally, subnetsOf } from './subnets.js';

export class NodeTable {
  /** By `bucketIndex`; a bucket is there while it has contacts. */
  private readonly buckets = new Map<number, Bucket>();
  private readonly contacts = new Map<NodeId, Contact>();
  private readonly linked = new Map<NodeId, Contact>();
  private readonly tally = new SubnetTally();

  constructor(
    readonly self: NodeId,
    readonly k: number,
  ) {}

  get size(): number {
    return this.contacts.size;
  }

  /** Contacts with a link, also those that are not used. */
  get linkCount(): number {
    return this.linked.size;
  }

  get(nodeId: NodeId): Contact | undefined {
    return this.contacts.get(nodeId);
  }

  values(): Iterable<Contact> {
    return this.contacts.values();
  }

  /** Those with a link. */
  links(): Iterable<Contact> {
    return this.linked.values();
  }

  /** The buckets that have contacts. */
  filled(): Iterable<readonly [index: number, bucket: Bucket]> {
    return this.buckets;
  }

  /** A link to the node is open: its identity is proven. `remote`: where it is seen; only that counts for subnets. */
  connected(nodeId: NodeId, connectionId: number, addresses: readonly Address[], remote: Address, nowMs: number): Contact {
    const contact = this.contactOf(nodeId);
    contact.connectionId = connectionId;
    contact.provenMs ??= nowMs;
    contact.linkedMs = nowMs;
    contact.seenMs = nowMs;
    contact.failures = 0;
    contact.silences = 0;
    contact.misses = 0;
    if (addresses.length > 0) contact.addresses = addresses.slice(0, CONTACT_ADDRESSES_MAX);
    contact.moveTo('connected');
    this.linked.set(nodeId, contact);
    this.use(contact, subnetsOf([remote]));
    return contact;
  }

  /** The link has ended. */
  disconnected(nodeId: NodeId, connectionId: number, nowMs: number): Contact | undefined {
    const contact = this.linked.get(nodeId);
    if (contact === undefined || contact.connectionId !== connectionId) return undefined;
    this.linked.delete(nodeId);
    contact.connectionId = undefined;
    contact.seenMs = nowMs;
    contact.fallBack();
    this.settle(contact);
    return contact;
  }

  /** A node with a link to it has named it. `undefined`: it is this node itself. */
  named(nodeId: NodeId, addresses: readonly Address[], namedBy: NodeId, nowMs: number): Contact | undefined {
    if (nodeId === this.self) return undefined;
    const known = this.contacts.get(nodeId);
    const contact = known ?? this.contactOf(nodeId);
    contact.namedBy = namedBy;
    if (contact.isConnected) return contact;
    contact.seenMs = nowMs;
    if (addresses.length > 0) contact.addresses = addresses.slice(0, CONTACT_ADDRESSES_MAX);
    if (contact.state === 'unknown') contact.moveTo('seen');
    this.forget(this.bucketOf(contact).wait(contact));
    return contact;
  }

  /** What that node has named is not believed any more: who was never proven goes, unless a dial is under way. */
  forgetNamed(namedBy: NodeId): void {
    for (const contact of [...this.contacts.values()]) {
      const { state, provenMs } = contact;
      if (contact.namedBy === namedBy && provenMs === undefined && (state === 'seen' || state === 'resolved')) this.remove(contact);
    }
  }

  /** Its address is looked up. */
  resolving(nodeId: NodeId, nowMs: number): Contact {
    const contact = this.contactOf(nodeId);
    if (contact.isConnected) return contact;
    contact.seenMs = Math.max(contact.seenMs, nowMs);
    if (contact.state === 'unknown' || contact.state === 'seen') contact.moveTo('resolving');
    this.forget(this.bucketOf(contact).wait(contact));
    return contact;
  }

  /** The look-up of its address has ended, perhaps with some. */
  resolved(nodeId: NodeId, addresses: readonly Address[]): void {
    const contact = this.contacts.get(nodeId);
    if (contact === undefined || contact.isConnected) return;
    if (addresses.length > 0) contact.addresses = addresses.slice(0, CONTACT_ADDRESSES_MAX);
    if (contact.state === 'resolving') contact.moveTo(contact.addresses.length > 0 ? 'resolved' : 'seen');
  }

  /** It is not there any more, or has not been for too long. */
  remove(contact: Contact): void {
    if (contact.isConnected) return;
    this.unuse(contact);
    this.buckets.get(contact.bucket)?.remove(contact);
    this.contacts.delete(contact.nodeId);
    contact.moveTo('unknown');
    this.freed(contact.bucket);
  }

  /** At most `count` with a link, the closest to the key first; those that do not answer are left out unless `isAll`. */
  closestLinked(key: NodeId, count: number, except?: NodeId, isAll = false): readonly Contact[] {
    const fitting: Contact[] = [];
    for (const contact of this.linked.values())
      if (contact.isUsed && contact.nodeId !== except && (isAll || !contact.isSilent)) fitting.push(contact);
    return closestOf(fitting, key, count);
  }

  /** At most `count` of all that may be dialled, or have a link, the closest to the key first. */
  closestKnown(key: NodeId, count: number): readonly Contact[] {
    const fitting = [...this.contacts.values()].filter(({ isDialable }) => isDialable);
    return closestOf(fitting, key, count);
  }

  /** In full buckets, those who are to be asked whether they are still there. */
  suspects(): readonly Contact[] {
    return [...this.buckets.values()].flatMap((bucket) => bucket.suspect() ?? []);
  }

  private contactOf(nodeId: NodeId): Contact {
    const known = this.contacts.get(nodeId);
    if (known !== undefined) return known;
    const contact = new Contact(nodeId, bucketIndex(this.self, nodeId));
    this.contacts.set(nodeId, contact);
    return contact;
  }

  private bucketOf({ bucket: index }: Contact): Bucket {
    const bucket = this.buckets.get(index) ?? new Bucket(this.k);
    this.buckets.set(index, bucket);
    return bucket;
  }

  /** With its link it counts for its subnets from now on, if they have room; else it is known, and not used. */
  private use(contact: Contact, subnets: readonly string[]): void {
    this.unuse(contact);
    contact.subnets = subnets;
    const bucket = this.bucketOf(contact);
    if (this.tally.hasRoom(contact.bucket, subnets)) {
      this.tally.add(contact.bucket, subnets);
      contact.isUsed = true;
      this.forget(bucket.prove(contact));
    } else this.forget(bucket.wait(contact));
  }

  private unuse(contact: Contact): void {
    if (!contact.isUsed) return;
    contact.isUsed = false;
    this.tally.remove(contact.bucket, contact.subnets);
  }

  /** Without its link it stays used while its bucket keeps it. */
  private settle(contact: Contact): void {
    const bucket = this.bucketOf(contact);
    if (bucket.kept.includes(contact)) return;
    this.unuse(contact);
    this.forget(bucket.wait(contact));
    this.freed(contact.bucket);
  }

  /** A place, or room of a subnet, is free. */
  private freed(index: number): void {
    const bucket = this.buckets.get(index);
    if (bucket === undefined) return;
    for (const contact of [...bucket.contacts()]) if (contact.isConnected && !contact.isUsed) this.use(contact, contact.subnets);
    bucket.fill();
    if (bucket.isEmpty) this.buckets.delete(index);
  }

  /** What gave way in a bucket is known only while it has a link. */
  private forget(contact: Contact | undefined): void {
    if (contact === undefined || contact.isConnected) return;
    this.unuse(contact);
    this.contacts.delete(contact.nodeId);
    contact.moveTo('unknown');
  }
}
