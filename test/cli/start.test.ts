/** @module The main job as its users have it: a process with a pipe. Every command once, every end, and nothing that is left behind. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { compiled, Program } from './program.js';

const namesOf = (numbers: readonly number[]) => numbers.map((number) => `node ${number}`).join(', ');

describe('npm start', () => {
  let programs: Program[];
  const start = () => {
    const program = new Program([compiled('cli/meshwright.js'), 'demo']);
    programs.push(program);
    return program;
  };
  beforeEach(() => {
    programs = [];
  });
  afterEach(() => Promise.all(programs.map((program) => program.kill())));

  it('forms five nodes from one address, answers a call, and ends with 0', async () => {
    const program = start().say('call 2 world').say('quit');
    expect(await program.end()).to.equal(0);
    expect(program.lines.slice(0, 2)).to.match(/^starting 5 nodes, each in its own process …,formed in \d+ ms, every link encrypted:$/);
    const nodes = program.lines
      .slice(2, 7)
      .map((line) => /^node (\d) {2}[0-9a-f]{8} {2}tcp:\/\/127\.0\.0\.1:\d+ {2}connected to: (.*)$/.exec(line));
    const others = nodes.map((match) => match?.[2]?.replaceAll(/ \([0-9.]+ ms\)/g, ''));
    const all = [1, 2, 3, 4, 5];
    expect(others).to.deep.equal(all.map((number) => namesOf(all.filter((other) => other !== number))));
    expect(program.lines.slice(7)).to.deep.equal(['reply from node 2: Hello world']);
    expect(program.errors).to.equal('');
  });

  it('sends to a node, to a key and to a service, and shows paths and links', async () => {
    const program = start();
    await program.say('send 3 good morning').next(/^node 3 received: good morning$/);
    await program.say('send key to the hash').next(/^node [1-5] received: to the hash$/);
    await program.say('send 0123456789abcdef to that key').next(/^node [1-5] received: to that key$/);
    await program.say('send service to one of them').next(/^node 1 received: to one of them$/);
    await program.say('routes').next(/^to node 1: local; node [0-9a-f]{8}: it is this node$/);
    for (const number of [2, 3, 4, 5])
      await program.next(new RegExp(`^to node ${number}: over connection \\d+; node ([0-9a-f]{8}): via .*\\1 \\(\\d hops?, cost `));
    await program.say('explain 3').next(/^node 1 to node 3: over connection \d+; node ([0-9a-f]{8}): via .*\1 \(\d hops?, /);
    await program.say('explain service').next(/^node 1 to service: local; /);
    await program.say('links').next(/^node 5 .* connected to: node 1.*, node 2.*, node 3.*, node 4/);
    await program.say('paths').next(/^node 1 .* reachable: unknown, because nobody has connected from outside/);
    await program.next(/^ {2}node \d direct, tcp:\/\/127\.0\.0\.1:\d+$/);
    await program.say('bench').next(/^calls from node 1 to node 2: p50 [0-9.]+ ms, p99 [0-9.]+ ms, [0-9,]+ calls\/s with 64 outstanding$/);
    expect(await program.eof().end()).to.equal(0);
  });

  it('kills a node, reports at once that it is gone (row 66), and revives it with its key and without any address (DNDM-33)', async () => {
    const program = start();
    const before = await program.next(/^node 3 {2}/);
    // A call at once after the kill: RPC_TIMEOUT would say that nobody knew.
    await program
      .say('kill 3')
      .say('call 3 again')
      .next(/^node 3 killed$/);
    await program.next(/^(RPC_|reply from node 3)/).then((line) => expect(line, 'row 66').to.match(/^RPC_(UNREACHABLE|PEER_GONE): /));
    // The others may have advertised routes to node 1 that are gone by now, too: for a moment it uses them.
    await program.sayUntil('explain 3', /^node 1 to node 3: /, /^node 1 to node 3: reject; /);
    await program.say('send 3 again').next(/^not sent: unreachable$/);
    await program.say('routes').next(/^to node 3: reject; node [0-9a-f]{8}: no route is known$/);
    await program.say('kill 3').next(/^node 3 is not running$/);
    await program.say('revive 3').next(/^node 3 revived and connected$/);
    await program.say('call 3 again').next(/^reply from node 3: Hello again$/);
    await program.say('revive 3').next(/^node 3 is already running$/);
    const after = await program.say('links').next(/^node 3 {2}/);
    expect(after.slice(0, 16), 'the node id').to.equal(before.slice(0, 16));
    expect(after.replaceAll(/ \([0-9.]+ ms\)/g, '')).to.match(/connected to: node 1, node 2, node 4, node 5$/);
  });

  it('explain names the path from any node to any other, or reports that there is none', async () => {
    const program = start();
    await program.next(/^node 5 {2}/);
    const isKnown =
      /^node 2 to node 3: over connection \d+; node ([0-9a-f]{8}): via .*\1 \(\d hops?, cost [0-9.]+ ms: .*\), selected \d+ sync rounds? ago/;
    await program.sayUntil('explain 3 2', /^node 2 to node 3: /, isKnown);
    await program.say('kill 3').next(/^node 3 killed$/);
    await program.sayUntil('explain 3 2', /^node 2 to node 3: /, /^node 2 to node 3: reject; node [0-9a-f]{8}: no route is known$/);
    expect(await program.say('quit').end()).to.equal(0);
  });

  it('two runs side by side do not disturb each other; SIGINT and SIGTERM stop them in order, with no process left (row 94)', async () => {
    const [one, other] = [start(), start()];
    await Promise.all([one.say('call 2 one').next(/Hello one$/), other.say('call 2 other').next(/Hello other$/)]);
    // The node processes inherit the output: it ends when the last of them has ended.
    expect(await Promise.all([one.signal('SIGINT').end(), other.signal('SIGTERM').end()])).to.deep.equal([0, 0]);
    expect(one.errors + other.errors).to.equal('');
  });

  it('SIGINT during start stops it, too', async () => {
    const program = start();
    await program.next(/^starting/);
    expect(await program.signal('SIGINT').end()).to.equal(0);
    expect(program.lines.slice(1)).to.deep.equal([]);
  });

  it('leaves no process behind when it is killed itself', async () => {
    const program = start();
    await program.next(/^node 5 {2}/);
    expect(await program.signal('SIGKILL').end()).to.equal('SIGKILL');
  });

  describe('with one command after the other', () => {
    let program: Program;
    before(() => {
      program = new Program([compiled('cli/meshwright.js'), 'demo']);
    });
    after(() => program.kill());

    it('publishes to the nodes that subscribe, by topic and by pattern', async () => {
      await program.say('publish news too early').next(/^published, but nobody subscribes to it$/);
      await program.say('subscribe 3 news').next(/^node 3 subscribed to news$/);
      await program.say('subscribe 4 news/**').next(/^node 4 subscribed to news\/\*\*$/);
      // What the publisher prints, and what the subscribing processes do, may come in any order.
      const isMeant = /^published to \d subscribers?$|^node [34] received on news/;
      program.say('publish news good morning');
      const lines = [await program.next(isMeant), await program.next(isMeant), await program.next(isMeant)];
      const received = ['node 3 received on news: good morning', 'node 4 received on news: good morning'];
      expect(lines.sort().slice(0, 2)).to.deep.equal(received);
      expect(lines[2]).to.match(/^published to [12] subscribers?$/);
      // On a busy machine the best path to one of them may lead over the other, which says a tenth of a second later that there are two.
      await program.sayUntil('publish news again', /^published to /, /^published to 2 subscribers$/);
      program.say('publish news/local rain');
      const isRain = /^published to |received on news\/local: /;
      const both = [await program.next(isRain), await program.next(isRain)];
      expect(both.sort()).to.deep.equal(['node 4 received on news/local: rain', 'published to 1 subscriber']);
      await program.say('subscribe 3 **').next(/^TOPIC_TOO_WIDE: /);
      await program.say('subscribe 3').next(/^usage: subscribe <node> <topic>$/);
      await program.say('publish news').next(/^usage: publish <topic> <text> \| <port>$/);
    });

    it('publishes a web server of this machine, and fetches from it on another node (TH-12)', async () => {
      const server = createServer((request, response) => response.end(`you asked for ${request.url}\nand more`));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      await program.say('fetch 3 /a').next(/^PROXY_TARGET_FAILED: the node has no such site$/);
      await program.say(`publish ${port}`).next(new RegExp(`^node 1 publishes the web server on port ${port}; try: fetch 2 /$`));
      await program.say('fetch 3 /a?b').next(/^node 3 received 200, 27 bytes: you asked for \/a\?b$/);
      server.close();
      server.closeAllConnections();
      await program.say('fetch 2 /').next(/^PROXY_TARGET_FAILED: the web server: ECONNREFUSED$/);
      await program.say('publish 70000').next(/^ARGUMENT_INVALID: /);
      await program.say('fetch 2 a').next(/^usage: fetch <node> <path>$/);
    });

    it('resolves a text, and puts and gets what the table keeps (TH-26)', async () => {
      const nodes = '(node [1-5], ){4}node [1-5]';
      await program.sayUntil(
        'resolve 3 breakfast',
        /^closest to /,
        new RegExp(`^closest to [0-9a-f]{8}, from the router table: ${nodes}$`),
      );
      const line = await program.say('put 3 ham and eggs').next(/^kept by [345] nodes or more; try: get 2 [0-9a-f]{64}$/);
      const key = line.slice(-64);
      await program.say(`get 2 ${key}`).next(new RegExp(`^${key} is ham and eggs$`));
      await program.say(`get 2 ${'0'.repeat(64)}`).next(/^there is no 0{64}$/);
      await program.say('put 3').next(/^usage: put <node> <text>$/);
      await program.say('resolve 3').next(/^usage: resolve <node> <text>$/);
    });

    it('sets, gets and watches what all nodes share (ATM-73)', async () => {
      await program.say('watch 4 la').next(/^node 4 watches the shared map$/);
      program.say('set lamp on and bright').say('set other 1');
      // What the writer prints, and what the watching process does, may come in either order.
      const isMeant = /^lamp is held by [23] nodes or more$|^node 4 sees |^other is held by [23] nodes or more$/;
      const lines = [await program.next(isMeant), await program.next(isMeant), await program.next(isMeant)];
      expect(lines.map((line) => line.replace(/[23] nodes/, 'n nodes')).sort()).to.deep.equal([
        'lamp is held by n nodes or more',
        'node 4 sees lamp become on and bright',
        'other is held by n nodes or more',
      ]);
      for (const number of [1, 2, 5]) await program.say(`get ${number} lamp`).next(/^lamp is on and bright$/);
      await program.say('get 3 lam').next(/^there is no lam$/);
      program.say('set lamp off');
      const both = /^lamp is held by [23] nodes or more$|^node 4 sees lamp become off$/;
      expect([await program.next(both), await program.next(both)].map((line) => line.startsWith('node 4')).sort()).to.deep.equal([
        false,
        true,
      ]);
      await program.say('set lamp').next(/^usage: set <key> <text>$/);
      await program.say('get 3').next(/^usage: get <node> <key>$/);
      await program.say('watch').next(/^usage: watch <node>/);
      await program.say('get 6 lamp').next(/^no node 6/);
    });

    it('refuses invalid commands with a reason, and continues', async () => {
      await program.say('kill 1').next(/^node 1 is the seed .* cannot be killed; quit stops everything$/);
      await program.say('dance').next(/^unknown command "dance"; help lists all commands$/);
      await program.say('constructor').next(/^unknown command "constructor"/);
      await program.say('call').next(/^usage: call <node> <name>$/);
      await program.say('call 2').next(/^usage: call <node> <name>$/);
      await program.say('call 6 x').next(/^no node 6; valid numbers are 1 to 5$/);
      await program.say('call 0 x').next(/^no node 0; valid numbers are 1 to 5$/);
      await program.say('kill two').next(/^usage: kill <node>$/);
      await program.say('revive').next(/^usage: revive <node>$/);
      await program.say('explain').next(/^usage: explain <node\|key\|service> \[from\]$/);
      await program.say('explain node 3').next(/^usage: explain <node\|key\|service> \[from\]$/);
      await program.say('explain 2 6').next(/^no node 6/);
      await program.say('send 2').next(/^usage: send <node\|key\|service> <text>$/);
      await program.say('send 6 x').next(/^no node 6/);
      for (const name of [
        'call',
        'send',
        'subscribe',
        'set',
        'get',
        'watch',
        'publish',
        'routes',
        'explain',
        'links',
        'paths',
        'kill',
        'revive',
        'bench',
        'help',
        'quit',
      ])
        await program.say('help').next(new RegExp(`^${name} .*\\S$`));
      await program
        .say('')
        .say('  call   5   spaced   out  ')
        .next(/^reply from node 5: Hello spaced out$/);
    });

    it('ends with 1, on a pipe, because some of them were refused', async () => {
      expect(await program.say('dance').say('quit').end()).to.equal(1);
    });
  });
});
