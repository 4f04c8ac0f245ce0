/** @module Kind 7: a data directory belongs to one running node, whatever its holder came to, and what it holds to one node and space. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AddressBookBehavior } from '../../../../behaviours/index.js';
import type { MeshNode, NetworkError, NodeOptions } from '../../../../core/index.js';
import { DirectoryLock } from '../../../../core/platform/node/directory-lock.js';
import { FileStorage } from '../../../../core/platform/node/file-storage.js';
import { createNode, Identity } from '../../../../index.js';
import { seededIdentity } from '../../../../testing/index.js';

const OWNER = { nodeId: seededIdentity('owner').nodeId, network: 'public' };

describe('kind 7: the lock of a data directory', () => {
  let folder: string;
  let lines: string[];
  let slept: number[];
  /** What happens while somebody waits. */
  let meanwhile: () => void;
  const held: DirectoryLock[] = [];
  const path = () => join(folder, 'lock');
  const textOf = () => readFileSync(path(), 'latin1');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-lock-'));
    lines = [];
    slept = [];
    meanwhile = () => undefined;
  });
  afterEach(() => {
    for (const lock of held.splice(0)) lock.release();
    rmSync(folder, { recursive: true });
  });

  async function take(holder: object = {}): Promise<DirectoryLock> {
    const note = (_fields: object, text: string) => void lines.push(text);
    const sleep = async (ms: number) => {
      slept.push(ms);
      meanwhile();
    };
    const lock = await DirectoryLock.take(folder, { log: { info: note, error: note }, holder, sleep });
    held.push(lock);
    return lock;
  }
  const refused = () =>
    take().then(
      () => expect.fail('it was taken'),
      (error: NetworkError) => error,
    );
  /** The lock of a process like this one but for some facts. */
  async function left(facts: object): Promise<void> {
    const lock = await take();
    const owner = JSON.parse(textOf());
    lock.release();
    writeFileSync(path(), JSON.stringify({ ...owner, process: { ...owner.process, ...facts } }));
  }
  const TAKEN_OVER = 'the lock of a process that has ended is taken over';

  it('refuses everybody else while its process lives, and says who that is; it is free after the release', async () => {
    const lock = await take({ name: 'first' });
    const error = await refused();
    expect([error.code, error.details['directory'], slept]).to.deep.equal(['DATA_DIRECTORY_IN_USE', folder, []]);
    expect(error.message).to.include(folder).and.to.include(`process ${process.pid}`).and.to.include('first');
    lock.release();
    await take();
    expect([lines, readdirSync(folder)]).to.deep.equal([[], ['lock']]);
  });

  it('is taken over at once when its process is dead, or its pid is another process’s by now', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    for (const facts of [{ pid }, { startedAt: '1' }]) {
      await left(facts);
      (await take()).release();
    }
    expect([lines, slept]).to.deep.equal([[TAKEN_OVER, TAKEN_OVER], []]);
  });

  it('of another boot or pid namespace, or of nobody, is taken over when it is not touched for 3 s, and else never', async () => {
    const leave = [() => left({ boot: 'x' }), () => left({ namespace: 'pid:[1]' }), async () => writeFileSync(path(), 'anything')];
    for (const leaveOne of leave) {
      await leaveOne();
      meanwhile = () => utimesSync(path(), 1, 1);
      expect((await refused()).code).to.equal('DATA_DIRECTORY_IN_USE');
      meanwhile = () => undefined;
      (await take()).release();
    }
    expect([lines, slept]).to.deep.equal([new Array(3).fill(TAKEN_OVER), new Array(6).fill(3_000)]);
  });

  it('that another process has taken over meanwhile stays with that one', async () => {
    await left({ boot: 'x' });
    meanwhile = () => writeFileSync(path(), 'of another process');
    expect((await refused()).code).to.equal('DATA_DIRECTORY_IN_USE');
    expect([textOf(), readdirSync(folder)]).to.deep.equal(['of another process', ['lock']]);
  });

  it('that is gone, or another one’s, is known as lost, once and for all, and leaves the other one alone', async () => {
    const lock = await take();
    expect([await lock.isHeld(), lines]).to.deep.equal([true, []]);
    const text = textOf();
    writeFileSync(path(), 'of another process');
    expect([await lock.isHeld(), await lock.isHeld()]).to.deep.equal([false, false]);
    expect(lines).to.deep.equal(['the lock of the data directory is gone: nothing is saved any more']);
    lock.release();
    expect(textOf()).to.equal('of another process');
    writeFileSync(path(), text);
    expect(await lock.isHeld()).to.equal(false);
  });
});

