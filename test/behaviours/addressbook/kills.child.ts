/**
 * @module Saves one book after another, each with a node more than the one before, until it is killed. Says the number of every book that
 * was saved. Arguments: the directory, and the number to begin with. Loads no more than that needs: it is started for every kill.
 */

import { Book } from '../../../behaviours/addressbook/book/book.js';
import { bookToBytes } from '../../../behaviours/addressbook/storage/book-file.js';
import { parseAddress } from '../../../core/address/address.js';
import { groupOfAddress } from '../../../core/address/address-group.js';
import { FileStorage } from '../../../core/platform/node/file-storage.js';
import { seededIdentity, seededRandom } from '../../../testing/seeded.js';
import { simulatedLogger } from '../../../transports/simulated/logger.js';

const [directory = '', first = '1'] = process.argv.slice(2);
const idOf = (name: string | number) => seededIdentity(name).nodeId;
const clock = { nowMs: () => 0, wallMs: () => 0 };
const storage = new FileStorage(directory, simulatedLogger('silent', clock), { nodeId: idOf('self'), network: 'public' });
const book = new Book({ self: idOf('self'), groupOf: groupOfAddress });
const now = { nowMs: 0, wallMs: 1_735_689_600_000, random: seededRandom('present') };
const ids = Array.from({ length: 400 }, (_, index) => idOf(index));

// As a node does: what was saved before is read first.
storage.load('addressbook');

function save(number: number): void {
  const id = ids[number % ids.length] as (typeof ids)[number];
  book.answered(book.met(id, number, now), parseAddress(`tcp://20.${(number >> 8) & 255}.${number & 255}.1:7400`), now);
  book.lost(id, number, now);
  storage.save('addressbook', bookToBytes(book, { seq: number, anchors: [] }, now), (error) => {
    process.stdout.write(error === undefined ? `${number}\n` : `failed ${error.message}\n`);
    save(number + 1);
  });
}

save(Number(first));
