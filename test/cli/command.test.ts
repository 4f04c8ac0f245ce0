/** @module The command `meshwright` as its users have it: each command, its JSON, its exit codes, and how it finds the node. */
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { shortId } from '../../index.js';
import { Commands, greeterModule } from './command.js';

const LISTEN = ['--listen', 'tcp://127.0.0.1:0'];

describe('meshwright', () => {
  let commands: Commands;
  beforeEach(() => {
    commands = new Commands();
  });
  afterEach(() => commands.end());

  it('lists its commands, its version, and says what it does not understand', async () => {
    const program = commands.start('--version');
    expect(await program.end()).to.equal(0);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(program.lines).to.deep.equal([version]);
    expect(await commands.run('--version')).to.deep.equal({ code: 0, lines: [version], errors: '' });
    const help = await commands.run('--help');
    expect(help.code).to.equal(0);
    for (const name of ['demo', 'keygen', 'id', 'run', 'ping', 'call', 'explain', 'top', 'doctor', 'stop', 'simulate', 'bench'])
      expect(help.lines.join('\n'), name).to.match(new RegExp(`^ {2}${name} `, 'm'));
    for (const words of [
      ['dance'],
      ['ping'],
      ['ping', 'a', 'b'],
      ['top', '--speed', '1'],
      ['ping', 'x', '--count', '0'],
      ['call', 'a', 'x', 'm'],
    ]) {
      const { code, lines, errors } = await commands.run(...words);
      expect([code, lines], words.join(' ')).to.deep.equal([2, []]);
      expect(errors).to.match(/\S/);
    }
  });

  it('keygen makes a key file once, id reads it, and the key of a private space is 32 bytes', async () => {
    const file = commands.file('node.key');
    const made = await commands.run('keygen', file);
    expect(made.lines).to.match(/^[0-9a-f]{64}$/);
    expect(lstatSync(file).mode & 0o777).to.equal(0o600);
    expect((await commands.run('id', file)).lines).to.deep.equal(made.lines);
    const again = await commands.run('keygen', file);
    expect([again.code, again.errors]).to.deep.equal([
      1,
      `meshwright: KEY_FILE_INVALID: ${file} is there already; it is not replaced\n  Give another name, or use the key that is there.\n`,
    ]);
    await commands.run('keygen', '--network', commands.file('space.key'));
    expect(readFileSync(commands.file('space.key'), 'utf8')).to.match(/^[0-9a-f]{64}\n$/);
    const none = await commands.run('id', commands.file('none.key'));
    expect(`${none.code},${none.errors}`).to.match(
      /^1,meshwright: KEY_FILE_INVALID: .* does not exist\n {2}Check the path, or make a key file/,
    );
    expect(existsSync(commands.file('none.key'))).to.equal(false);
  });

  it('run takes a node from flags; id, ping, call, explain, top and stop find the only one there', async () => {
    commands.file('greeter.mjs', greeterModule());
    const node = await commands.node(...LISTEN, '--behavior', 'greeter.mjs#Greeter', '--allow', 'call', '--allow', 'stop');
    const found = await commands.json('id');
    expect(await node.program.next(/^control socket at /)).to.equal(`control socket at ${found.socket}`);
    expect(found).to.deep.include({ nodeId: node.id, state: 'running', addresses: [node.address], pid: node.program.pid });
    expect(found.socket).to.equal(commands.file(`meshwright-${shortId(node.id as never)}.sock`));
    expect(await commands.json('call', 'local', '64', 'greet', '{"name":"you"}')).to.deep.equal({ value: { text: 'Hello you' } });
    const called = await commands.run('call', 'local', '64', 'dance');
    expect([called.code, called.lines]).to.deep.equal([1, []]);
    expect(called.errors).to.match(/^meshwright: RPC_METHOD_UNKNOWN: .*\n {2}Check the method's name/);
    expect((await commands.run('explain', node.id)).lines).to.match(/^local; /);
    expect((await commands.run('explain', 'f'.repeat(64))).code).to.equal(1);
    for (const words of [
      ['ping', 'zz'],
      ['explain', 'service:999'],
      ['doctor', 'key:1'],
      ['call', 'ftp', '64', 'greet'],
      ['ping', 'tcp://'],
    ])
      expect([words, (await commands.run(...words)).code]).to.deep.equal([words, 2]);
    for (const words of [['nonsense'], ['ping'], ['ping', 'zz'], ['top', '--wrong'], ['call', 'local', '64', 'greet', 'bob']]) {
      const { code, errors } = await commands.run(...words, '--json');
      expect([words, code, (JSON.parse(errors) as { error: { code: string } }).error.code]).to.deep.equal([words, 2, 'USAGE']);
    }
    const ping = await commands.json('ping', 'local', '--count', '3', '--interval', '0');
    expect(ping).to.deep.include({ sent: 3, answered: 3 });
    const lost = await commands.run('ping', 'f'.repeat(64), '--count', '1');
    expect([lost.code, lost.lines.at(-1)]).to.deep.equal([1, '1 sent, 0 answered, 1 lost']);
    const table = await commands.run('top');
    expect(table.lines[0]).to.match(new RegExp(`^node ${node.id.slice(0, 8)} {2}running {2}up `));
    expect(table.lines).to.include('no connections, by rtt');
    expect(await commands.json('stop')).to.deep.equal({ nodeId: node.id, state: 'stopped' });
    expect(await node.program.end()).to.equal(0);
    expect(node.program.lines.at(-1)).to.equal('stopped');
    const gone = await commands.run('id');
    expect(gone.code).to.equal(3);
    expect(gone.errors).to.match(/^meshwright: CONTROL_UNAVAILABLE: no node of yours runs/);
  });

  it('lists several nodes, and takes the one that --control or --data names', async () => {
    const [ada, bob] = [await commands.node(...LISTEN), await commands.node(...LISTEN)];
    const kept = await commands.node('--data', 'kept', ...LISTEN);
    const several = await commands.run('id');
    expect(several.code).to.equal(2);
    expect(several.errors).to.match(/^meshwright: 2 nodes run here; choose one:\n/);
    for (const { id, program } of [ada, bob]) expect(several.errors).to.include(`node ${id.slice(0, 8)}, process ${program.pid}`);
    expect((await commands.json('id', '--data', commands.file('kept'))).nodeId).to.equal(kept.id);
    expect((await commands.run('id', commands.file('kept/node.key'))).lines).to.deep.equal([kept.id]);
    const path = commands.file(`meshwright-${bob.id.slice(0, 8)}.sock`);
    expect((await commands.json('id', '--control', path)).nodeId).to.equal(bob.id);
    await ada.program.kill();
    expect((await commands.json('id')).nodeId, 'what a killed one has left is no node').to.equal(bob.id);
    expect((await commands.run('id', '--control', path, '--data', commands.file('kept'))).code).to.equal(2);
    expect((await commands.run('id', '--data', commands.file('nowhere'))).code).to.equal(3);
  });

  it('run takes a JSON file, with modules for code and files for secrets, checked as createNode checks', async () => {
    commands.file('greeter.mjs', greeterModule());
    await commands.run('keygen', '--network', commands.file('space.key'));
    const config = {
      network: 'garden',
      networkKeyFile: 'space.key',
      dataDirectory: 'kept',
      listen: ['tcp://127.0.0.1:0'],
      behaviors: [{ module: 'greeter.mjs', export: 'Greeter', options: { word: 'Salve' } }, 'greeter.mjs#Counter'],
      router: 'direct',
      connections: { max: 12 },
      logger: 'error',
      control: { allow: ['call'] },
    };
    const node = await commands.node('--config', commands.file('node.json', JSON.stringify(config)));
    expect((await commands.json('id', '--data', commands.file('kept'))).network).to.equal('garden');
    const call = (...words: string[]) => commands.json('call', ...words, '--data', commands.file('kept'));
    expect(await call('local', '64', 'greet', '{"name":"you"}')).to.deep.equal({ value: { text: 'Salve you' } });
    expect(await call('local', '65', 'count')).to.deep.equal({ value: 1 });
    expect((await commands.run('stop', '--data', commands.file('kept'))).errors).to.match(/^meshwright: CONTROL_DENIED: /);
    const seeded = ['--seed', node.address, '--network', 'garden', '--network-key-file', commands.file('space.key')];
    expect(await commands.json('call', node.id, '64', 'greet', '{"name":"far"}', ...seeded)).to.deep.equal({
      value: { text: 'Salve far' },
    });
    const stranger = await commands.run('ping', node.id, '--seed', node.address);
    expect([stranger.code, stranger.errors.split(': ')[1]]).to.deep.equal([1, 'HANDSHAKE_FAILED']);
    expect(await node.program.signal('SIGTERM').end()).to.equal(0);

    const refused = async (changes: object) => {
      const { code, errors } = await commands.run('run', '--config', commands.file('bad.json', JSON.stringify({ ...config, ...changes })));
      expect(code).to.be.within(1, 2);
      return errors;
    };
    expect(await refused({ lissten: [] })).to.match(/OPTION_INVALID: createNode: option lissten is unknown; did you mean listen\?/);
    expect(await refused({ tickMs: 5 })).to.match(/option tickMs is 5; it must be a whole number from 10 to 3600000/);
    expect(await refused({ control: { alow: ['call'] } })).to.match(/option control.alow is unknown; did you mean allow\?/);
    expect(await refused({ networkKey: 'ab' })).to.match(
      /option networkKey cannot be given in a file; name a file with it in networkKeyFile/,
    );
    expect(await refused({ clock: {} })).to.match(/option clock cannot be given in a file/);
    expect(await refused({ behaviors: ['greeter.mjs#Greter'] })).to.match(/exports no Greter; did you mean Greeter\?/);
    expect(await refused({ behaviors: ['greeter.mjs#nothing'] })).to.match(/BEHAVIOR_INVALID/);
    expect(await refused({ behaviors: ['none.mjs'] })).to.match(/none\.mjs does not exist/);
    expect(await refused({ behaviors: [7] })).to.match(/option behaviors\[0\]/);
    expect((await commands.run('run', '--config', commands.file('broken.json', '{'))).code).to.equal(2);
  });

  it('a node that hangs is reported within two seconds, by every command and by doctor', async () => {
    const node = await commands.node(...LISTEN, '--data', 'kept', '--allow', 'call');
    node.program.signal('SIGSTOP');
    for (const words of [['top'], ['explain', 'local'], ['ping', 'local'], ['doctor'], ['call', 'local', '64', 'greet'], ['id']]) {
      const beganMs = performance.now();
      const { code, errors } = await commands.run(...words, '--data', commands.file('kept'));
      expect([words[0], code]).to.deep.equal([words[0], 3]);
      expect(errors).to.match(/^meshwright: CONTROL_TIMEOUT: the node at .* has not answered within 1500 ms/);
      expect(errors).to.match(/SIGCONT/);
      // Two seconds for the command, and what a loaded machine takes to start it.
      expect(performance.now() - beganMs).to.be.below(10_000);
    }
    node.program.signal('SIGCONT');
    expect((await commands.json('id', '--data', commands.file('kept'))).nodeId).to.equal(node.id);
  });

  it('a second node with the same socket is refused, and serves no metrics on', async () => {
    await commands.node(...LISTEN, '--control', 'a.sock');
    const second = await commands.run('run', ...LISTEN, '--control', commands.file('a.sock'), '--operation', '0');
    expect([second.code, second.errors.split(': ')[1]]).to.deep.equal([1, 'CONTROL_IN_USE']);
    const none = await commands.node(...LISTEN, '--no-control');
    expect(none.program.errors).to.equal('');
    expect(existsSync(join(commands.directory, `meshwright-${none.id.slice(0, 8)}.sock`))).to.equal(false);
  });

  it('bench measures calls and messages between two processes', async () => {
    const figures = await commands.json('bench', '--messages', '2000', '--calls', '600');
    expect(figures).to.include({ bytes: 64 });
    for (const name of ['p50Ms', 'p99Ms', 'callsPerSecond', 'messagesPerSecond']) expect(figures[name], name).to.be.above(0);
  });
});
