/**
 * @module Kills: a process that saves its book again and again is killed at any moment, and its book is read back (row 52). For
 * `book-kills.test.ts` with few kills and for the campaign with many.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Book } from '../../../behaviours/addressbook/book/book.js';
import { bookFromBytes } from '../../../behaviours/addressbook/storage/book-file.js';
import { groupOfAddress } from '../../../core/address/address-group.js';
import { FileStorage } from '../../../core/platform/node/file-storage.js';
import type { SeededRandom } from '../../../transports/simulated/index.js';
import { simulatedLogger } from '../../../transports/simulated/index.js';
import { idOf, Present, signerOf } from './support.js';

export interface KillReport {
  readonly kills: number;
  /** Books that were saved over all. */
  readonly saves: number;
  /** Starts that found no book, or one that was older than the last that was said to be saved. */
  readonly lost: readonly string[];
  /** Times at which the newest copy was damaged and the one before it served. */
  readonly fallbacks: number;
}

const CHILD = fileURLToPath(new URL('./kills.child.js', import.meta.url));
/** From the first save on, a process lives for so long at most. */
const LIFE_MS = 60;

/** Kills `count` processes that save into `directory`, each at a moment of its own. */
export async function killTimes(count: number, directory: string, random: SeededRandom): Promise<KillReport> {
  const lost: string[] = [];
  let [saved, saves, fallbacks] = [0, 0, 0];
  for (let kills = 0; kills < count; kills++) {
    const confirmed = await killOnce(directory, saved + 1, random.float() * LIFE_MS);
    saves += confirmed.length;
    saved = Math.max(saved, ...confirmed);
    const { number, warnings } = readBack(directory);
    fallbacks += warnings;
    if (number === undefined ? saved > 0 : number < saved) lost.push(`kill ${kills}: ${number} after ${saved}`);
    saved = Math.max(saved, number ?? 0);
  }
  return { kills: count, saves, lost, fallbacks };
}

/** The numbers of the books that one process said it had saved. */
async function killOnce(directory: string, first: number, lifeMs: number): Promise<number[]> {
  const child = spawn(process.execPath, [CHILD, directory, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  const lines = createInterface({ input: child.stdout }).on('line', (line) => void said.push(line));
  void once(lines, 'line').then(() => {
    // Not at an event of the child's: any moment of its writing has to be met, also those that it tells nobody of.
    setTimeout(() => child.kill('SIGKILL'), lifeMs);
  });
  await Promise.all([once(child, 'close'), once(lines, 'close')]);
  const failed = said.find((line) => line.startsWith('failed'));
  if (failed !== undefined) throw new Error(failed);
  return said.map(Number);
}

/** As a starting node does. Answers the number of the book. */
function readBack(directory: string): { readonly number: number | undefined; readonly warnings: number } {
  let warnings = 0;
  const logger = { ...simulatedLogger('silent', { nowMs: () => 0, wallMs: () => 0 }), warn: () => warnings++ };
  const bytes = new FileStorage(directory, logger as never, { nodeId: idOf('self'), network: 'public' }).load('addressbook');
  const book = new Book({ self: idOf('self'), groupOf: groupOfAddress });
  const facts = bytes && bookFromBytes(bytes, book, groupOfAddress, signerOf('self'), new Present());
  return { number: facts === undefined || book.size === 0 ? undefined : facts.seq, warnings };
}
