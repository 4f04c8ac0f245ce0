/**
 * @module FileLog: a `LogStorage` in one file. A record is durable when it was written and synced; all that come while the disk is busy are
 * written and synced together, so that many writers share one sync, and none waits for a timer. What a killed process left half written is cut
 * off at the start, and what is damaged ends what is read: nothing in the file stops a node from starting.
 *
 * Each record has its length and a checksum; the file begins with a magic. To compact, the new file is written beside the old one, which goes on;
 * what was appended meanwhile is added, and it takes the old one's place when it is durable. After a write or a sync that failed nothing is appended
 * until a compaction has succeeded: a disk that has failed once may have lost what it reported as synced.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LogStorage } from '../../api/log-storage.js';
import { NetworkError } from '../../errors.js';

const MAGIC = Buffer.from('meshwright-log 1\n');
/** Length, and the first half of a SHA-256 over length and record. */
const HEAD_BYTES = 4 + 16;
/** A longer record is damage. */
const RECORD_BYTES_MAX = 16_777_216;
/** A larger file is not read further. */
const FILE_BYTES_MAX = 8_589_934_592;
/** Written at once. */
const BATCH_BYTES = 4_194_304;
const READ_BYTES = 1_048_576;

type Settle = (error?: NetworkError) => void;

interface Waiting {
  readonly bytes: Buffer;
  readonly settle: Settle;
}

export class FileLog implements LogStorage {
  #queue: Waiting[] = [];
  #isWriting = false;
  #file: FileHandle | undefined;
  /** Where the next record goes: behind all that are durable. */
  #length = 0;
  #isBroken = false;
  #isClosed = false;
  /** While a compaction runs: what the old file gets, the new one gets, too. */
  #since: Buffer[] | undefined;
  #closing: (() => void)[] = [];
  /** Who waits until no batch is on its way. */
  #turns: (() => void)[] = [];

  /** `path`: of the file. Its directory is made; the file is for one running node. */
  constructor(readonly path: string) {}

  append(record: Uint8Array, settle: Settle): void {
    this.#queue.push({ bytes: framed(record), settle });
    if (!this.#isWriting) void this.#writeAll();
  }

  replay(each: (record: Uint8Array) => void): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    this.#removeLeftovers();
    const file = openSync(this.path, constants.O_RDWR | constants.O_CREAT | (constants.O_NONBLOCK ?? 0), 0o600);
    try {
      if (!fstatSync(file).isFile()) return this.#fail();
      const end = readRecords(file, each);
      if (end === 0) writeSync(file, MAGIC, 0, MAGIC.length, 0);
      this.#length = Math.max(end, MAGIC.length);
      ftruncateSync(file, this.#length);
    } catch {
      // It is not used before it was replaced; what it had is gone.
      this.#fail();
    } finally {
      closeSync(file);
    }
  }

  compact(records: Iterable<Uint8Array>, settle: Settle): void {
    this.#since = [];
    this.#compact(records, this.#since).then(
      () => settle(),
      (cause) => settle(failed(this.path, cause)),
    );
  }

