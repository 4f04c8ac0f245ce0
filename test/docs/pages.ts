/**
 * @module Pages: the project's prose and its code blocks. The first word behind a fence is the language, the others say what a block is:
 *
 * | words | what it is |
 * |---|---|
 * | `ts` | a module of its own; it compiles |
 * | `ts continued` | more of the module before |
 * | `ts run` | runs, and prints the `text` block that follows |
 * | `ts lines=<count>` | has at most so many lines, imports counted and blank ones not |
 * | `ts legacy` | as `ts`, in the legacy dialect of decorators |
 * | `ts file=<path>` | the code of that file, without its `@module` comment |
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Page {
  /** From the root, as in `docs/rpc.md`. */
  readonly path: string;
  readonly text: string;
}

export interface Block {
  readonly path: string;
  readonly line: number;
  readonly language: string;
  readonly words: readonly string[];
  readonly text: string;
  /** The block that follows in the page. */
  readonly next: Block | undefined;
}

export function readPages(): Page[] {
  const guides = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  const paths = ['README.md', 'CHANGELOG.md', ...guides.sort().map((name) => `docs/${name}`)];
  return paths.map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

export function blocksOf({ path, text }: Page): Block[] {
  const matches = [...text.matchAll(/^```(\S+)(.*)\n([\s\S]*?)^```$/gm)];
  let next: Block | undefined;
  const blocks = matches.reverse().map((match) => {
    const [, language = '', info = '', body = ''] = match;
    const line = text.slice(0, match.index).split('\n').length;
    next = { path, line, language, words: info.trim().split(/\s+/).filter(Boolean), text: body, next };
    return next;
  });
  return blocks.reverse();
}

/** The prose alone: no code blocks, no `code`, no comments, no link targets. */
export function proseOf({ text }: Page): string {
  const unfenced = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  return unfenced
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .replaceAll(/`[^`]*`/g, '')
    .replaceAll(/\]\([^)]*\)/g, ']');
}

/** A name of the package for each of the sources that examples import. */
const ENTRY_POINTS: Readonly<Record<string, string>> = {
  '../index.js': 'meshwright',
  '../simulation.js': 'meshwright/simulation',
  '../switch.js': 'meshwright/switch',
  '../testing/index.js': 'meshwright/testing',
  '../routing/index.js': 'meshwright/routing',
  '../behaviours/index.js': 'meshwright/behaviours',
  '../transports/index.js': 'meshwright/transports',
  '../operation/index.js': 'meshwright/operation',
};

/** An example as a page shows it: as an application would write it, without the file's first comment. */
export function exampleText(path: string): string {
  const source = readFileSync(join(ROOT, path), 'utf8').replace(/^\/\*\*[\s\S]*?\*\/\n/, '');
  return source.replaceAll(/from '(\.\.\/[^']+)'/g, (_, path: string) => `from '${ENTRY_POINTS[path] ?? path}'`);
}

/** Text without the node ids in it, which differ from run to run. */
export function withoutIds(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{8}\b/g, 'ID');
}

/** Text without node ids, hashes and numbers: for what depends on the machine, or on details that may change. */
export function withoutNumbers(text: string): string {
  return withoutIds(text)
    .replaceAll(/\b[0-9a-f]{16}\b/g, 'HASH')
    .replaceAll(/ \([0-9.]+ ms\)/g, '')
    .replaceAll(/\d+/g, 'N');
}

/** What a page shows as the output of an example, behind its code. */
export function shownOutput(path: string): string {
  const [shown] = readPages()
    .flatMap(blocksOf)
    .filter(({ words }) => words.includes(`file=${path}`));
  return shown?.next?.language === 'text' ? shown.next.text : '';
}
