/**
 * @module Start: the demonstration that `npm start` runs, `meshwright demo`. Five nodes in five processes form an encrypted network from one seed
 * address; then words are read from the terminal or a pipe, one after another: the table of `commands.ts`. Ends with 0 after quit or the end
 * of the input, and with 1 if the input is a pipe and a word has failed.
 */
import { createInterface } from 'node:readline';
import { COMMANDS, type CommandContext, runCommand, showLinks } from './commands.js';
import { Fleet, FleetError } from './fleet.js';

const NODE_COUNT = 5;
const RECEIVED_TIMEOUT_MS = 2_000;

type ReceivedListener = (number: number, text: string) => void;

const receivedListeners = new Set<ReceivedListener>();
const print = (line: string) => void process.stdout.write(`${line}\n`);
const isTerminal = process.stdin.isTTY === true;
const fleet = new Fleet(NODE_COUNT, {
  received: (number, text) => {
    for (const listener of [...receivedListeners]) listener(number, text);
  },
  published: (number, path, text) => print(`node ${number} received on ${path}: ${text}`),
  changed: (number, key, text) => print(`node ${number} sees ${text === undefined ? `that ${key} is gone` : `${key} become ${text}`}`),
  lost: (number) => print(`node ${number} ended unexpectedly`),
});
const context: CommandContext = { fleet, print, nextReceived };

/** Runs it; returns the exit code. */
export async function demonstrate(): Promise<number> {
  const stop = stopOnSignals();
  try {
    print(`starting ${NODE_COUNT} nodes, each in its own process …`);
    const startedMs = performance.now();
    await fleet.form();
    print(`formed in ${Math.round(performance.now() - startedMs)} ms, every link encrypted:`);
    await showLinks(context);
    return await readCommands();
  } catch (error) {
    // After a signal, requests to the nodes fail; that is expected.
    if (!fleet.isStopping) print(textOf(error));
    return fleet.isStopping ? 0 : 1;
  } finally {
    await stop();
  }
}

async function readCommands(): Promise<number> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  let failed = 0;
  if (isTerminal) {
    print(`commands: ${Object.keys(COMMANDS).join(', ')}`);
    print(`in a browser: ${await fleet.ask(1, 'dashboard', undefined)}`);
    print(`in another terminal: node dist/cli/meshwright.js top --data ${fleet.directoryOf(1)}`);
  }
  prompt();
  for await (const line of lines) {
    if (line.trim() === 'quit') break;
    if (line.trim() !== '') failed += await execute(line);
    prompt();
  }
  lines.close();
  return failed > 0 && !isTerminal ? 1 : 0;
}

async function execute(line: string): Promise<number> {
  try {
    await runCommand(context, line);
    return 0;
  } catch (error) {
    print(textOf(error));
    return 1;
  }
}

function nextReceived(text: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const settle = (number: number | undefined) => {
      clearTimeout(timer);
      receivedListeners.delete(listener);
      resolve(number);
    };
    const listener: ReceivedListener = (number, received) => {
      if (received === text) settle(number);
    };
    const timer = setTimeout(() => settle(undefined), RECEIVED_TIMEOUT_MS);
    receivedListeners.add(listener);
  });
}

/** The first signal stops gracefully, the second at once. Returns the stop function, which may be called several times. */
function stopOnSignals(): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= fleet.stop();
    return stopping;
  };
  const onSignal = () => {
    if (stopping !== undefined) process.exit(1);
    void stop().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return stop;
}

function prompt(): void {
  if (isTerminal) process.stdout.write('> ');
}

function textOf(error: unknown): string {
  return error instanceof FleetError ? error.message : String(error);
}
