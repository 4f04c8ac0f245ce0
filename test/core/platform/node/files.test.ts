/**
 * @module Key file (row 97): created once with mode 0600, never replaced, and every kind of damage is named.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
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
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NetworkError } from '../../../../core/errors.js';
import { nodeCrypto } from '../../../../core/platform/node/crypto-node.js';
import { loadOrCreateIdentity } from '../../../../core/platform/node/files.js';
import { Identity } from '../../../../core/security/identity.js';
import { bytes, hex, seededRandom } from '../../security/support.js';

const SEED = bytes('5a'.repeat(32));

describe('row 97: the key file', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-key-'));
    path = join(folder, 'node.key');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const warnings: unknown[] = [];
  const log = { warn: (...line: unknown[]) => void warnings.push(line) };
  const load = (seed = 1): Identity => loadOrCreateIdentity(path, nodeCrypto, seededRandom(seed), log);

  /** The text of the error that a file with this content gives, after checking its code and that it names the file. */
  function refusal(): string {
    try {
      load();
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      expect([error.code, error.details]).deep.equal(['KEY_FILE_INVALID', { path }]);
      expect(error.message).include(path);
      return error.message;
    }
    throw new Error('the file was accepted');
  }

  function refusalOf(content: string | Uint8Array, mode = 0o600): string {
    writeFileSync(path, content);
    chmodSync(path, mode);
    const text = refusal();
    expect(readFileSync(path), 'it is never replaced').deep.equal(Buffer.from(content));
    return text;
  }

  it('is created when it is missing, with mode 0600 whatever the umask, and nothing is left beside it', () => {
    const umask = process.umask(0o277);
    const created = load();
    process.umask(umask);
    expect(statSync(path).mode & 0o777).equal(0o600);
    expect(readdirSync(folder)).deep.equal(['node.key']);
    expect(load(2).nodeId, 'the next start finds the same').equal(created.nodeId);
  });

  it('has a text form with version, type, node id, seed and checksum', () => {
    const identity = load();
    const [version, type, node, seed, checksum, rest] = readFileSync(path, 'utf8').split('\n');
    expect([version, type, node, seed, rest]).deep.equal([
      'meshwright-key 1',
      'type ed25519',
      `node ${identity.nodeId}`,
      `seed ${hex(identity.exportSeed())}`,
      '',
    ]);
    const lines = `${[version, type, node, seed].join('\n')}\n`;
    expect(checksum).equal(`checksum ${hex(nodeCrypto.sha256(Buffer.from(lines)))}`);
  });

  it('is taken with a warning when its group may read it, as mounted secrets are (kind 13, row 97)', () => {
    load();
    for (const mode of [0o440, 0o640]) {
      warnings.length = 0;
      chmodSync(path, mode);
      expect(load(2).nodeId).equal(Identity.generate(nodeCrypto, seededRandom(1)).nodeId);
      expect(warnings).deep.equal([[{ path, mode: mode.toString(8) }, 'the key file may be read by its group']]);
    }
  });

  it('is refused when others may do anything with it, or its group more than read it, and taken when only the owner may', () => {
    load();
    warnings.length = 0;
    for (const mode of [0o604, 0o660, 0o620, 0o650, 0o601, 0o644, 0o777]) {
      chmodSync(path, mode);
      expect(refusal(), mode.toString(8)).include(`mode ${mode.toString(8)}`);
    }
    for (const mode of [0o600, 0o400, 0o700]) {
      chmodSync(path, mode);
      expect(load(2).nodeId).equal(Identity.generate(nodeCrypto, seededRandom(1)).nodeId);
    }
    expect(warnings).deep.equal([]);
  });

  it('is refused when it is empty, truncated at any length, or longer', () => {
    load();
    const text = readFileSync(path, 'utf8');
    expect(refusalOf('')).include('is empty');
    for (let length = 1; length < text.length; length++)
      expect(refusalOf(text.slice(0, length)), `${length}`).include('damaged or cut short');
    expect(refusalOf(`${text}\n`)).include('damaged');
    expect(refusalOf(text + text)).include('damaged');
    expect(refusalOf(new Uint8Array(5_000))).include('too long');
  });

  it('is refused when any byte of it is another', () => {
    load();
    const content = readFileSync(path);
    for (let index = 0; index < content.length; index++) {
      const changed = Buffer.from(content);
      changed[index] = (changed[index] as number) ^ 1;
      refusalOf(changed);
    }
  });

  it('is refused when its parts are well-formed and do not belong together', () => {
    const { nodeId } = Identity.fromSeed(SEED, nodeCrypto);
    const fileOf = (node: string, seed: string): string => {
      const lines = `meshwright-key 1\ntype ed25519\nnode ${node}\nseed ${seed}\n`;
      return `${lines}checksum ${hex(nodeCrypto.sha256(Buffer.from(lines)))}\n`;
    };
    expect(refusalOf(fileOf('00'.repeat(32), '5a'.repeat(32)))).include('another node id');
    expect(refusalOf(fileOf(nodeId, '5a'.repeat(32)).replace(/checksum .*/, `checksum ${'00'.repeat(32)}`))).include('checksum');
    writeFileSync(path, fileOf(nodeId, '5a'.repeat(32)));
    expect(load().nodeId).equal(nodeId);
  });

  it('is refused when it is another kind of file or version', () => {
    expect(refusalOf('meshwright-key 2\nanything\n')).include('version');
    expect(refusalOf('-----BEGIN PRIVATE KEY-----\n')).include('not a Meshwright key file');
    expect(refusalOf('{"seed":"5a"}')).include('not a Meshwright key file');
    expect(refusalOf(SEED)).include('not a Meshwright key file');
  });

  it('shows nothing of the file in the error', () => {
    load();
    const seed = /seed (\w+)/.exec(readFileSync(path, 'utf8'))?.[1] as string;
    expect(refusalOf(readFileSync(path, 'utf8').replace('type', 'tipe'))).not.include(seed.slice(0, 8));
  });

  it('is refused when a directory, a socket or a dangling link stands in its place', async () => {
    mkdirSync(path);
    expect(refusal()).include('is a directory');
    rmSync(path, { recursive: true });
    const server = createServer().listen(path);
    await once(server, 'listening');
    expect(refusal()).include('not a regular file');
    server.close();
    await once(server, 'close');
    symlinkSync(join(folder, 'nowhere'), path);
    expect(refusal()).include('cannot be created');
  });

  it('may be a link to a good file', () => {
    const identity = loadOrCreateIdentity(join(folder, 'real.key'), nodeCrypto, seededRandom(1), log);
    symlinkSync(join(folder, 'real.key'), path);
    expect(load(2).nodeId).equal(identity.nodeId);
  });

  it('is refused when its directory is missing or is a file', () => {
    path = join(folder, 'absent', 'node.key');
    expect(refusal()).include('directory does not exist');
    writeFileSync(join(folder, 'file'), '');
    path = join(folder, 'file', 'node.key');
    expect(refusal()).include('not a directory');
    expect(existsSync(join(folder, 'absent'))).equal(false);
  });

  it('is one and the same for four processes that create it at once', async () => {
    const children = Array.from({ length: 4 }, () => creator(path));
    await Promise.all(children.map(async (child) => once(child.stdout as NonNullable<typeof child.stdout>, 'data')));
    const answers = children.map(answerOf);
    for (const child of children) child.stdin?.end('go');
    const ids = await Promise.all(answers);
    expect(new Set(ids).size).equal(1);
    expect(ids[0]).equal(load().nodeId);
    expect(readdirSync(folder)).deep.equal(['node.key']);
  });
});

/** A process that says `ready`, waits for its input to end, then creates or loads the key file and prints the node id. */
function creator(path: string): ChildProcess {
  const base = new URL('../../../../core/platform/node/', import.meta.url);
  const script = `
    import { randomBytes } from 'node:crypto';
    import { nodeCrypto } from '${new URL('crypto-node.js', base)}';
    import { loadOrCreateIdentity } from '${new URL('files.js', base)}';
    process.stdout.write('ready ');
    process.stdin.resume().on('end', () => {
      const random = { bytes: (count) => new Uint8Array(randomBytes(count)), float: () => 0 };
      process.stdout.write(loadOrCreateIdentity(${JSON.stringify(path)}, nodeCrypto, random, console).nodeId);
    });`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function answerOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = await once(child, 'close');
  expect(code).equal(0);
  return text.trim();
}