  close(settled: () => void): void {
    this.#isClosed = true;
    this.#closing.push(settled);
    if (!this.#isWriting) void this.#end();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // What this turn of the event loop appends goes together.
    await undefined;
    while (this.#queue.length > 0 && this.#turns.length === 0) {
      const batch = this.#takeBatch();
      const error = await this.#write(batch);
      for (const { settle } of batch) settle(error);
    }
    await this.#idle();
  }

  /** Whoever waits has the file now; else what has come meanwhile is written. */
  async #idle(): Promise<void> {
    this.#isWriting = false;
    const next = this.#turns.shift();
    if (next !== undefined) next();
    else if (this.#queue.length > 0) void this.#writeAll();
    else if (this.#isClosed) await this.#end();
  }

  #takeBatch(): Waiting[] {
    let [count, bytes] = [0, 0];
    for (; count < this.#queue.length && (count === 0 || bytes < BATCH_BYTES); count++)
      bytes += (this.#queue[count] as Waiting).bytes.length;
    return this.#queue.splice(0, count);
  }

  async #write(batch: readonly Waiting[]): Promise<NetworkError | undefined> {
    const bytes = batch.length === 1 ? (batch[0] as Waiting).bytes : Buffer.concat(batch.map((waiting) => waiting.bytes));
    try {
      if (this.#isBroken) throw new Error('an earlier write failed, and the log was not replaced yet');
      this.#file ??= await open(this.path, 'r+');
      await writeFully(this.#file, bytes, this.#length);
      await this.#file.datasync();
      this.#length += bytes.length;
      this.#since?.push(bytes);
      return undefined;
    } catch (cause) {
      this.#fail();
      return failed(this.path, cause);
    }
  }

  async #compact(records: Iterable<Uint8Array>, since: Buffer[]): Promise<void> {
    const temporary = `${this.path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
    const file = await open(temporary, 'wx', 0o600);
    try {
      let length = await writeAll(file, records);
      await file.datasync();
      // From here to the change of places nothing is appended: the batch on its way is waited for.
      await this.#exclusively(async () => {
        for (const bytes of since) length += await writeFully(file, bytes, length);
        await file.sync();
        await rename(temporary, this.path);
        // From here on the old file is nobody's: until the new one is known to be durable, nothing counts.
        this.#fail();
        await syncDirectory(dirname(this.path));
        await this.#file?.close().catch(() => undefined);
        this.#file = file;
        this.#length = length;
        this.#isBroken = false;
      });
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    } finally {
      if (this.#since === since) this.#since = undefined;
    }
  }

  async #exclusively(work: () => Promise<void>): Promise<void> {
    while (this.#isWriting) await new Promise<void>((resolve) => this.#turns.push(resolve));
    this.#isWriting = true;
    try {
      await work();
    } finally {
      await this.#idle();
    }
  }

  #fail(): void {
    this.#isBroken = true;
  }

  async #end(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
    for (const settled of this.#closing.splice(0)) settled();
  }

  #removeLeftovers(): void {
    const name = basename(this.path);
    for (const file of readdirSync(dirname(this.path)))
      if (file.startsWith(`${name}.`) && file.endsWith('.tmp')) rmSync(join(dirname(this.path), file), { force: true });
  }
}

function framed(record: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + record.length);
  bytes.writeUInt32BE(record.length);
  bytes.set(record, HEAD_BYTES);
  bytes.set(checksumOf(bytes.subarray(0, 4), record), 4);
  return bytes;
}

function checksumOf(length: Uint8Array, record: Uint8Array): Buffer {
  return createHash('sha256').update(length).update(record).digest().subarray(0, 16);
}

/** Calls back for every record that is whole. Returns where they end; 0 for a file that is none of ours. */
function readRecords(file: number, each: (record: Uint8Array) => void): number {
  const magic = readAt(file, 0, MAGIC.length);
  if (magic === undefined || !magic.equals(MAGIC)) return 0;
  let at = MAGIC.length;
  let window: Buffer = Buffer.alloc(0);
  let windowAt = at;
  const take = (count: number): Buffer | undefined => {
    if (at + count > windowAt + window.length) {
      window = readUpTo(file, at, Math.max(count, READ_BYTES));
      windowAt = at;
    }
    const bytes = window.subarray(at - windowAt, at - windowAt + count);
    return bytes.length === count ? bytes : undefined;
  };
  for (;;) {
    const head = take(HEAD_BYTES);
    const length = head?.readUInt32BE() ?? 0;
    if (head === undefined || length > RECORD_BYTES_MAX || at > FILE_BYTES_MAX) return at;
    const whole = take(HEAD_BYTES + length);
    if (whole === undefined) return at;
    const record = whole.subarray(HEAD_BYTES);
    const isSound = checksumOf(whole.subarray(0, 4), record).equals(whole.subarray(4, HEAD_BYTES));
    // One that is damaged in place is passed over, as long as another one follows: what comes next is read all the same.
    if (!isSound && !followed(file, at + whole.length)) return at;
    if (isSound) each(Uint8Array.from(record));
    at += whole.length;
  }
}

/** Whether a sound record begins there. */
function followed(file: number, at: number): boolean {
  const head = readAt(file, at, HEAD_BYTES);
  const length = head?.readUInt32BE() ?? 0;
  const record = head === undefined || length > RECORD_BYTES_MAX ? undefined : readAt(file, at + HEAD_BYTES, length);
  return head !== undefined && record !== undefined && checksumOf(head.subarray(0, 4), record).equals(head.subarray(4));
}

function readAt(file: number, position: number, count: number): Buffer | undefined {
  const bytes = readUpTo(file, position, count);
  return bytes.length === count ? bytes : undefined;
}

function readUpTo(file: number, position: number, count: number): Buffer {
  const bytes = Buffer.alloc(count);
  let length = 0;
  while (length < count) {
    const read = readSync(file, bytes, length, count - length, position + length);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

async function writeAll(file: FileHandle, records: Iterable<Uint8Array>): Promise<number> {
  let length = await writeFully(file, MAGIC, 0);
  let batch: Buffer[] = [];
  let bytes = 0;
  for (const record of records) {
    const one = framed(record);
    batch.push(one);
    bytes += one.length;
    if (bytes < BATCH_BYTES) continue;
    length += await writeFully(file, Buffer.concat(batch), length);
    batch = [];
    bytes = 0;
  }
  return length + (await writeFully(file, Buffer.concat(batch), length));
}

/** A disk that is full may take a part. */
async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<number> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    if (bytesWritten === 0) throw new Error('the disk takes nothing');
    written += bytesWritten;
  }
  return bytes.length;
}

function failed(path: string, cause: unknown): NetworkError {
  return new NetworkError('STORAGE_FAILED', `${path} could not be written: ${String(cause)}`, { cause });
}

/** Makes the new name durable. Windows has no such call. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
