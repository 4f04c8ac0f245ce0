/**
 * @module Files on Node: the key file that holds a node's identity. It is created once, whole and readable by its owner only, and is
 * never replaced: whatever is wrong with it is `KEY_FILE_INVALID`, because a silent new identity would be another node. Synchronous,
 * since it runs once before the node starts.
 */
import { closeSync, constants, fchmodSync, fstatSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { NodeId } from '../../address/node-id.js';
import type { Logger, Random } from '../../api/ports.js';
import { NetworkError } from '../../errors.js';
import type { Crypto } from '../../security/crypto.js';
import { Identity } from '../../security/identity.js';
import { hexOf } from '../../structures/hex.js';
import { reasonOf } from './system-words.js';

const OWNER_ONLY = 0o600;
/** Reading by the group is what mounted secrets need; anything more is refused. */
const GROUP_READ = 0o040;
const REFUSED_MASK = 0o037;
/** Far above the file's length: what is larger is not one of ours and is not read. */
const KEY_FILE_BYTES_MAX = 4_096;
const FIRST_LINE = 'meshwright-key 1';
const KEY_FILE_PATTERN = /^(meshwright-key 1\ntype ed25519\nnode ([0-9a-f]{64})\nseed ([0-9a-f]{64})\n)checksum ([0-9a-f]{64})\n$/;

/** The identity in the file at `path`, which is created with a fresh one when there is none. Throws `KEY_FILE_INVALID`. */
export function loadOrCreateIdentity(path: string, crypto: Crypto, random: Random, log: Pick<Logger, 'warn'>): Identity {
  return inKeyFile(path, () => {
    const found = load(path, crypto, log);
    if (found !== undefined) return found;
    create(path, Identity.generate(crypto, random), crypto, random);
    // What counts is what lies there now: another process may have been first.
    const created = load(path, crypto, log);
    if (created === undefined) throw invalid(path, 'cannot be created: something without content stands in its place');
    return created;
  });
}

/** The file's text: version, type, node id (for people), seed, and SHA-256 of the lines before. */
function textOf(nodeId: NodeId, seed: Uint8Array, crypto: Crypto): string {
  const lines = `${FIRST_LINE}\ntype ed25519\nnode ${nodeId}\nseed ${hexOf(seed)}\n`;
  return `${lines}checksum ${hexOf(crypto.sha256(Buffer.from(lines)))}\n`;
}

/** `undefined` when there is nothing at `path`. */
function load(path: string, crypto: Crypto, log: Pick<Logger, 'warn'>): Identity | undefined {
  const file = openExisting(path);
  if (file === undefined) return undefined;
  try {
    const { mode, size } = checked(path, file);
    const isPosix = process.platform !== 'win32';
    const shown = (mode & 0o777).toString(8);
    if (isPosix && (mode & REFUSED_MASK) !== 0)
      throw invalid(path, `may be used by others than its owner (mode ${shown}, wanted 600, or 640 for a group that reads it)`);
    if (size > KEY_FILE_BYTES_MAX) throw invalid(path, 'is too long to be a key file');
    const identity = parse(path, readFileSync(file, 'latin1'), crypto);
    if (isPosix && (mode & GROUP_READ) !== 0) log.warn({ path, mode: shown }, 'the key file may be read by its group');
    return identity;
  } finally {
    closeSync(file);
  }
}

/** Without blocking, so that a pipe in the file's place cannot hold the process. */
function openExisting(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function checked(path: string, file: number): { readonly mode: number; readonly size: number } {
  const stats = fstatSync(file);
  if (!stats.isFile()) throw invalid(path, `is ${stats.isDirectory() ? 'a directory' : 'not a regular file'}`);
  return stats;
}

function parse(path: string, text: string, crypto: Crypto): Identity {
  const match = KEY_FILE_PATTERN.exec(text);
  if (match === null) throw invalid(path, describe(text));
  const [, lines, nodeId, seed, checksum] = match as unknown as readonly string[];
  if (hexOf(crypto.sha256(Buffer.from(lines as string))) !== checksum) throw invalid(path, 'is damaged: its checksum does not match');
  const identity = Identity.fromSeed(Buffer.from(seed as string, 'hex'), crypto);
  if (identity.nodeId !== nodeId) throw invalid(path, 'is damaged: its seed makes another node id');
  return identity;
}

/** Why a text is no key file, never showing any of it. */
function describe(text: string): string {
  if (text.length === 0) return 'is empty';
  if (`${FIRST_LINE}\n`.startsWith(text.slice(0, FIRST_LINE.length + 1))) return 'is damaged or cut short';
  return /^meshwright-key \d+\n/.test(text) ? 'has a version that this release does not know' : 'is not a Meshwright key file';
}

/** Writes a whole file beside `path`, then links it there: that fails, and changes nothing, when another process was first. */
function create(path: string, identity: Identity, crypto: Crypto, random: Random): void {
  const temporary = `${path}.${process.pid}.${hexOf(random.bytes(8))}.tmp`;
  try {
    writeDurably(temporary, textOf(identity.nodeId, identity.exportSeed(), crypto));
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', OWNER_ONLY);
  try {
    fchmodSync(file, OWNER_ONLY);
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the new name durable. Windows has no such call. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Turns what the system reports into an error that names the file. */
function inKeyFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof NetworkError) throw error;
    throw invalid(path, `cannot be used: ${reasonOf(error)}`, error);
  }
}

function invalid(path: string, what: string, cause?: unknown): NetworkError {
  return new NetworkError('KEY_FILE_INVALID', `the key file ${path} ${what}`, { details: { path }, cause });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
