/**
 * @module SocketFile: a listening socket with a file that is the user's alone from the moment at which it is there. What a process that has ended
 * left in its place is removed; what somebody listens on, and what is no socket, is not.
 */
import { chmodSync, existsSync, lstatSync, renameSync, rmSync, type Stats, statSync } from 'node:fs';
import { createConnection, type Server } from 'node:net';
import { dirname } from 'node:path';
import { NetworkError } from '../../core/index.js';
import { isOwn } from './socket-path.js';

/** With it a new socket has the mode 0600. */
const PRIVATE_MASK = 0o177;
const OTHERS = 0o077;
/** Others may come and go meanwhile. */
const ATTEMPTS_MAX = 4;
/** Who does not take a connection within so long may still live. */
const PROBE_MS = 1_000;
const REASONS: Readonly<Record<string, string>> = { EACCES: 'permission denied', EROFS: 'the file system is read-only' };

/** Resolves when the server listens there. Rejects with `CONTROL_IN_USE` and `CONTROL_UNAVAILABLE`. */
export async function listenAt(server: Server, path: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const code = await bind(server, path);
    if (code === undefined) return;
    if (code !== 'EADDRINUSE')
      throw unavailable(path, existsSync(dirname(path)) ? (REASONS[code] ?? code) : 'its directory does not exist');
    await removeStale(path);
  }
  throw inUse(path);
}

/** The system's code when it fails. */
function bind(server: Server, path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const failed = ({ code = 'UNKNOWN' }: NodeJS.ErrnoException) => {
      server.off('listening', bound);
      resolve(code);
    };
    const bound = () => {
      server.off('error', failed);
      resolve(undefined);
    };
    server.once('error', failed).once('listening', bound);
    try {
      listenPrivately(server, path);
    } catch (error) {
      server.off('error', failed).off('listening', bound);
      reject(error);
    }
  });
}

/** The file is made while `listen` runs. */
function listenPrivately(server: Server, path: string): void {
  const mask = privateMask();
  if (mask === undefined) requirePrivate(dirname(path), path);
  try {
    // Also in a worker of a cluster: the primary would make the file with its own mask.
    server.listen({ path, exclusive: true });
    if (mask === undefined) chmodSync(path, 0o600);
  } finally {
    if (mask !== undefined) process.umask(mask);
  }
}

/** The mask of before; `undefined` in a worker thread, which may not change that of its process. */
function privateMask(): number | undefined {
  try {
    return process.umask(PRIVATE_MASK);
  } catch {
    return undefined;
  }
}

function requirePrivate(directory: string, path: string): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found !== undefined && (found.mode & OTHERS) === 0) return;
  throw unavailable(path, 'a worker thread opens one only in a directory that is closed to others');
}

/** Removes a socket that nobody listens on. Rejects for anything else. */
async function removeStale(path: string): Promise<void> {
  const found = statOf(path);
  if (found === undefined) return;
  if (!found.isSocket()) throw unavailable(path, 'a file that is no socket is in its place');
  if (await isListenedOn(path)) throw inUse(path);
  if (!isOwn(found.uid)) throw unavailable(path, 'a socket of another user is in its place');
  // Another process may have put its own there since: what is moved aside is looked at once more.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (statOf(aside)?.ino === found.ino) rmSync(aside, { force: true });
    else renameSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unavailable(path, String((error as NodeJS.ErrnoException).code));
  }
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Whether a process has it open: one that is stopped, or too busy to take a connection, has it, too. */
function isListenedOn(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection({ path });
    const signal = AbortSignal.timeout(PROBE_MS);
    const settle = (isLive: boolean) => {
      probe.destroy();
      resolve(isLive);
    };
    signal.addEventListener('abort', () => settle(true), { once: true });
    probe.on('connect', () => settle(true));
    probe.on('error', ({ code }: NodeJS.ErrnoException) => settle(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

function inUse(path: string): NetworkError {
  return new NetworkError('CONTROL_IN_USE', `a running program listens on ${path}`, { details: { path } });
}

function unavailable(path: string, reason: string): NetworkError {
  return new NetworkError('CONTROL_UNAVAILABLE', `the control socket ${path} cannot be opened: ${reason}`, { details: { path } });
}