describe('kind 7: the data directory of a node', () => {
  let folder: string;
  const nodes: MeshNode[] = [];
  const made = async (options: NodeOptions) => {
    const node = await createNode({ logger: 'silent', ...options });
    nodes.push(node);
    return node;
  };
  const codeOf = (options: NodeOptions) =>
    made(options).then(
      () => 'made',
      ({ code }: NetworkError) => code,
    );

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-lock-'));
  });
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop();
    rmSync(folder, { recursive: true });
  });

  it('is one node’s alone from createNode on, until it has stopped or was killed', async () => {
    const dataDirectory = join(folder, 'data');
    const first = await made({ dataDirectory });
    expect(await codeOf({ dataDirectory })).to.equal('DATA_DIRECTORY_IN_USE');
    await first.start();
    await first.stop();
    const second = await made({ dataDirectory });
    await second.start();
    expect(await codeOf({ dataDirectory })).to.equal('DATA_DIRECTORY_IN_USE');
    second.kill();
    expect(await codeOf({ dataDirectory })).to.equal('made');
  });

  it('is free again when the node is refused for something else', async () => {
    expect(await codeOf({ dataDirectory: folder, behaviors: [AddressBookBehavior] })).to.equal('BEHAVIOR_DUPLICATE');
    expect(await codeOf({ dataDirectory: folder })).to.equal('made');
  });

  it('that cannot be used is refused, with its path and the reason', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const [dataDirectory, reason] of [
      [file, 'a file is in its place'],
      [join(file, 'below'), 'not a directory'],
    ] as const) {
      const error = await made({ dataDirectory }).then(
        () => expect.fail('it was made'),
        (cause: NetworkError) => cause,
      );
      expect(error.code).to.equal('DATA_DIRECTORY_UNUSABLE');
      expect(error.message).to.include(dataDirectory).and.to.include(reason);
    }
  });

  it('that the system cannot make is refused, where a recursive mkdir goes round for ever', function () {
    if (process.platform !== 'linux') this.skip();
    const script = `import { createNode } from ${JSON.stringify(new URL('../../../../index.js', import.meta.url).href)};
      for (const dataDirectory of ['/proc/meshwright', '/proc/meshwright/a/b']) console.log(await createNode({ dataDirectory }).catch(({ message }) => message));`;
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 30_000, encoding: 'utf8' });
    const refusal = (path: string) => `the data directory ${path} cannot be used: no directory can be made there\n`;
    expect([status, stdout]).to.deep.equal([0, refusal('/proc/meshwright') + refusal('/proc/meshwright/a/b')]);
  });

  it('is made with all those above it, for its owner only', async () => {
    const dataDirectory = join(folder, 'a', 'b', 'c');
    await made({ dataDirectory });
    for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(join(folder, path)).mode & 0o777).to.equal(0o700);
  });

  it('has nothing for another node, nor for another space: their books are not taken in', async () => {
    const identity = Identity.generate();
    const known = async (options: NodeOptions) => {
      const node = await made({ dataDirectory: folder, ...options });
      await node.start();
      const { length } = node.behavior(AddressBookBehavior).entries();
      await node.stop();
      return length;
    };
    const first = await made({ dataDirectory: folder, identity });
    await first.start();
    first.behavior(AddressBookBehavior).addPeers([`tcp://${seededIdentity('peer').nodeId}@127.0.0.1:1`]);
    await first.stop();
    expect(await known({ identity: Identity.generate() })).to.equal(0);
    expect(await known({ identity, network: 'other' })).to.equal(0);
    expect(await known({ identity })).to.equal(1);
  });

  it('that another process has taken is not written any more', async () => {
    const warnings: string[] = [];
    const note = (_fields: object, text: string) => void warnings.push(text);
    const storage = new FileStorage(folder, { warn: note, error: note, info: note } as never, OWNER);
    await storage.open();
    const saved = () => new Promise<NetworkError | undefined>((resolve) => storage.save('book', Uint8Array.of(1), resolve));
    expect([await saved(), storage.isLasting]).to.deep.equal([undefined, true]);
    writeFileSync(join(folder, 'lock'), 'of another process');
    expect([(await saved())?.code, (await saved())?.code, storage.isLasting]).to.deep.equal(['STORAGE_FAILED', 'STORAGE_FAILED', false]);
    expect(warnings).to.deep.equal(['the lock of the data directory is gone: nothing is saved any more']);
    storage.close();
  });
});
