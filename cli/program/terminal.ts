/**
 * @module Terminal: where a command writes, and how it ends. With `--json` its result is one JSON document on standard output, and its
 * error one on standard error; else both are for people. Progress is for people who watch: it goes to standard error, and only to a terminal.
 */
import { NetworkError, RpcError } from '../../index.js';

/** How a command ends. */
export const EXIT = {
  ok: 0,
  /** It has run, and the result is bad: no answer, a fault found, a call that failed. */
  failed: 1,
  /** It was not understood. */
  usage: 2,
  /** No running node was found, or it does not answer. */
  unreachable: 3,
} as const;

/** What a command needs of the process. */
export interface Streams {
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** What is wrong with the command line itself. */
export class UsageError extends Error {}

export class Terminal {
  private hasProgress = false;

  constructor(
    readonly streams: Streams,
    readonly isJson: boolean,
  ) {}

  /** The result: an object for programs, lines for people. */
  show(result: unknown, lines: readonly string[]): void {
    this.endProgress();
    if (this.isJson) this.streams.out.write(`${JSON.stringify(result)}\n`);
    else for (const line of lines) this.streams.out.write(`${line}\n`);
  }

  /** One line for people alone. */
  say(line: string): void {
    this.endProgress();
    if (!this.isJson) this.streams.out.write(`${line}\n`);
  }

  /** Replaces the last one. */
  progress(text: string): void {
    if (this.isJson || this.streams.err.isTTY !== true) return;
    this.streams.err.write(`\r\u001b[2K${text}`);
    this.hasProgress = true;
  }

  /** Shows an error; returns the exit code that belongs to it. */
  fail(error: unknown): number {
    this.endProgress();
    const { code, text, cure } = partsOf(error);
    if (this.isJson) this.streams.err.write(`${JSON.stringify({ error: { code, text, cure } })}\n`);
    else
      this.streams.err.write(
        `meshwright: ${error instanceof UsageError ? text : `${code === undefined ? '' : `${code}: `}${plainText(text)}`}\n${cure === undefined ? '' : `  ${cure}\n`}`,
      );
    if (error instanceof UsageError) return EXIT.usage;
    return code?.startsWith('CONTROL_') && code !== 'CONTROL_DENIED' && code !== 'CONTROL_IN_USE' ? EXIT.unreachable : EXIT.failed;
  }

  private endProgress(): void {
    if (this.hasProgress) this.streams.err.write('\r\u001b[2K');
    this.hasProgress = false;
  }
}

/** Texts of remotes must not steer a terminal. */
export function plainText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
}

function partsOf(error: unknown): { readonly code: string | undefined; readonly text: string; readonly cure: string | undefined } {
  if (error instanceof NetworkError) return { code: error.code, text: error.message, cure: error.cure };
  if (error instanceof UsageError) return { code: 'USAGE', text: error.message, cure: undefined };
  if (error instanceof RpcError) return { code: error.code, text: error.message, cure: undefined };
  return { code: undefined, text: error instanceof Error ? error.message : String(error), cure: undefined };
}
