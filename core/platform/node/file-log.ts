/**
 * @module FileLog: a `LogStorage` in one file. A record is durable when it was written and synced; all that come while the disk is busy are
 * written and synced together, so that many writers share one sync, and none waits for a timer. What a killed process left half written is cut
 * off at the start, and what is damaged is passed over: nothing in the file stops a node from starting.
 *
 * Each record has its length and a checksum; the file begins with a magic. To compact, the new file is written beside the old one, which goes on;
 * what was appended meanwhile is added, and it takes the old one's place when it is durable. After a write or a sync that failed nothing is appended
 * until a compaction has succeeded: a disk that has failed once may have lost what it reported as synced.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LogStorage } from '../../api/log-storage.js';
import { NetworkError } from '../../errors.js';
import { optionsReader, text } from '../../schema/index.js';
import { makeDirectory } from './directories.js';
import { framed, MAGIC, readRecords } from './log-records.js';

const readPath = optionsReader('FileLog', text(4_096, { min: 1, what: 'the path of a file' }), 'ARGUMENT_INVALID');
/** Written at once. */
const BATCH_BYTES = 4_194_304;

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
  /** How often it was closed: what began before does not go on after it. */
  #closes = 0;
  /** Who waits until no batch is on its way. */
  #turns: (() => void)[] = [];

  /** `path`: of the file. Its directory is made; the file is for one running node. Throws `ARGUMENT_INVALID`. */
  constructor(readonly path: string) {
    readPath(path);
  }

  append(record: Uint8Array, settle: Settle): void {
    this.#queue.push({ bytes: framed(record), settle });
    if (!this.#isWriting && !this.#isHeld) void this.#writeAll();
  }

  replay(each: (record: Uint8Array) => void): number {
    makeDirectory(dirname(this.path));
    this.#removeLeftovers();
    const file = openSync(this.path, constants.O_RDWR | constants.O_CREAT | (constants.O_NONBLOCK ?? 0), 0o600);
    try {
      if (!fstatSync(file).isFile()) throw new Error('not a file');
      const { end, passedOver } = readRecords(file, each);
      if (end === 0) writeSync(file, MAGIC, 0, MAGIC.length, 0);
      this.#length = Math.max(end, MAGIC.length);
      ftruncateSync(file, this.#length);
      return passedOver;
    } catch {
      // It is not used before it was replaced; what it had is gone.
      this.#fail();
      return 1;
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
    this.#closes++;
    this.#closing.push(settled);
    if (!this.#isWriting) void this.#end();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // What this turn of the event loop appends goes together.
    await undefined;
    while (this.#queue.length > 0 && this.#turns.length === 0 && !this.#isHeld) {
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
    else if (this.#isHeld) return;
    else if (this.#queue.length > 0) void this.#writeAll();
    else if (this.#isClosed) await this.#end();
  }

  /** The way back after a failure is being made: what comes meanwhile waits for it, or writers without a pause would never see its end. */
  get #isHeld(): boolean {
    return this.#isBroken && this.#since !== undefined;
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
    const closes = this.#closes;
    const temporary = `${this.path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
    let file: FileHandle | undefined;
    try {
      file = await open(temporary, 'wx', 0o600);
      const made = file;
      let length = await writeAll(made, records);
      await made.datasync();
      // From here to the change of places nothing is appended: the batch on its way is waited for.
      await this.#exclusively(async () => {
        // By now the file may be another one's.
        if (this.#closes !== closes) throw new Error('the log was closed meanwhile');
        for (const bytes of since) length += await writeFully(made, bytes, length);
        await made.sync();
        await rename(temporary, this.path);
        // From here on the old file is nobody's: until the new one is known to be durable, nothing counts.
        this.#fail();
        await syncDirectory(dirname(this.path));
        await this.#file?.close().catch(() => undefined);
        this.#file = made;
        this.#length = length;
        this.#isBroken = false;
      });
    } catch (error) {
      await file?.close().catch(() => undefined);
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    } finally {
      if (this.#since === since) this.#since = undefined;
      if (!this.#isWriting) await this.#idle();
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
    // A compaction is over first.
    if (this.#since !== undefined) return;
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
