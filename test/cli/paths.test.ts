/** @module Paths that the command is given: what they are relative to, which names they may have, and what is left behind of its own. */
import { mkdirSync, readdirSync } from 'node:fs';
import { expect } from 'chai';
import { Commands, greeterModule } from './command.js';

const LISTEN = ['--listen', 'tcp://127.0.0.1:0'];

describe('paths of meshwright', () => {
  let commands: Commands;
  beforeEach(() => {
    commands = new Commands();
  });
  afterEach(() => commands.end());
  const routing = JSON.stringify(new URL('../../routing/index.js', import.meta.url).href);
  const call = (socket: string) => commands.json('call', 'local', '64', 'greet', '{"name":"you"}', '--control', commands.file(socket));

  it('those in the file are relative to the file, those of flags to the present directory', async () => {
    mkdirSync(commands.file('conf'));
    commands.file('conf/greeter.mjs', greeterModule());
    commands.file('table.mjs', `export { DirectRouter as Table } from ${routing};`);
    const config = { control: { path: 'own.sock', allow: ['call'] }, behaviors: ['greeter.mjs#Greeter'], router: 'none.mjs' };
    commands.file('conf/node.json', JSON.stringify(config));
    const words = [...LISTEN, '--config', 'conf/node.json', '--router', 'table.mjs#Table'];
    await commands.node(...words);
    expect(await call('conf/own.sock')).to.deep.equal({ value: { text: 'Hello you' } });
    await commands.node(...words, '--control', 'flag.sock');
    expect(await call('flag.sock')).to.deep.equal({ value: { text: 'Hello you' } });
  });

  it('folders and modules may have a # in their names', async () => {
    mkdirSync(commands.file('a#b'));
    commands.file('a#b/c#d.mjs', greeterModule());
    commands.file('a#b/table.mjs', `export { DirectRouter as default } from ${routing};`);
    const config = { control: { allow: ['call'] }, behaviors: ['c#d.mjs#Greeter'], router: 'table.mjs' };
    commands.file('a#b/node.json', JSON.stringify(config));
    await commands.node(...LISTEN, '--config', 'a#b/node.json', '--control', 'one.sock');
    expect(await call('one.sock')).to.deep.equal({ value: { text: 'Hello you' } });
    await commands.node(...LISTEN, '--behavior', 'a#b/c#d.mjs', '--control', 'two.sock', '--allow', 'call');
    expect(await call('two.sock')).to.deep.equal({ value: { text: 'Hello you' } });
    expect((await commands.run('run', '--router', 'toString')).errors).to.match(/the router toString is unknown/);
  });

  it('a command that fails before its own node starts leaves no directory behind', async () => {
    mkdirSync(commands.file('tmp'));
    const before = process.env.TMPDIR;
    process.env.TMPDIR = commands.file('tmp');
    try {
      const ping = (...words: string[]) => commands.run('ping', 'ab'.repeat(32), '--seed', 'tcp://127.0.0.1:1', ...words);
      expect((await ping('--network-key-file', commands.file('none'))).code).to.equal(2);
      expect((await ping('--network', 'x'.repeat(1_000))).errors).to.match(/OPTION_INVALID/);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
    expect(readdirSync(commands.file('tmp'))).to.deep.equal([]);
  });
});
