/**
 * @module Commands: what `npm start` understands. Each command is one row: its form, what it does, and the code that does it.
 */
import { createHash } from 'node:crypto';
import { type NodeId, parseNodeId, shortId } from '../index.js';
import { type Fleet, FleetError } from './fleet.js';
import type { SendTarget } from './fleet-protocol.js';

export interface CommandContext {
  readonly fleet: Fleet;
  readonly print: (line: string) => void;
  /** Resolves with the node that receives the text, or `undefined` after a while. */
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
  call: { form: 'call <node> <name>', help: 'node 1 calls greet on a node and prints the answer', run: call },
  send: {
    form: 'send <node|key|service> <text>',
    help: 'node 1 sends a text: to a node by number, to the node closest to a key (8-64 hex digits, or the word key for the hash of the text), or to a provider of the service',
    run: send,
  },
  routes: { form: 'routes', help: 'which way node 1 goes to each node, and why', run: routes },
  explain: {
    form: 'explain <node|key|service> [from]',
    help: 'the way from a node (node 1 unless another is named) with its reason, and the other ways with what is wrong with them',
    run: explain,
  },
  links: { form: 'links', help: 'who is connected to whom, and how fast', run: (context) => showLinks(context) },
  kill: { form: 'kill <node>', help: 'ends a node process at once, as a power cut would', run: kill },
  revive: {
    form: 'revive <node>',
    help: 'starts a killed node again, with its key; it finds the others by what it remembers',
    run: revive,
  },
  bench: { form: 'bench', help: 'round trip and rate of calls from node 1 to another node', run: bench },
  help: { form: 'help', help: 'this list', run: help },
  quit: { form: 'quit', help: 'stops all nodes and ends', run: async () => {} },
};

/** Runs one line. Throws `FleetError` with a text for people. */
export async function runCommand(context: CommandContext, line: string): Promise<void> {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new FleetError(`there is no command ${JSON.stringify(name)}; help lists all`);
  await command.run(context, words);
}

/** Who is connected to whom, and how fast. */
export async function showLinks({ fleet, print }: CommandContext): Promise<void> {
  for (const number of fleet.runningNumbers) {
    const links = await fleet.ask(number, 'links', undefined);
    const shown = links.map(({ nodeId, rttMs }) => `${nameOf(fleet, nodeId)}${rttMs === undefined ? '' : ` (${rttMs.toFixed(2)} ms)`}`);
    print(
      `node ${number}  ${shortId(fleet.nodeId(number))}  ${fleet.addressOf(number)}  connected to: ${shown.sort().join(', ') || 'nobody'}`,
    );
  }
}

async function call({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.call);
  const name = words.slice(1).join(' ');
  if (name === '') throw usage(COMMANDS.call);
  const text = await fleet.ask(1, 'greet', { nodeId: fleet.nodeId(number), name });
  print(`node ${number} answers: ${text}`);
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
  print(number === undefined ? 'sent; nobody has reported it within 2 s' : `node ${number} received: ${text}`);
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
  print(`node ${number} is dead`);
}

async function revive({ fleet, print }: CommandContext, words: readonly string[]): Promise<void> {
  const number = numberOf(fleet, words[0], COMMANDS.revive);
  await fleet.revive(number);
  print(`node ${number} is back and connected`);
}

async function bench({ fleet, print }: CommandContext): Promise<void> {
  const number = fleet.runningNumbers.find((other) => other !== 1);
  if (number === undefined) throw new FleetError('no other node runs; revive one');
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
  if (!fleet.numbers.includes(number)) throw new FleetError(`there is no node ${number}; there are 1 to ${fleet.numbers.length}`);
  return number;
}

function nameOf(fleet: Fleet, nodeId: NodeId): string {
  const number = fleet.numberOf(nodeId);
  return number === undefined ? shortId(nodeId) : `node ${number}`;
}

function usage(command: Command | undefined): FleetError {
  return new FleetError(`use: ${command?.form ?? 'help'}`);
}
