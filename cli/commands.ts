/**
 * @module Commands: the commands of `npm start`. Each is one row: its form, its help text, and its code.
 */
import { createHash } from 'node:crypto';
import { isNodeId, type NodeId, parseNodeId, shortId } from '../index.js';
import { type Fleet, FleetError } from './fleet.js';
import type { SendTarget } from './fleet-protocol.js';

export interface CommandContext {
  readonly fleet: Fleet;
  readonly print: (line: string) => void;
  /** Resolves with the number of the node that reports the text, or `undefined` after a timeout. */
  readonly nextReceived: (text: string) => Promise<number | undefined>;
}

interface Command {
  readonly form: string;
  readonly help: string;
  readonly run: (context: CommandContext, words: readonly string[]) => Promise<void>;
}

const KEY_DIGITS_MIN = 8;
const KEY_DIGITS = 64;

export const COMMANDS: Readonly<Record<string, Command>> = {
  call: { form: 'call <node> <name>', help: 'call greet on a node from node 1 and print the reply', run: call },
  send: {
    form: 'send <node|key|service> <text>',
    help: 'send a text from node 1: to a node by number, to the node closest to a key (8-64 hex digits, or the word key for the hash of the text), or to a provider of the service',
    run: send,
  },
  subscribe: {
    form: 'subscribe <node> <topic>',
    help: 'subscribe on a node to a topic, such as news, or to a pattern, such as news/**',
    run: subscribe,
  },
  set: { form: 'set <key> <text>', help: 'set a key of the shared map from node 1', run: set },
  resolve: { form: 'resolve <node> <text>', help: 'the nodes closest to the key of a text, found from a node', run: resolve },
  put: { form: 'put <node> <text>', help: 'put a text into the distributed hash table from a node and print its key', run: put },
  get: { form: 'get <node> <key>', help: 'get a key of the shared map on a node, or what was put under a key of 64 hex digits', run: get },
  watch: { form: 'watch <node> [<prefix>]', help: 'watch the shared map on a node', run: watch },
  publish: {
    form: 'publish <topic> <text> | <port>',
    help: 'publish a text on a topic from node 1; or, by its port alone, a web server of this machine',
    run: publish,
  },
  fetch: { form: 'fetch <node> <path>', help: 'fetch a path of the web server that node 1 publishes, on another node', run: fetchPath },
  routes: { form: 'routes', help: 'the path from node 1 to each node, with the reason', run: routes },
  explain: {
    form: 'explain <node|key|service> [from]',
    help: 'the path from a node (default: node 1) with the reason, and each rejected path with its reason',
    run: explain,
  },
  links: { form: 'links', help: 'the connections of each node, with round-trip times', run: (context) => showLinks(context) },
  paths: { form: 'paths', help: 'how each node can be reached, and over what it reaches each of its neighbours', run: showPaths },
  dashboard: {
    form: 'dashboard',
    help: 'the address of a page that shows the mesh',
    run: async ({ fleet, print }) => print(`dashboard: ${await fleet.ask(1, 'dashboard', undefined)}`),
  },
  kill: { form: 'kill <node>', help: 'kill a node process, as a power failure would', run: kill },
  revive: {
    form: 'revive <node>',
    help: 'restart a killed node with its key and its stored addresses',
    run: revive,
  },
  bench: { form: 'bench', help: 'measure the round-trip time and the rate of calls from node 1 to another node', run: bench },
  help: { form: 'help', help: 'list the commands', run: help },
  quit: { form: 'quit', help: 'stop all nodes and exit', run: async () => {} },
};

/** Runs one line. Throws `FleetError` with a text for the user. */
export async function runCommand(context: CommandContext, line: string): Promise<void> {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new FleetError(`unknown command ${JSON.stringify(name)}; help lists all commands`);
  await command.run(context, words);
}

