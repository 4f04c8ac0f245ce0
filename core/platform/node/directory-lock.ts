/**
 * @module DirectoryLock: a data directory belongs to one running node. The file `lock` names its process, and is touched every second. What a
 * dead process of this boot and pid namespace has left is taken over at once, what a living one holds never; of another boot or namespace,
 * where nobody can tell, it is taken over when it was not touched for three seconds. A holder whose lock is gone writes nothing any more.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../api/ports.js';
import { NetworkError } from '../../errors.js';
import { ownProcess, type ProcessName, stateOf } from './process-life.js';

const TOUCH_MS = 1_000;
const ABANDONED_MS = 3_000;
/** Others may come and go meanwhile. */
const ATTEMPTS_MAX = 8;

interface Found {
  readonly text: string;
  readonly touchedMs: number;
}

export interface LockParts {
  readonly log: Pick<Logger, 'info' | 'error'>;
  /** Who holds it, for people. */
  readonly holder: object;
  /** For tests. */
  readonly sleep?: (ms: number) => Promise<void>;
}

export class DirectoryLock {
  private readonly touching: NodeJS.Timeout;
  private isGone = false;

  private constructor(
    private readonly path: string,
    private readonly text: string,
    private readonly log: LockParts['log'],
  ) {
    this.touching = setInterval(() => void this.touch(), TOUCH_MS).unref();
  }

  /** Throws `DATA_DIRECTORY_IN_USE`, and whatever the system reports. May take three seconds. */
  static async take(directory: string, { log, holder, sleep = pause }: LockParts): Promise<DirectoryLock> {
    const path = join(directory, 'lock');
    const text = `${JSON.stringify({ process: ownProcess(), holder, token: randomBytes(8).toString('hex') })}\n`;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (await create(path, text)) return new DirectoryLock(path, text, log);
      const found = await find(path);
      if (found === undefined) continue;
      if (!(await isAbandoned(path, found, sleep))) throw inUse(directory, found.text);
      if (await remove(path, found.text))
        log.info({ directory, former: ownerOf(found.text) }, 'the lock of a process that has ended is taken over');
    }
    throw inUse(directory, (await find(path))?.text ?? '');
  }

  /** Whether it is still this node's. Once it is not, it never is again. */
  async isHeld(): Promise<boolean> {
    const found = await readFile(this.path, 'latin1').catch(({ code }) => (code === 'ENOENT' ? '' : undefined));
    if (found !== undefined && found !== this.text && !this.isGone) this.lose();
    return !this.isGone;
  }

  /** For others from now on. */
  release(): void {
    clearInterval(this.touching);
    if (this.isGone) return;
    this.isGone = true;
    try {
      if (readFileSync(this.path, 'latin1') === this.text) rmSync(this.path);
    } catch {
      // It is gone already, or the directory cannot be written any more: then the end of the process frees it.
    }
  }

  private async touch(): Promise<void> {
    const seconds = Date.now() / 1_000;
    if (await this.isHeld()) await utimes(this.path, seconds, seconds).catch(() => undefined);
  }

  private lose(): void {
    this.isGone = true;
    clearInterval(this.touching);
    this.log.error({ lock: this.path }, 'the lock of the data directory is gone: nothing is saved any more');
  }
}

/** False when there is one. It appears with its content, or not at all. */
async function create(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text, 'latin1');
    } finally {
      await file.close();
    }
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function find(path: string): Promise<Found | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'latin1'), stat(path)]);
    return { text, touchedMs: mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function isAbandoned(path: string, found: Found, sleep: (ms: number) => Promise<void>): Promise<boolean> {
  const state = stateOf(ownerOf(found.text)?.process);
  if (state !== 'elsewhere') return state === 'dead';
  await sleep(ABANDONED_MS);
  const later = await find(path);
  return later === undefined || (later.text === found.text && later.touchedMs === found.touchedMs);
}

/** Another process may do the same, and has its own lock there by now: that one stays. False when nothing was removed. */
async function remove(path: string, text: string): Promise<boolean> {
  const aside = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    await rename(path, aside);
    const isIt = (await readFile(aside, 'latin1')) === text;
    if (!isIt) await link(aside, path);
    return isIt;
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Whatever lies there may be no lock of ours. */
function ownerOf(text: string): { readonly process?: ProcessName; readonly holder?: unknown } | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function inUse(directory: string, text: string): NetworkError {
  const owner = ownerOf(text);
  const who = owner?.process === undefined ? 'a process that cannot be looked at from here' : `process ${owner.process.pid}`;
  const details = { directory, owner };
  return new NetworkError(
    'DATA_DIRECTORY_IN_USE',
    `the data directory ${directory} is in use by ${who}, ${JSON.stringify(owner?.holder)}`,
    { details },
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
