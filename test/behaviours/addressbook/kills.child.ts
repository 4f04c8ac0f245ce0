/**
 * @module Saves one book after another, each with a node more than the one before, until it is killed. Says the number of every book that
 * was saved. Arguments: the directory, and the number to begin with.
 */

import { Book } from '../../../behaviours/addressbook/book/book.js';
import { bookToBytes } from '../../../behaviours/addressbook/storage/book-file.js';
import { groupOfAddress } from '../../../core/address/address-group.js';
import { parseAddress } from '../../../core/index.js';
import { FileStorage } from '../../../core/platform/node/file-storage.js';
import { simulatedLogger } from '../../../transports/simulated/index.js';
import { idOf, Present, publicAddress } from './support.js';

const [directory = '', first = '1'] = process.argv.slice(2);
const clock = { nowMs: () => 0, wallMs: () => 0 };
const storage = new FileStorage(directory, simulatedLogger('silent', clock), { nodeId: idOf('self'), network: 'public' });
const book = new Book({ self: idOf('self'), groupOf: groupOfAddress });
const now = new Present();
const ids = Array.from({ length: 400 }, (_, index) => idOf(index));

// As a node does: what was saved before is read first.
storage.load('addressbook');

function save(number: number): void {
  const id = ids[number % ids.length] as (typeof ids)[number];
  book.answered(book.met(id, number, now), parseAddress(publicAddress(number)), now);
  book.lost(id, number, now);
  storage.save('addressbook', bookToBytes(book, { seq: number, anchors: [] }, now), (error) => {
    process.stdout.write(error === undefined ? `${number}\n` : `failed ${error.message}\n`);
    save(number + 1);
  });
}

save(Number(first));
