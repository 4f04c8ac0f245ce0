/** @module Program: the table of commands as a command line, by commander. Returns the exit code of what was asked for. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import type { CommandRow, OptionRow } from './row.js';
import { TABLE } from './table.js';
import { EXIT, type Streams, Terminal, UsageError } from './terminal.js';

const HELP = `
Exit codes: 0 done, 1 failed, 2 not understood, 3 no running node found or it does not answer.
The commands are described in docs/command.md.`;

/** `words`: the command line without the program. */
export async function runProgram(words: readonly string[], streams: Streams): Promise<number> {
  let code: number = EXIT.ok;
  const isJson = words.includes('--json');
  const program = shell(streams, isJson);
  for (const row of TABLE)
    addCommand(program, row, async (isJson, options, given) => {
      const terminal = new Terminal(streams, isJson);
      try {
        code = await row.run(terminal, options, given);
      } catch (error) {
        code = terminal.fail(error);
      }
    });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (error) {
    const terminal = new Terminal(streams, isJson);
    if (!(error instanceof CommanderError)) return terminal.fail(error);
    if (error.exitCode === 0) return EXIT.ok;
    // Without --json commander has written it.
    return isJson ? terminal.fail(new UsageError(error.message.replace(/^error: /, ''))) : EXIT.usage;
  }
}

function shell({ out, err }: Streams, isJson: boolean): Command {
  return new Command('meshwright')
    .description('Run, ask and diagnose the nodes of overlay networks.')
    .version(version(), '-V, --version')
    .addHelpText('after', HELP)
    .showHelpAfterError('(meshwright --help lists all commands and options)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => isJson || err.write(text) });
}

type Action = (isJson: boolean, options: Readonly<Record<string, unknown>>, words: readonly string[]) => Promise<void>;

function addCommand(program: Command, { name, help, parameters = [], options = [] }: CommandRow, action: Action): void {
  const command = program.command(name).description(help);
  for (const parameter of parameters) command.argument(parameter);
  for (const row of options) command.addOption(optionOf(row));
  command.option('--json', 'write the result as JSON');
  command.action(async () => {
    const { json = false, ...values } = command.opts<Record<string, unknown>>();
    await action(json === true, values, command.args);
  });
}

function optionOf({ flags, help, read, initial }: OptionRow): Option {
  const option = new Option(flags, help);
  if (initial !== undefined) option.default(initial);
  // A list begins with the first text that is given, not with a default.
  if (read !== undefined) option.argParser((text: string, before: unknown) => read(text, before));
  return option;
}

function version(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