/** The connections of each node, with round-trip times. */
export async function showLinks({ fleet, print }: CommandContext): Promise<void> {
  for (const number of fleet.runningNumbers) {
    const links = await fleet.ask(number, 'links', undefined);
    const shown = links.map(({ nodeId, rttMs }) => `${nameOf(fleet, nodeId)}${rttMs === undefined ? '' : ` (${rttMs.toFixed(2)} ms)`}`);
    print(
      `node ${number}  ${shortId(fleet.nodeId(number))}  ${fleet.addressOf(number)}  connected to: ${shown.sort().join(', ') || 'none'}`,
    );
  }
}

/** Over what each node reaches its neighbours, and how others reach it. */
async function showPaths({ fleet, print }: CommandContext): Promise<void> {
  for (const number of fleet.runningNumbers) {
    const { reachability, reason, paths } = await fleet.ask(number, 'paths', undefined);
    const shown = paths.map(({ nodeId, path, address }) => `${nameOf(fleet, nodeId)} ${path}, ${address}`);
    print(`node ${number}  ${shortId(fleet.nodeId(number))}  reachable: ${reachability}, because ${reason}`);
    for (const line of shown.sort()) print(`  ${line}`);
  }
}

async function call({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.call);
  const name = words.slice(1).join(' ');
  if (name === '') throw usage(COMMANDS.call);
  const text = await fleet.ask(1, 'greet', { nodeId: fleet.nodeId(number), name });
  print(`reply from node ${number}: ${text}`);
}

async function send({ fleet, print, nextReceived }: CommandContext, words: readonly string[]): Promise<void> {
  const [wanted = ''] = words;
  const text = words.slice(1).join(' ');
  if (text === '') throw usage(COMMANDS.send);
  const target = targetOf(fleet, wanted, text, COMMANDS.send);
  const received = nextReceived(text);
  const result = await fleet.ask(1, 'send', { target, text });
  if (result !== 'queued') throw new FleetError(`not sent: ${result}`);
  const number = await received;
  print(number === undefined ? 'sent; no node reported it within 2 s' : `node ${number} received: ${text}`);
}

async function subscribe({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.subscribe);
  const [, path = ''] = words;
  if (path === '') throw usage(COMMANDS.subscribe);
  await fleet.ask(number, 'subscribe', path);
  print(`node ${number} subscribed to ${path}`);
}

