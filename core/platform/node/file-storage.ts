/**
 * @module FileStorage: what behaviours keep, one file for each name in the node's data directory, readable by its owner only. A process may
 * be killed and a disk may fail at any moment: a new copy is written beside the file, made durable, and only then
 * takes its place; the copy before it stays as `.old` and serves when the newer one is damaged. What is read back is checked against a
 * checksum, and against the node and the space that it is for; nothing that was saved in the directory stops a node from starting. While
 * the node runs, the directory is its own (`directory-lock.ts`).
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeId } from '../../address/node-id.js';
import type { Logger, Storage } from '../../api/ports.js';
import { NetworkError } from '../../errors.js';
import { SaveQueue } from '../save-queue.js';
import { makeDirectory, unusable } from './directories.js';
import { DirectoryLock } from './directory-lock.js';

/** Magic and version, then the lengths of owner and content, the SHA-256 of both, the owner as JSON, and the content. */
const MAGIC = Buffer.from('meshwright-data 2\n');
const HEAD_BYTES = MAGIC.length + 4 + 4 + 32;
/** A larger file is not one of ours. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;
const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/;

export class FileStorage implements Storage {
  readonly #saves = new SaveQueue((name, bytes) => this.#write(name, bytes));
  /** Names whose file is known to be whole: it may become the old copy. */
  readonly #whole = new Set<string>();
  readonly #owner: Buffer;
  #lock: DirectoryLock | undefined;
  #isLost = false;

  constructor(
    private readonly directory: string,
    private readonly log: Logger,
    private readonly owner: { readonly nodeId: NodeId; readonly network: string },
  ) {
    this.#owner = Buffer.from(JSON.stringify([owner.nodeId, owner.network]));
  }

  /** False when the directory is another node's by now. */
  get isLasting(): boolean {
    return !this.#isLost;
  }

  async open(): Promise<void> {
    const { directory, log, owner } = this;
    try {
      makeDirectory(directory);
      this.#lock = await DirectoryLock.take(directory, { log, holder: owner });
    } catch (cause) {
      if (cause instanceof NetworkError) throw cause;
      throw unusable(directory, cause);
    }
  }

  /** What is being written will not take its place. */
  close(): void {
    this.#saves.close();
    this.#lock?.release();
  }

  load(name: string): Uint8Array | undefined {
    this.#checkName(name);
    this.#removeLeftovers(name);
    const newest = this.#read(name, `${name}.data`);
    if (newest !== undefined) this.#whole.add(name);
    return newest ?? this.#read(name, `${name}.old`);
  }

  save(name: string, bytes: Uint8Array, settle?: (error?: NetworkError) => void): void {
    this.#checkName(name);
    this.#saves.save(name, bytes, settle);
  }

  flush(settled: () => void): void {
    this.#saves.flush(settled);
  }

  /** Returns what went wrong. */
  async #write(name: string, bytes: Uint8Array): Promise<NetworkError | undefined> {
    const temporary = this.#path(`${name}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
    try {
      this.#isLost ||= (await this.#lock?.isHeld()) === false;
      if (this.#isLost) return new NetworkError('STORAGE_FAILED', `${this.directory} is another node's by now`);
      await this.#writeNew(temporary, withHead(this.#owner, bytes));
      this.#replace(name, temporary);
      await syncDirectory(this.directory);
      return undefined;
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      return this.#failed(name, cause);
    }
  }

  /** At once, so that the directory cannot be given back in between. */
  #replace(name: string, temporary: string): void {
    if (this.#saves.isClosed) throw new Error('the node has ended');
    if (this.#whole.delete(name)) renameSync(this.#path(`${name}.data`), this.#path(`${name}.old`));
    renameSync(temporary, this.#path(`${name}.data`));
    this.#whole.add(name);
  }

  /** Makes the directory anew if somebody has removed it. */
  async #writeNew(path: string, bytes: Uint8Array): Promise<void> {
    try {
      await writeDurably(path, bytes);
    } catch (error) {
      if (existsSync(this.directory)) throw error;
      makeDirectory(this.directory);
      await writeDurably(path, bytes);
    }
  }

  #failed(name: string, cause: unknown): NetworkError {
    const error = new NetworkError('STORAGE_FAILED', `${this.#path(name)} could not be saved: ${String(cause)}`, { cause });
    this.log.warn({ name, err: error }, 'data could not be saved');
    return error;
  }

  #read(name: string, file: string): Uint8Array | undefined {
    try {
      const bytes = readWhole(this.#path(file));
      if (bytes === undefined) return undefined;
      const saved = savedIn(bytes);
      if (saved === undefined) this.log.warn({ name, file }, 'saved data is damaged and is not used');
      else if (saved.owner.equals(this.#owner)) return Uint8Array.from(saved.content);
      else this.log.warn({ name, file, owner: String(saved.owner) }, 'saved data is of another node or space and is not used');
      return undefined;
    } catch (err) {
      this.log.warn({ name, file, err }, 'saved data cannot be read');
      return undefined;
    }
  }

  /** What a killed process left. One that lives and is just writing fails, logs it, and saves again later. */
  #removeLeftovers(name: string): void {
    try {
      for (const file of readdirSync(this.directory))
        if (file.startsWith(`${name}.`) && file.endsWith('.tmp')) rmSync(this.#path(file), { force: true });
    } catch {
      // There is no directory yet, or it cannot be read: then nothing can be loaded either, which is reported there.
    }
  }

  #path(file: string): string {
    return join(this.directory, file);
  }

  #checkName(name: string): void {
    if (!NAME_PATTERN.test(name))
      throw new NetworkError('ARGUMENT_INVALID', 'storage: a name has 1 to 64 small letters, digits and hyphens');
  }
}

function withHead(owner: Buffer, content: Uint8Array): Uint8Array {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(owner.length);
  lengths.writeUInt32BE(content.length, 4);
  return Buffer.concat([MAGIC, lengths, createHash('sha256').update(owner).update(content).digest(), owner, content]);
}

/** What a whole and undamaged file has. */
function savedIn(file: Buffer): { readonly owner: Buffer; readonly content: Buffer } | undefined {
  if (file.length < HEAD_BYTES || !file.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const contentAt = HEAD_BYTES + file.readUInt32BE(MAGIC.length);
  const owner = file.subarray(HEAD_BYTES, contentAt);
  const content = file.subarray(contentAt);
  const checksum = file.subarray(MAGIC.length + 8, HEAD_BYTES);
  const isWhole = contentAt <= file.length && file.readUInt32BE(MAGIC.length + 4) === content.length;
  return isWhole && createHash('sha256').update(owner).update(content).digest().equals(checksum) ? { owner, content } : undefined;
}

/** `undefined` when there is no such file. Without blocking, so that a pipe in its place cannot hold the process. */
function readWhole(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > FILE_BYTES_MAX) throw new Error(stats.isFile() ? 'it is too large' : 'it is not a regular file');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the new names durable. Windows has no such call. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
