/**
 * @module Tests of what behaviours keep in files: whatever happens to a file, the content before it is there, and no start fails. The kills
 * are in `file-storage-kills.test.ts`.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Logger } from '../../../../core/api/ports.js';
import type { NetworkError } from '../../../../core/errors.js';
import { FileStorage } from '../../../../core/platform/node/file-storage.js';
import { seededIdentity } from '../../../../testing/index.js';

const OWNER = { nodeId: seededIdentity('self').nodeId, network: 'public' };
const bytes = (...values: readonly number[]) => Uint8Array.from(values);
const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('row 52: files of behaviours', () => {
  let folder: string;
  let directory: string;
  let warnings: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-storage-'));
    directory = join(folder, 'data');
    warnings = [];
  });

  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });

  const storage = () => {
    const warn = (_fields: object, message: string) => void warnings.push(message);
    return new FileStorage(directory, { warn } as Logger, OWNER);
  };
  const saved = (content: Uint8Array, at = storage(), name = 'book') =>
    new Promise<NetworkError | undefined>((resolve) => at.save(name, content, resolve));
  const path = (file: string) => join(directory, file);
  const files = () => readdirSync(directory).sort();

  /** A newer content over an older one. */
  async function twice(): Promise<void> {
    const at = storage();
    expect(await saved(bytes(1, 1, 1), at)).to.equal(undefined);
    expect(await saved(bytes(2, 2, 2, 2), at)).to.equal(undefined);
  }

  it('are created with their directory, for the owner only, and are read back', async () => {
    expect(storage().load('book')).to.equal(undefined);
    expect(existsSync(directory)).to.equal(false);
    expect(await saved(bytes(1, 2, 3))).to.equal(undefined);
    expect(files()).to.deep.equal(['book.data']);
    expect([statSync(directory).mode & 0o777, statSync(path('book.data')).mode & 0o777]).to.deep.equal([0o700, 0o600]);
    expect(storage().load('book')).to.deep.equal(bytes(1, 2, 3));
    expect(storage().load('other')).to.equal(undefined);
    expect(await saved(bytes(), storage(), 'other')).to.equal(undefined);
    expect(storage().load('other')).to.deep.equal(bytes());
    expect(warnings).to.deep.equal([]);
  });

  it('keep the copy before as .old', async () => {
    await twice();
    expect(files()).to.deep.equal(['book.data', 'book.old']);
    expect(storage().load('book')).to.deep.equal(bytes(2, 2, 2, 2));
    rmSync(path('book.data'));
    expect(storage().load('book')).to.deep.equal(bytes(1, 1, 1));
  });

  it('fall back to the copy before when they are truncated at any byte, longer, or have any bit flipped', async () => {
    await twice();
    const whole = readFileSync(path('book.data'));
    const damaged: Buffer[] = [];
    for (let length = 0; length < whole.length; length++) damaged.push(whole.subarray(0, length));
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      damaged.push(flipped);
    }
    damaged.push(Buffer.concat([whole, Buffer.of(0)]), Buffer.alloc(100_000, 0xff));
    for (const content of damaged) {
      writeFileSync(path('book.data'), content);
      expect(storage().load('book')).to.deep.equal(bytes(1, 1, 1));
    }
    expect(new Set(warnings)).to.deep.equal(new Set(['saved data is damaged and is not used']));
    writeFileSync(path('book.data'), whole);
    expect(storage().load('book')).to.deep.equal(bytes(2, 2, 2, 2));
  });

  it('that are damaged never take the place of a good copy', async () => {
    await twice();
    truncateSync(path('book.data'), 5);
    const at = storage();
    expect(at.load('book')).to.deep.equal(bytes(1, 1, 1));
    expect(await saved(bytes(3), at)).to.equal(undefined);
    expect(storage().load('book')).to.deep.equal(bytes(3));
    truncateSync(path('book.data'), 5);
    expect(storage().load('book')).to.deep.equal(bytes(1, 1, 1));
  });

  it('are nothing when both are damaged, or something else lies in their place', async () => {
    await twice();
    for (const file of ['book.data', 'book.old']) truncateSync(path(file), 10);
    expect(storage().load('book')).to.equal(undefined);
    for (const file of ['book.data', 'book.old']) {
      rmSync(path(file));
      mkdirSync(path(file));
    }
    expect(storage().load('book')).to.equal(undefined);
    expect((await saved(bytes(1)))?.code).to.equal('STORAGE_FAILED');
    symlinkSync(path('nowhere'), path('link.data'));
    expect(storage().load('link')).to.equal(undefined);
  });

  it('say what went wrong when they cannot be saved, and keep what there was', async () => {
    await twice();
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'in the way');
    const error = await saved(bytes(9));
    expect(error?.code).to.equal('STORAGE_FAILED');
    expect(warnings.at(-1)).to.equal('data could not be saved');
    expect(storage().load('book')).to.equal(undefined);
    rmSync(directory);
    expect(await saved(bytes(9))).to.equal(undefined);
  });

  it('are written one after another; what has not begun gives way to what is newer; flush waits for all', async () => {
    const at = storage();
    const order: string[] = [];
    for (let value = 0; value < 50; value++) at.save('book', bytes(value), (error) => void order.push(`${value} ${error?.code}`));
    at.save('other', bytes(7), () => void order.push('other'));
    await new Promise<void>((resolve) => at.flush(resolve));
    expect(order).to.have.length(51);
    expect(order.slice(-2)).to.deep.equal(['49 undefined', 'other']);
    expect([storage().load('book'), storage().load('other')]).to.deep.equal([bytes(49), bytes(7)]);
    await new Promise<void>((resolve) => at.flush(resolve));
  });

  it('that give way to newer ones end as these do', async () => {
    writeFileSync(directory, '');
    const at = storage();
    const codes: (string | undefined)[] = [];
    for (let value = 0; value < 3; value++) at.save('book', bytes(value), (error) => void codes.push(error?.code));
    await new Promise<void>((resolve) => at.flush(resolve));
    expect(codes).to.deep.equal(['STORAGE_FAILED', 'STORAGE_FAILED', 'STORAGE_FAILED']);
  });

  it('of a node that has ended take no place of the next one, whatever was being written', async () => {
    const [former, next] = [storage(), storage()];
    await former.open();
    const codes = Promise.all(
      [new Uint8Array(8_000_000).fill(1), bytes(1, 1)].map(async (content) => (await saved(content, former))?.code),
    );
    await pause();
    former.close();
    const later = saved(bytes(1, 1, 1), former);
    await next.open();
    expect(await saved(bytes(2), next)).to.equal(undefined);
    expect(await codes).to.deep.equal(['STORAGE_FAILED', 'STORAGE_FAILED']);
    expect((await later)?.code).to.equal('STORAGE_FAILED');
    expect(next.load('book')).to.deep.equal(bytes(2));
    expect(files()).to.deep.equal(['book.data', 'lock']);
    next.close();
    expect(files()).to.deep.equal(['book.data']);
  });

  it('copy what they are given', async () => {
    const at = storage();
    const given = bytes(1, 2, 3);
    const done = saved(given, at);
    given.fill(9);
    await done;
    expect(storage().load('book')).to.deep.equal(bytes(1, 2, 3));
  });

  it('of a killed process leave nothing behind', async () => {
    await twice();
    for (const file of ['book.123-abc.tmp', 'books.1-a.tmp', 'book.tmp.data']) writeFileSync(path(file), 'x');
    storage().load('book');
    expect(files()).to.deep.equal(['book.data', 'book.old', 'book.tmp.data', 'books.1-a.tmp']);
  });

  it('have names that lead nowhere else', () => {
    for (const name of ['', '.', '..', 'a/b', 'A', 'a.b', '-a', 'a'.repeat(65), 'a\0']) {
      expect(() => storage().load(name), name).to.throw('a name has 1 to 64');
      expect(() => storage().save(name, bytes()), name).to.throw('a name has 1 to 64');
    }
    expect(storage().load('a'.repeat(64))).to.equal(undefined);
  });
});
