/** @module Tests of the address book on real sockets and real files: S3, LAN by a static address (USERS 20), rows 14 and 29, restarts. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { AddressBookBehavior, type AddressBookOptions } from '../../../behaviours/addressbook/index.js';
import { createNode, Identity, type MeshNode, type NodeEvents, type NodeOptions } from '../../../index.js';
import { until } from '../../../testing/index.js';
import { bookOf, idOf, isConnected, isFullMesh } from './support.js';

describe('the address book on real sockets', () => {
  let folder: string;
  let nodes: MeshNode[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-book-'));
    nodes = [];
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true });
  });

  async function started(options: NodeOptions = {}, book: AddressBookOptions = {}): Promise<MeshNode> {
    const behaviors = [[AddressBookBehavior, book]] as const;
    const usual = { listen: ['tcp://127.0.0.77:0'], builtins: ['handshake'] as const, behaviors, logger: 'silent' as const };
    const node = await createNode({ ...usual, ...options });
    nodes.push(node);
    await node.start();
    return node;
  }

  const addressOf = (node: MeshNode) => `${node.addresses[0]}`;

  it('S3: A-B-C with only A-B and B-C configured is a full mesh within one period', async () => {
    const b = await started();
    const a = await started({ seeds: [addressOf(b)] });
    const c = await started({ seeds: [addressOf(b)] });
    await until(() => isFullMesh([a, b, c]), 10_000);
    expect(bookOf(a).entry(c.id)?.seq).to.be.a('number');
  });

  it('USERS 20: two nodes meet by a static address', async () => {
    const a = await started();
    const b = await started({ seeds: [addressOf(a)] });
    await until(() => isConnected(a, b) && isConnected(b, a), 30_000);
  });

  it('USERS 20: nodes of different spaces never exchange addresses', async () => {
    const a = await started({ network: 'red' });
    const b = await started({ network: 'blue', seeds: [addressOf(a)] });
    const c = await started({ network: 'red', seeds: [addressOf(a)] });
    await until(() => isConnected(a, c), 5_000);
    await until(() => (b.metrics()['dials_failed_total'] as number) > 0, 5_000);
    expect([bookOf(b).entries(), bookOf(a).entry(b.id), bookOf(c).entry(b.id)]).to.deep.equal([[], undefined, undefined]);
  });

  it('any-addresses are told with the host at which the node is reached (DNDM-41)', async () => {
    const a = await started({ listen: ['tcp://0.0.0.0:0'] });
    const b = await started({ listen: ['tcp://[::]:0'], seeds: [`tcp://127.0.0.1:${a.addresses[0]?.port}`] });
    const c = await started({ listen: ['tcp://127.0.0.78:0'], seeds: [`tcp://127.0.0.1:${a.addresses[0]?.port}`] });
    await until(() => isFullMesh([a, b, c]), 10_000);
    const told = (bookOf(c).entry(b.id)?.addresses ?? []).map(({ text }) => text);
    expect(told).to.include(`tcp://127.0.0.1:${b.addresses[0]?.port}`);
    for (const text of told) expect(text).to.not.match(/0\.0\.0\.0|\[::\]/);
  });

  it('row 14: another name of this very node is dialled once, and known as its own from then on', async () => {
    const a = await started({ listen: ['tcp://0.0.0.0:0'] });
    const b = await started({ seeds: [`tcp://127.0.0.1:${a.addresses[0]?.port}`] });
    await until(() => isConnected(a, b), 5_000);
    const alias = `tcp://127.0.0.99:${a.addresses[0]?.port}`;
    const failed: NodeEvents['dial-failed'][] = [];
    a.on('dial-failed', (event) => failed.push(event));
    bookOf(a).addPeers([alias, `tcp://${idOf('ghost')}@${alias.slice(6)}`]);
    await until(() => failed.length === 2, 5_000);
    expect(failed.map(({ error }) => error.code)).to.have.members(['SELF_DIAL', 'SELF_DIAL']);
    expect(
      bookOf(a)
        .entry(idOf('ghost'))
        ?.addresses.map(({ isWrong }) => isWrong),
    ).to.deep.equal([true]);
    // While a place where nobody answers is dialled four times, nothing goes to the alias.
    bookOf(a).addPeers([`tcp://${idOf('nobody')}@127.0.0.98:9`]);
    await until(() => (bookOf(a).entry(idOf('nobody'))?.addresses[0]?.attempts ?? 0) >= 4, 15_000);
    expect(failed.filter(({ attempt: { target } }) => typeof target !== 'string' && target.host === '127.0.0.99')).to.have.length(2);
  });

  it('remembers over a restart whom it knew, and finds them without a seed', async () => {
    const a = await started();
    const b = await started({ seeds: [addressOf(a)] });
    const options = { identity: join(folder, 'node.key'), dataDirectory: join(folder, 'data') };
    const first = await started({ ...options, seeds: [addressOf(a)] });
    await until(() => isFullMesh([a, b, first]), 10_000);
    await first.stop();
    const second = await started(options);
    await until(() => isFullMesh([a, b, second]), 5_000);
    expect(second.id).to.equal(first.id);
    expect(bookOf(second).entry(b.id)).to.include({ isProven: true });
  });

  it('a seed whose node gets another identity is found again, and the old one is not dialled any more', async () => {
    const old = await started();
    const { port } = old.addresses[0] ?? {};
    const a = await started({ seeds: [addressOf(old)] });
    await until(() => isConnected(a, old), 5_000);
    await old.stop();
    const fresh = await started({ listen: [`tcp://127.0.0.77:${port}`] });
    await until(() => isConnected(a, fresh), 15_000);
    expect(bookOf(a).entry(fresh.id)).to.include({ isPersistent: true });
    expect(bookOf(a).entry(old.id)?.isPersistent ?? false).to.equal(false);
  });

  it('a node that is configured by id and address is reached when it comes, whoever answered there before, also after a restart', async () => {
    const wanted = await Identity.generate();
    const options = { identity: join(folder, 'patient.key'), dataDirectory: join(folder, 'patient') };
    const backoff = { backoff: { maxMs: 1_000 } };
    const other = await started();
    const { port } = other.addresses[0] ?? {};
    const a = await started({ ...options, seeds: [`tcp://${wanted.nodeId}@127.0.0.77:${port}`] }, backoff);
    const wrong = (node: MeshNode) => bookOf(node).entry(wanted.nodeId)?.addresses[0];
    await until(() => (wrong(a)?.attempts ?? 0) >= 3, 10_000);
    expect(wrong(a)).to.include({ isWrong: true });
    await a.stop();
    const again = await started(options, backoff);
    await until(() => (wrong(again)?.attempts ?? 0) >= 5, 10_000);
    await other.stop();
    const back = await started({ identity: wanted, listen: [`tcp://127.0.0.77:${port}`] });
    await until(() => isConnected(again, back), 10_000);
    expect(wrong(again)).to.include({ isWrong: false, failures: 0 });
  });

  it('row 29: a process that is stopped for a while has one new connection with each neighbour afterwards', async () => {
    const limits = { pingIntervalMs: 200, silenceMs: 1_000, openTimeoutMs: 1_000 };
    const [a, b] = [await started({ limits }), await started({ limits })];
    bookOf(b).addPeers([addressOf(a)]);
    const child = fork(fileURLToPath(new URL('./still.child.js', import.meta.url)), [addressOf(a)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    try {
      const [id] = (await once(child, 'message')) as [string];
      const has = (node: MeshNode) => node.connections().some(({ nodeId }) => nodeId === id);
      await until(() => has(a) && has(b), 10_000);
      const opened: string[] = [];
      for (const node of [a, b]) node.on('connected', ({ nodeId }) => opened.push(nodeId));
      const dialsBefore = dialsOf(a, b);
      child.kill('SIGSTOP');
      await until(() => !has(a) && !has(b), 10_000);
      await until(() => dialsOf(a, b) - dialsBefore >= 4, 20_000);
      child.kill('SIGCONT');
      await until(() => has(a) && has(b), 20_000);
      expect(opened.filter((nodeId) => nodeId === id)).to.have.length(2);
      expect([has(a), has(b)]).to.deep.equal([true, true]);
    } finally {
      await ended(child);
    }
  }).timeout(300_000);
});

function dialsOf(...nodes: readonly MeshNode[]): number {
  return nodes.reduce((sum, node) => sum + bookOf(node).counters.dials, 0);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
