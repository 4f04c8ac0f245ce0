/** @module Every example runs by itself and prints what the docs show. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createNode, type NetworkError, type NodeId, toNode } from '../../index.js';
import { compiled, Program } from '../cli/program.js';
import { whyNoMulticast } from '../core/platform/node/lan/probe.js';
import { shownOutput, withoutNumbers } from '../docs/pages.js';

const ID = '[0-9a-f]{8}';

describe('examples', () => {
  let programs: Program[];
  const run = (name: string, ...args: string[]) => {
    const program = new Program([compiled(`examples/${name}.js`), ...args]);
    programs.push(program);
    return program;
  };
  /** What it prints, when it ends well: what the docs show. */
  const printed = async (name: string, ...args: string[]) => {
    const program = run(name, ...args);
    expect([await program.end(), program.errors]).to.deep.equal([0, '']);
    const shown = withoutNumbers(shownOutput(`examples/${name}.ts`))
      .trim()
      .split('\n');
    expect(program.lines.map(withoutNumbers), 'what the docs show').to.deep.equal(shown);
    return program.lines;
  };
  beforeEach(() => {
    programs = [];
  });
  afterEach(() => Promise.all(programs.map((program) => program.kill())));

  it('are those that are tested here', () => {
    const names = readdirSync(compiled('examples')).filter((name) => name.endsWith('.js'));
    expect(names.sort()).to.deep.equal([
      'browser.js',
      'chat.js',
      'container.js',
      'custom-router.js',
      'decorators.js',
      'dht.js',
      'echo.js',
      'envelopes.js',
      'file-transfer.js',
      'hand-over.js',
      'hello.js',
      'lan.js',
      'learning-router.js',
      'nat.js',
      'partition.js',
      'peering.js',
      'peers.js',
      'presence.js',
      'pubsub.js',
      'rpc-streaming.js',
      'service.js',
      'shared-map.js',
      'swap-router.js',
      'switch.js',
      'tunnel.js',
      'work-queue.js',
    ]);
  });

  it('shared-map: ten lines with imports, and the value of another node', async () => {
    await printed('shared-map');
    const source = readFileSync(new URL('../../../examples/shared-map.ts', import.meta.url), 'utf8');
    expect(source.split('\n').filter((line) => line !== '' && !line.startsWith('/**'))).to.have.length.at.most(10);
  });

  it('nat: a relayed connection that becomes direct, with nothing lost (USERS 21)', async () => {
    await printed('nat');
  });

  it('presence: who carries a tag comes and goes (ATM-68)', async () => {
    await printed('presence');
  });

  it('switch: two spaces in one process, of which one has members (TH-08, TH-12)', async () => {
    await printed('switch');
  });

  it('tunnel: ordinary programs use a web server and a port of another node (TH-12)', async () => {
    await printed('tunnel');
  });

  it('hello: a welcome, and a typed reply', async () => {
    const lines = await printed('hello');
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(new RegExp(`^message from ${ID}: welcome$`));
    expect(lines[1]).to.equal(`reply from ${lines[0]?.slice('message from '.length, -': welcome'.length)}: Hello world`);
  });

  it('echo: a handler for each connection', async () => {
    expect(await printed('echo')).to.deep.equal(['echo: hello']);
  });

  it('swap-router: no call fails and none is made twice while the tables are exchanged', async () => {
    expect(await printed('swap-router')).to.deep.equal([
      'calls were made while three tables were exchanged: more than 100, failed: 0',
      'each was handled once: true',
    ]);
  });

  it('container: objects of the application and of the node get each other', async () => {
    expect(await printed('container')).to.deep.equal(['3 florins', 'tea was asked for; services go local']);
  });

  it('decorators: methods and streams are those that are decorated', async () => {
    const lines = await printed('decorators');
    expect([lines[0], lines.at(-1)]).to.deep.equal(['the square is 144', 'secret: RPC_METHOD_UNKNOWN']);
  });

  it('envelopes: a busy worker stops the office, and the connection is given back', async () => {
    expect((await printed('envelopes')).at(-1)).to.equal('removed: the connection is open, 0 envelopes were not sent');
  });

  it('rpc-streaming: streams as arguments, both ways, and bytes larger than a message', async () => {
    const lines = await printed('rpc-streaming');
    expect(lines).to.deep.equal(['sum 500500', 'so far 1', 'so far 3', 'so far 6', 'so far 10', 'stored 5000000', 'loaded 5000000']);
  });

  it('file-transfer: a file that arrives in two parts is the same on both sides', async () => {
    expect((await printed('file-transfer')).at(-1)).to.equal('SHA-256 is the same on both sides');
  });

  it('custom-router: an own table keeps the contract and reaches over two hops', async () => {
    const lines = await printed('custom-router');
    expect(lines[0]).to.match(/^the table keeps the contract of router tables: all \d+ checks hold$/);
    expect(lines.slice(1)).to.deep.equal(['cleo answers bob over the hub: Hello leaf', 'the hub has passed on 2 messages']);
  });

  it('learning-router: an own table that learns finds the shorter way round, and the longer one when a node dies', async () => {
    const lines = await printed('learning-router');
    const pathOf = (count: number) => Array.from({ length: count }, () => ID).join(', ');
    expect(lines[0]).to.match(/^the table reaches everybody in any mesh: all \d+ checks hold$/);
    expect(lines[1]).to.match(new RegExp(`^formed: to bob via ${pathOf(2)}$`));
    expect(lines[3]).to.match(new RegExp(`^without n1: to bob via ${pathOf(4)}$`));
    expect([lines[2], lines[4]]).to.deep.equal(['Hello ada', 'Hello ada']);
  });

  it('peers: one address is enough, and after a restart none is needed', async () => {
    const lines = await printed('peers');
    expect(lines[0]).to.equal('cleo was given one address and is connected to ada, bob');
    expect(lines.slice(3)).to.deep.equal(['after the restart cleo remembers ada, bob', 'cleo, without any seed, is connected to bob']);
  });

  it('peering: a flood that does not come back, and a frame that waits for a hub', async () => {
    expect(await printed('peering')).to.have.length(5);
  });

  it('partition: the same seed gives the same run in two processes', async () => {
    const [first, again] = await Promise.all([printed('partition', '7'), printed('partition', '7')]);
    expect(again).to.deep.equal(first);
    expect(first[0]).to.match(/^formed: \d+ links; a broadcast reaches 60 of 60 nodes within \d+ ms$/);
    expect(first[1]).to.match(/^partitioned: \d+ links; a broadcast reaches 30 of 60 nodes within \d+ ms$/);
    expect(first[2]).to.match(/^healed: \d+ links; a broadcast reaches 60 of 60 nodes within \d+ ms$/);
    expect(first[3]).to.match(/^\d+ s of virtual time, \d+ events, trace [0-9a-f]{16}$/);
  }).timeout(120_000);

  it('lan: two nodes find each other without any address, where the machine can multicast', async function () {
    this.timeout(60_000);
    const flaw = await whyNoMulticast();
    if (flaw !== undefined) {
      console.warn(`      skipped, because this machine cannot multicast: ${flaw}`);
      this.skip();
    }
    const network = `lan-example-${process.pid}-${Date.now()}`;
    const both = [run('lan', network), run('lan', network)];
    await Promise.all(both.map((program) => program.next(new RegExp(`^this is ${ID}; waiting for others of the network `))));
    await Promise.all(both.map((program) => program.next(new RegExp(`^${ID} is here, at `))));
    const [first, second] = both as [Program, Program];
    expect(await first.eof().end()).to.equal(0);
    await second.next(new RegExp(`^${ID} has left$`));
    expect(await second.eof().end()).to.equal(0);
    await second.next(/^valid announcements: \d+$/);
    expect(first.complaints + second.complaints).to.equal('');
  });

  it('work-queue: a worker is killed in the midst of a job, and another one does it', () => printed('work-queue'));

  it('pubsub: two displays get each reading once, also over a relay that ends', async () => {
    const program = run('pubsub');
    expect(await program.end()).to.equal(0);
    expect(program.lines).to.deep.equal([
      'reading 1: 20.5 degrees, sent in 1 copy',
      'reading 2: 21 degrees, sent in 1 copy',
      'reading 3: 21.5 degrees, sent in 1 copy',
      'publishes reading@home/kitchen/temperature: its messages come here',
    ]);
  });

  it('dht: finds who is closest to a key, connects to a node of which it knows the id alone, and gets what another one has put', async () => {
    const lines = await printed('dht');
    expect(lines[0]).to.match(/^closest to 'breakfast': [0-9a-f]{8}, found among [1-9][0-9]* nodes$/);
    expect(lines[1]).to.match(/^asked [1-9][0-9]* nodes, the closest of them [0-4] links away$/);
    expect(lines.slice(2)).to.deep.equal(['connected to the last node by its id', 'kept by enough nodes: ham and eggs']);
  });

  it('service (kind 19): the environment configures it, HTTP shows it, and SIGTERM ends it after the call in work', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'meshwright-service-'));
    const env = { ...process.env, MESH_LISTEN: 'tcp://127.0.0.1:0', OPERATION_PORT: '0', MESH_DATA: join(directory, 'data') };
    const start = async (more: NodeJS.ProcessEnv = {}) => {
      const program = new Program([compiled('examples/service.js')], { env: { ...env, ...more } });
      programs.push(program);
      const address = /tcp:\S+/.exec(await program.next(/^listening at /))?.[0] as string;
      const url = /http:\S+(?=\/metrics$)/.exec(await program.next(/^metrics at /))?.[0] as string;
      return { program, address, url };
    };
    const status = async (url: string) => (await fetch(url)).status;
    const { program, address, url } = await start();
    expect(await Promise.all(['healthz', 'readyz'].map((path) => status(`${url}/${path}`)))).to.deep.equal([200, 200]);
    await using caller = await createNode({ seeds: [address], logger: 'silent' });
    await caller.start();
    const [{ nodeId } = { nodeId: '' as NodeId }] = await caller.whenConnected(1, { timeoutMs: 60_000 });
    const answer = caller.call(toNode(nodeId), 68, 'report', { subject: 'tea', takesMs: 500 }, { timeoutMs: 60_000 });
    await program.next(/^working on "tea"$/);
    expect(await (await fetch(`${url}/metrics`)).text()).to.contain('\nmeshwright_connections_open 1\n');
    program.signal('SIGTERM');
    expect(await answer).to.deep.equal({ text: 'nothing new about tea' });
    expect([await program.end(), program.lines.at(-1), program.complaints]).to.deep.equal([0, 'stopped', '']);

    const again = await start({ DRAIN_MS: '60000' });
    const [{ nodeId: sameId } = { nodeId: '' as NodeId }] = [await caller.connect(again.address)];
    expect(sameId, 'the identity is kept').to.equal(nodeId);
    const lost = caller.call(toNode(nodeId), 68, 'report', { subject: 'milk', takesMs: 60_000 }, { timeoutMs: 60_000 });
    const outcome = lost.catch(({ code }: NetworkError) => code);
    await again.program.next(/^working on "milk"$/);
    again.program.signal('SIGINT').signal('SIGTERM');
    expect([await outcome, await again.program.end()]).to.deep.equal(['RPC_PEER_GONE', 0]);
    rmSync(directory, { recursive: true });
  });

  it('chat: three users in three processes receive one another, over the one that listens', async () => {
    const ada = run('chat', '--name', 'ada', '--listen', 'tcp://127.0.0.1:0');
    const address = /tcp:\S+/.exec(await ada.next(/listening at/))?.[0] as string;
    const [bob, cleo] = [run('chat', '--name', 'bob', '--seed', address), run('chat', '--name', 'cleo', '--seed', address)];
    await Promise.all([bob, cleo].map((program) => program.next(/^\* connected to /)));
    await ada.next(/has connected$/);
    await ada.next(/has connected$/);

    ada.say('good morning');
    await Promise.all([bob, cleo].map((program) => program.next(new RegExp(`^ada \\(${ID}\\): good morning$`))));
    bob.say('hello \u001b[31mcleo');
    await Promise.all([ada, cleo].map((program) => program.next(new RegExp(`^bob \\(${ID}\\): hello \\?\\[31mcleo$`))));

    expect(await bob.eof().end()).to.equal(0);
    await ada.next(/has disconnected$/);
    cleo.say('goodbye');
    await ada.next(/^cleo .*: goodbye$/);
    expect(await Promise.all([cleo.eof().end(), ada.eof().end()])).to.deep.equal([0, 0]);
    expect(ada.lines.join(), 'no user receives his own lines').not.to.include('good morning');
    expect(ada.errors + bob.errors + cleo.errors).to.equal('');
  });
});