async function publish({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const [path = ''] = words;
  const text = words.slice(1).join(' ');
  if (words.length === 1 && /^\d{1,5}$/.test(path)) {
    await fleet.ask(1, 'publishServer', Number(path));
    return print(`node 1 publishes the web server on port ${path}; try: fetch 2 /`);
  }
  if (text === '') throw usage(COMMANDS.publish);
  const { interested, reason } = await fleet.ask(1, 'publish', { path, text });
  print(interested === 0 ? `published, but ${reason}` : `published to ${interested} subscriber${interested === 1 ? '' : 's'}`);
}

async function fetchPath({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.fetch);
  const [, path = ''] = words;
  if (!path.startsWith('/')) throw usage(COMMANDS.fetch);
  const { status, byteCount, text } = await fleet.ask(number, 'fetch', { nodeId: fleet.nodeId(1), path });
  print(`node ${number} received ${status}, ${byteCount} bytes: ${text}`);
}

async function set({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const [key = ''] = words;
  const text = words.slice(1).join(' ');
  if (text === '') throw usage(COMMANDS.set);
  const holders = await fleet.ask(1, 'set', { key, text });
  print(`${key} is held by ${holders} nodes or more`);
}

async function resolve({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.resolve);
  const text = words.slice(1).join(' ');
  if (text === '') throw usage(COMMANDS.resolve);
  const { key, nodeIds, asked } = await fleet.ask(number, 'resolve', text);
  const how = asked === 0 ? 'from the router table' : `${asked} nodes were asked`;
  print(`closest to ${shortId(key)}, ${how}: ${nodeIds.map((nodeId) => nameOf(fleet, nodeId)).join(', ')}`);
}

async function put({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.put);
  const text = words.slice(1).join(' ');
  if (text === '') throw usage(COMMANDS.put);
  const { key, stored } = await fleet.ask(number, 'put', text);
  print(`kept by ${stored} nodes or more; try: get 2 ${key}`);
}

async function get({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.get);
  const [, key = ''] = words;
  if (key === '') throw usage(COMMANDS.get);
  const text = await (isNodeId(key) ? fleet.ask(number, 'getValue', key) : fleet.ask(number, 'get', key));
  print(text === undefined ? `there is no ${key}` : `${key} is ${text}`);
}

async function watch({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.watch);
  await fleet.ask(number, 'watch', words[1] ?? '');
  print(`node ${number} watches the shared map`);
}

async function routes({ fleet, print }: CommandContext): Promise<void> {
  const reports = await fleet.ask(
    1,
    'routes',
    fleet.numbers.map((number) => fleet.nodeId(number)),
  );
  for (const { nodeId, action, reason } of reports) print(`to ${nameOf(fleet, nodeId)}: ${action}; ${reason}`);
}

async function explain({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const [wanted = '', from = '1'] = words;
  if (wanted === '') throw usage(COMMANDS.explain);
  const target = targetOf(fleet, wanted, '', COMMANDS.explain);
  const number = numberOf(fleet, from, COMMANDS.explain);
  const { action, reason, rejected } = await fleet.ask(number, 'explain', target);
  print(`node ${number} to ${target.type === 'node' ? nameOf(fleet, target.nodeId) : wanted}: ${action}; ${reason}`);
  for (const other of rejected) print(`  ${nameOf(fleet, other.nodeId)}: ${other.reason}`);
}

async function kill({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.kill);
  await fleet.kill(number);
  print(`node ${number} killed`);
}

async function revive({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.revive);
  await fleet.revive(number);
  print(`node ${number} revived and connected`);
}

async function bench({ fleet, print }: CommandContext): Promise<void> {
  const number = fleet.runningNumbers.find((other) => other !== 1);
  if (number === undefined) throw new FleetError('no other node is running; revive one');
  const { p50Ms, p99Ms, callsPerSecond } = await fleet.ask(1, 'bench', fleet.nodeId(number));
  const rate = Math.round(callsPerSecond).toLocaleString('en');
  print(`calls from node 1 to node ${number}: p50 ${p50Ms.toFixed(3)} ms, p99 ${p99Ms.toFixed(3)} ms, ${rate} calls/s with 64 outstanding`);
}

async function help({ print }: CommandContext): Promise<void> {
  for (const { form, help: text } of Object.values(COMMANDS)) print(`${form.padEnd(32)} ${text}`);
}

function targetOf(fleet: Fleet, wanted: string, text: string, command: Command | undefined): SendTarget {
  if (wanted === 'service') return { type: 'service' };
  if (wanted === 'key') return { type: 'key', key: parseNodeId(createHash('sha256').update(text).digest('hex')) };
  if (wanted.length >= KEY_DIGITS_MIN && /^[0-9a-f]+$/i.test(wanted) && wanted.length <= KEY_DIGITS) {
    return { type: 'key', key: parseNodeId(wanted.padEnd(KEY_DIGITS, '0')) };
  }
  return { type: 'node', nodeId: fleet.nodeId(numberOf(fleet, wanted, command)) };
}

function numberOf(fleet: Fleet, word: string | undefined, command: Command | undefined): number {
  const number = Number(word);
  if (word === undefined || !Number.isInteger(number)) throw usage(command);
  if (!fleet.numbers.includes(number)) throw new FleetError(`no node ${number}; valid numbers are 1 to ${fleet.numbers.length}`);
  return number;
}

function nameOf(fleet: Fleet, nodeId: NodeId): string {
  const number = fleet.numberOf(nodeId);
  return number === undefined ? shortId(nodeId) : `node ${number}`;
}

function usage(command: Command | undefined): FleetError {
  return new FleetError(`usage: ${command?.form ?? 'help'}`);
}
