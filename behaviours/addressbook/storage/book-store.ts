/**
 * @module BookStore: keeps the book between two runs: loads it at the start, saves it now and then and at the end, if something has
 * changed. A damaged book or a storage that throws is logged and stops nothing: a fault would undo the dials of the same look.
 */
import type { GroupOf } from '../../../core/address/address-group.js';
import type { BehaviorAgent, NodeId, Signer, Storage } from '../../../core/index.js';
import { backoffBoundMs } from '../../../core/structures/back-off.js';
import type { Book } from '../book/book.js';
import { type BookFacts, bookFromBytes, bookToBytes } from './book-file.js';

/** The name under which the book is saved. */
const STORED_AS = 'addressbook';
/** After a quiet time a change is saved so soon; the next ones of a busy time wait for longer and longer, up to `saveMs`. */
const FIRST_MS = 100;
const SECOND_MS = 1_000;
/** No revision of a book. */
const NEVER = -1;

/** The options that this depends on. */
export interface BookStoreSetup {
  readonly groupOf: GroupOf;
  readonly saveMs: number;
}

export class BookStore {
  private savedMs = 0;
  /** Without a quiet time in between. */
  private savesInARow = 0;
  private savedRevision = 0;
  /** To whom this node is, or was last, connected by its own choice. */
  private anchors: readonly NodeId[] = [];

  constructor(
    private readonly book: Book,
    private readonly setup: BookStoreSetup,
    private readonly signer: Signer,
    private readonly storage: Storage,
  ) {}

  /** Takes in what the run before has left. */
  load(agent: BehaviorAgent): BookFacts {
    const bytes = this.stored(agent);
    const facts = (bytes && this.take(agent, bytes)) ?? { seq: 0, anchors: [] };
    this.anchors = facts.anchors;
    this.savedMs = agent.nowMs;
    this.savedRevision = this.book.revision;
    return facts;
  }

  /** Takes in what is sound in such bytes; `undefined` when they are not a book. */
  take(agent: BehaviorAgent, bytes: Uint8Array): BookFacts | undefined {
    return bookFromBytes(bytes, this.book, this.setup.groupOf, this.signer, agent);
  }

  toBytes(agent: BehaviorAgent, seq: number): Uint8Array {
    return bookToBytes(this.book, { seq, anchors: this.anchors }, agent);
  }

  /** When to save next; `Infinity` when nothing has changed, or the storage does not last. */
  get nextDueMs(): number {
    const isChanged = this.storage.isLasting !== false && this.savedRevision !== this.book.revision;
    return isChanged ? this.savedMs + this.intervalMs : Number.POSITIVE_INFINITY;
  }

  private get intervalMs(): number {
    return this.savesInARow === 0 ? FIRST_MS : backoffBoundMs(this.savesInARow, { minMs: SECOND_MS, maxMs: this.setup.saveMs });
  }

  /** Saves, if it is time. `seq` is the highest number that this node has signed with. */
  saveInTime(agent: BehaviorAgent, seq: number, heldNodes: readonly NodeId[]): void {
    // At the end of a run, when all connections have gone, those of the last moments count.
    if (heldNodes.length > 0) this.anchors = heldNodes;
    if (agent.nowMs >= this.nextDueMs) this.save(agent, seq);
  }

  /** What has not changed is not saved again. */
  save(agent: BehaviorAgent, seq: number): void {
    if (this.nextDueMs === Number.POSITIVE_INFINITY) return;
    const isQuiet = agent.nowMs - this.savedMs > this.setup.saveMs;
    this.savesInARow = isQuiet ? 1 : this.savesInARow + 1;
    this.savedMs = agent.nowMs;
    const { revision } = this.book;
    let isSaved = true;
    const failed = (err: unknown) => {
      isSaved = false;
      this.savedRevision = NEVER;
      agent.log.warn({ err }, 'the address book could not be saved; it is tried again');
    };
    try {
      this.storage.save(STORED_AS, this.toBytes(agent, seq), (error) => error && failed(error));
    } catch (err) {
      failed(err);
    }
    if (isSaved) this.savedRevision = revision;
  }

  private stored(agent: BehaviorAgent): Uint8Array | undefined {
    try {
      return this.storage.load(STORED_AS);
    } catch (err) {
      agent.log.warn({ err }, 'the address book could not be loaded');
      return undefined;
    }
  }
}
