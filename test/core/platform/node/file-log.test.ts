/**
 * @module FileLog on a real file system: what was reported as durable is read back, whatever was cut, flipped or left behind.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { NetworkError } from '../../../../core/index.js';
import { FileLog } from '../../../../core/platform/node/file-log.js';

describe('FileLog', () => {
  let directory: string;
  let path: string;
  const record = (text: string) => new TextEncoder().encode(text);
  const append = (log: FileLog, text: string) => new Promise<NetworkError | undefined>((resolve) => log.append(record(text), resolve));
  const compact = (log: FileLog, ...texts: string[]) =>
    new Promise<NetworkError | undefined>((resolve) => log.compact(texts.map(record), resolve));
  const close = (log: FileLog) => new Promise<void>((resolve) => log.close(resolve));
  let damaged = 0;
  const read = (log: FileLog) => {
    const texts: string[] = [];
    damaged = log.replay((bytes) => texts.push(new TextDecoder().decode(bytes)));
    return texts;
  };
  const opened = () => {
    const log = new FileLog(path);
    read(log);
    return log;
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'file-log-'));
    path = join(directory, 'data', 'maps.log');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('is refused without a path', () => {
    for (const path of [undefined, null, '', 5, {}]) expect(() => new FileLog(path as never)).to.throw(/^FileLog: .* the path of a file/);
  });

  it('gives back what was durable, in order, and goes on from there', async () => {
    const log = opened();
    expect(await Promise.all(['a', '', 'ccc'].map((text) => append(log, text)))).to.deep.equal([undefined, undefined, undefined]);
    await close(log);
    const again = new FileLog(path);
    expect(read(again)).to.deep.equal(['a', '', 'ccc']);
    await append(again, 'd');
    await close(again);
    expect(read(new FileLog(path))).to.deep.equal(['a', '', 'ccc', 'd']);
  });

  it('cuts off what is half written: at every byte the records before it are there, and it goes on (row 52)', async () => {
    const log = opened();
    for (const text of ['one', 'two', 'three']) await append(log, text);
    await close(log);
    const whole = readFileSync(path);
    const ends = [17, 17 + 23, 17 + 46, 17 + 71];
    expect(whole.length).to.equal(ends[3]);
    for (let end = 0; end <= whole.length; end++) {
      writeFileSync(path, whole.subarray(0, end));
      const cut = new FileLog(path);
      const count = ends.filter((one) => one <= end).length - 1;
      expect(read(cut), `cut at ${end}`).to.deep.equal(['one', 'two', 'three'].slice(0, Math.max(0, count)));
      if (end % 7 !== 0) continue;
      await append(cut, 'new');
      await close(cut);
      expect(read(new FileLog(path)).at(-1), `after a cut at ${end}`).to.equal('new');
    }
  });

  it('does not trust a flipped bit, and reads what comes after it (rows 52, 53)', async () => {
    const log = opened();
    for (const text of ['one', 'two', 'three']) await append(log, text);
    await close(log);
    const whole = readFileSync(path);
    for (let at = 17; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] as number) ^ 0x10;
      writeFileSync(path, flipped);
      const texts = read(new FileLog(path));
      for (const text of texts) expect(['one', 'two', 'three']).to.include(text);
      expect(texts, `flipped at ${at}`).to.have.lengthOf(2);
      // A last record that is not whole may be what a crash has left.
      expect(damaged, `flipped at ${at}`).to.equal(texts.includes('three') ? 1 : 0);
    }
  });

  it('starts with whatever is in its place: nothing, zeros, noise, a directory (row 53)', async () => {
    const log = opened();
    await close(log);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(5_000), Buffer.from('meshwright-log 9\nnonsense'), Buffer.alloc(70_000, 0xff)]) {
      writeFileSync(path, bytes);
      const next = new FileLog(path);
      expect(read(next)).to.deep.equal([]);
      expect(await append(next, 'a')).to.equal(undefined);
      await close(next);
      expect(read(new FileLog(path))).to.deep.equal(['a']);
    }
  });

  it('is replaced by what is held; what is appended meanwhile comes after it, and nothing is left behind', async () => {
    const log = opened();
    for (let index = 0; index < 50; index++) await append(log, `old ${index}`);
    const done = compact(log, 'x', 'y');
    const during = Promise.all(['d', 'e'].map((text) => append(log, text)));
    expect([await done, ...(await during)]).to.deep.equal([undefined, undefined, undefined]);
    await append(log, 'f');
    await close(log);
    const texts = read(new FileLog(path));
    expect(texts.slice(0, 2)).to.deep.equal(['x', 'y']);
    expect(texts.slice(-3)).to.deep.equal(['d', 'e', 'f']);
    expect(readdirSync(join(directory, 'data'))).to.deep.equal(['maps.log']);
    writeFileSync(`${path}.123-abc.tmp`, 'left by a process that was killed');
    read(new FileLog(path));
    expect(existsSync(`${path}.123-abc.tmp`)).to.equal(false);
  });

  it('is replaced while many write without a pause, again and again', async () => {
    const log = opened();
    let isOver = false;
    let last = 0;
    const writer = async () => {
      while (!isOver) expect(await append(log, `n${++last}`)).to.equal(undefined);
    };
    const writers = Promise.all([writer(), writer(), writer()]);
    for (let round = 0; round < 10; round++) expect(await compact(log, `round ${round}`)).to.equal(undefined);
    isOver = true;
    await writers;
    await close(log);
    const texts = read(new FileLog(path));
    expect(texts[0]).to.equal('round 9');
    expect(texts.at(-1)).to.equal(`n${last}`);
  });

  it('a failure is reported to everybody who appends, until the log was replaced', async () => {
    const log = opened();
    await append(log, 'a');
    await close(log);
    rmSync(path);
    expect((await append(log, 'b'))?.code).to.equal('STORAGE_FAILED');
    expect((await append(log, 'c'))?.code).to.equal('STORAGE_FAILED');
    const replaced = compact(log, 'a', 'b');
    // What comes while it is replaced is in the new one: else writers without a pause would keep it broken.
    expect(await append(log, 'd')).to.equal(undefined);
    expect(await replaced).to.equal(undefined);
    expect(await append(log, 'e')).to.equal(undefined);
    await close(log);
    expect(read(new FileLog(path))).to.deep.equal(['a', 'b', 'd', 'e']);
  });

  it('a replacement that fails leaves nobody waiting, and nothing gathers for it', async () => {
    const log = opened();
    rmSync(join(directory, 'data'), { recursive: true });
    expect((await append(log, 'a'))?.code).to.equal('STORAGE_FAILED');
    const replaced = compact(log, 'a');
    const during = append(log, 'b');
    expect([(await replaced)?.code, (await during)?.code]).to.deep.equal(['STORAGE_FAILED', 'STORAGE_FAILED']);
    await close(log);
  });

  it('starts in time whatever a damaged length is followed by: the search has an end (row 53)', function () {
    this.timeout(20_000);
    const log = opened();
    const head = readFileSync(log.path);
    // Every offset looks like a record of 64 KiB.
    const traps = Buffer.alloc(3_000_000).fill(Buffer.from([0, 1, 0, 1]));
    writeFileSync(path, Buffer.concat([head, traps]));
    expect(read(new FileLog(path))).to.deep.equal([]);
    expect(readFileSync(path).length).to.equal(head.length);
  });

  it('a compaction that is under way when it is closed ends with it, and takes nothing from whoever opens the file next', async () => {
    const log = opened();
    await append(log, 'a');
    const replaced = compact(log, 'a');
    await close(log);
    expect(readdirSync(join(directory, 'data')), 'nothing goes on behind its back').to.deep.equal(['maps.log']);
    const next = opened();
    expect(await append(next, 'b')).to.equal(undefined);
    expect((await replaced)?.code).to.equal('STORAGE_FAILED');
    await close(next);
    expect(read(new FileLog(path))).to.deep.equal(['a', 'b']);
    expect(readdirSync(join(directory, 'data'))).to.deep.equal(['maps.log']);
  });
});
