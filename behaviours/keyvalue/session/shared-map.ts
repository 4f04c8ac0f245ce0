/**
 * @module SharedMap: a map as an application has it: single values by key, and, within a key, values by sub-key (`hash`). Every operation asks the owner
 * of the map, reads of one turn together; what an acknowledgement means is in `docs/maps.md`.
 */
import { type ByteReader, type ByteWriter, NetworkError } from '../../../core/index.js';
import { NONE, type Revision, readRevision } from '../entries/revision.js';
import { type FoundValue, putWrite, WRITE } from '../messages.js';
import { Joint } from './joint.js';
import {
  type Acknowledge,
  type MapOptions,
  type ReadOptions,
  readEntriesOptions,
  readReadOptions,
  readTarget,
  readWatchOptions,
  readWriteOptions,
  requireKey,
  requireRevision,
  type WriteOptions,
} from './map-options.js';
import { Read, type ReadFields } from './read.js';
import { readAll } from './read-all.js';
import type { Session } from './session.js';
import { type MapEntry, Values } from './values.js';
import { Watch, type WatchOptions, type WatchTarget } from './watch.js';

/** Between a key and a sub-key: no key has it. */
const SEPARATOR = '\0';

/** An acknowledged write. */
export interface Written {
  readonly revision: Revision;
  /** Nodes that held it when it was acknowledged. */
  readonly holders: number;
}

/** Values are read as `V`, and written as `In`: another type where the validator gives something else than it takes. */
export class SharedMap<V = unknown, In = V> {
  private readonly values: Values<V, In>;
  private readonly forget: () => void;

  constructor(
    private readonly session: Session,
    readonly name: string,
    private readonly options: MapOptions<V> & { readonly acknowledge: Acknowledge },
    /** What keys of this view begin with. */
    private readonly within = '',
    /** Reads of all views of it go together. */
    private readonly joint = new Joint(),
  ) {
    this.values = new Values(options.schema);
    const { onSuperseded } = options;
    this.forget = onSuperseded === undefined ? () => {} : session.onLost(name, onSuperseded);
  }

  /** The value, or `undefined`: a holder of the map says that there is none. Rejects with `NO_REPLICA` where nobody can say. */
  get(key: string, options?: ReadOptions): Promise<V | undefined> {
    return this.read(() => new Read(this.session, this.joint, this.readOf(key, options), (found) => this.values.valueOf(found.value, key)));
  }

  /** As `get`, with the revision and the node that wrote it. */
  entry(key: string, options?: ReadOptions): Promise<MapEntry<V> | undefined> {
    return this.read(() => new Read(this.session, this.joint, this.readOf(key, options), (found) => this.values.entryOf(found, key)));
  }

  /** Sets it. Rejects with `NO_REPLICA`, `LIMIT_EXCEEDED`, `WRITE_DENIED`, `STORAGE_FAILED` or `WRITE_UNCERTAIN`; throws for what cannot be a value. */
  set(key: string, value: In, options: WriteOptions = {}): Promise<Written> {
    return this.session.awaited(async () => {
      return (await this.write(key, await this.values.encode(value), undefined, options)) as Written;
    });
  }

  /** Deletes it, whether it is there or not. */
  delete(key: string, options: WriteOptions = {}): Promise<Written> {
    return this.session.awaited(async () => {
      return (await this.write(key, undefined, undefined, options)) as Written;
    });
  }

  /**
   * Sets it if its revision is still `expected` (`undefined`: if there is none); `undefined`: it was not, and nothing has changed. Atomic at the
   * owner, and no lock: in a partition two owners may each accept one.
   */
  compareAndSet(key: string, expected: Revision | undefined, value: In, options: WriteOptions = {}): Promise<Written | undefined> {
    return this.session.awaited(async () => {
      requireRevision(expected);
      return this.write(key, await this.values.encode(value), expected ?? NONE, options);
    });
  }

  /** All that begin with `prefix`, in no order. Not of one moment: each is as it was at some moment of the call. */
  entries(options: ReadOptions & { readonly prefix?: string } = {}): Promise<readonly MapEntry<V>[]> {
    return this.session.awaited(async () => {
      const { prefix, timeoutMs, signal } = readEntriesOptions(options);
      const within = this.within + prefix;
      const found = await readAll(this.session, { map: this.name, prefix: within, timeoutMs, signal });
      const own = this.within === '' ? found.filter(({ key }) => !key.includes(SEPARATOR)) : found;
      return Promise.all(own.map((entry) => this.values.entryOf(entry as FoundValue, entry.key.slice(this.within.length))));
    });
  }

  /** What changes, of one key or of all that begin with a prefix, from what there is now on. Iterate over it; `close` it, or leave the loop. */
  watch(target: WatchTarget, options: WatchOptions = {}): Watch<V> {
    const read = readTarget(target);
    const isKey = read.key !== undefined;
    const key = isKey ? this.pathOf(read.key as string) : this.within + (read.prefix ?? '');
    const isOwn = (path: string) => this.within !== '' || !path.includes(SEPARATOR);
    const { patienceMs } = readWatchOptions(options);
    const { keysMax } = this.session.host.settings;
    return new Watch<V>(
      this.session.feeds,
      { map: this.name, isKey, key, patienceMs, keysMax, skip: this.within.length, isOwn },
      this.values,
    );
  }

  /** The values within a key, by sub-key. They are apart from the value of the key itself. Key, sub-key and one byte have room for 256 bytes. */
  hash(key: string): SharedMap<V, In> {
    return new SharedMap<V, In>(this.session, this.name, this.options, this.pathOf(key) + SEPARATOR, this.joint);
  }

  /** No more `onSuperseded`. Watches go on. */
  close(): void {
    this.forget();
  }

  private read<T>(prepare: () => Read<T>): Promise<T | undefined> {
    return this.session.awaited(() => this.session.run(prepare));
  }

  private readOf(key: string, options: ReadOptions | undefined): ReadFields {
    const path = this.pathOf(key);
    const { timeoutMs, signal } = readReadOptions(options);
    return { map: this.name, path, timeoutMs, signal };
  }

  private async write(
    key: string,
    value: Uint8Array | undefined,
    expected: Revision | undefined,
    options: WriteOptions,
  ): Promise<Written | undefined> {
    const path = this.pathOf(key);
    const { ttlMs = 0, acknowledge = this.options.acknowledge, timeoutMs, signal } = readWriteOptions(options);
    const { session, name: map } = this;
    const writer = session.host.instance;
    const fields = {
      isDelete: value === undefined,
      isOwnerEnough: acknowledge === 'owner',
      ttlMs,
      writer,
      key: path,
      expected,
      value: value ?? NOTHING,
    };
    return session.run<Written | undefined>(() => ({
      map,
      op: WRITE,
      isRead: false,
      timeoutMs,
      signal,
      write: (to: ByteWriter) => putWrite(to, fields),
      read: (agent, reader: ByteReader) => {
        const isWritten = reader.u8() === 1;
        const revision = readRevision(reader);
        const holders = reader.u8();
        if (isWritten) session.ownWrites.add(map, path, revision, agent.nowMs);
        return () => (isWritten ? { revision, holders } : undefined);
      },
    }));
  }

  private pathOf(key: string): string {
    requireKey(key);
    if (key.includes(SEPARATOR)) throw new NetworkError('ARGUMENT_INVALID', 'keyvalue: a key has no character of code 0');
    const path = this.within + key;
    requireKey(path);
    return path;
  }
}

const NOTHING = new Uint8Array(0);
