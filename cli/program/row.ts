/** @module Row: one command of the program. The table of all of them is `table.ts`. */
import type { Terminal } from './terminal.js';

/** The values of options by their names in camel case, as commander has them. */
export type OptionValues = Readonly<Record<string, unknown>>;

export interface OptionRow {
  /** As in `-n, --count <number>`. */
  readonly flags: string;
  readonly help: string;
  /** Makes a value of the text; throws a `UsageError`. */
  readonly read?: (text: string, before: unknown) => unknown;
  readonly initial?: unknown;
}

export interface CommandRow {
  readonly name: string;
  /** As in `<target>`, `[value]`. */
  readonly parameters?: readonly string[];
  readonly help: string;
  readonly options?: readonly OptionRow[];
  /** Returns the exit code. */
  readonly run: (terminal: Terminal, options: OptionValues, words: readonly string[]) => Promise<number>;
}
