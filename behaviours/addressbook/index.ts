/**
 * @module The address book's public surface: what other behaviours and applications may use of it.
 */
export { type AddressMode, classOf, type HintMode, refusalOf } from '../../core/address/address-class.js';
export { type GroupOf, groupOfAddress } from '../../core/address/address-group.js';
export type { BackoffOptions } from '../../core/structures/back-off.js';
export { AddressBookBehavior } from './behavior.js';
export { BOOK_LIMITS } from './book/book.js';
export type { PeerRules } from './book/peer-rules.js';
export type { AddressSnapshot, EntrySnapshot } from './book/snapshot.js';
export type { GossipCounters } from './gossip/protocol.js';
export type { AddressBookOptions, HintSource, PeerOptions } from './options.js';
