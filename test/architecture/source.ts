/**
 * @module Source: reads the project's TypeScript as the architecture rules see it: text, code without comments and strings, the strings,
 * and the imports. Knows no rule. No parser: a scanner of a hundred lines is enough for what the rules ask.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** `import type` and `export type` leave nothing at run time. */
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with comments and the inside of strings blanked out; lines and columns are those of the text. */
  readonly code: string;
  readonly strings: readonly string[];
  readonly imports: readonly Import[];
}

const SKIPPED = new Set(['node_modules', 'dist']);
/** After one of these a slash begins a regular expression, not a division. */
const BEFORE_REGEX = /(^|[(,=:[!&|?{};+\-*%<>~^]|=>|\b(return|typeof|case|of|in|do|else|yield|await|throw|new|delete|void))\s*$/;
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"|`|\/|[{}]/g;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const TEMPLATE_PART = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(`|\$\{)/y;
const IMPORT =
  /(?:^|[;\n])\s*(?:import|export)\s+(type\s)?(?:[^'"();]*?\sfrom\s+)?(['"])([^'"\n]+)\2|\bimport\(\s*(['"])([^'"\n]+)\4\s*\)/g;

/** Every TypeScript file of the project; outputs, packages and hidden folders excepted. */
export function readSources(root: string, folder = ''): SourceFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : readSources(root, path);
    return path.endsWith('.ts') ? [parse(path, readFileSync(join(root, path), 'utf8'))] : [];
  });
}

export function parse(path: string, text: string): SourceFile {
  const { code, strings, withStrings } = blank(text);
  const imports = [...withStrings.matchAll(IMPORT)].map(([, type, , specifier, , dynamic]) => ({
    specifier: specifier ?? dynamic ?? '',
    isTypeOnly: type !== undefined,
  }));
  return { path, text, code, strings, imports };
}

/** The line (from 1) of an offset. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Blanks comments, strings, templates and regular expressions; what stands in `${}` is code. */
function blank(text: string): { code: string; strings: string[]; withStrings: string } {
  const blanks: [start: number, end: number, isComment: boolean][] = [];
  const strings: string[] = [];
  /** For every open brace, whether it was opened by `${`. */
  const braces: boolean[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token] = match;
    let end = TOKEN.lastIndex;
    if (token === '{') braces.push(false);
    else if (token === '`' || (token === '}' && braces.pop() === true)) {
      end = endOfMatch(TEMPLATE_PART, text, end);
      if (text.startsWith('${', end - 2)) braces.push(true);
      const inner: [number, number] = [match.index + 1, end - (text[end - 1] === '`' ? 1 : 2)];
      strings.push(text.slice(...inner));
      blanks.push([...inner, false]);
    } else if (token === '/' && BEFORE_REGEX.test(text.slice(Math.max(0, match.index - 20), match.index))) {
      end = endOfMatch(REGEX, text, match.index);
      blanks.push([match.index + 1, end - 1, false]);
    } else if (token.length > 1) {
      const isComment = token.startsWith('/');
      if (!isComment) strings.push(token.slice(1, -1));
      blanks.push(isComment ? [match.index, end, true] : [match.index + 1, end - 1, false]);
    }
    TOKEN.lastIndex = end;
  }
  const comments = blanks.filter(([, , isComment]) => isComment);
  return { code: without(text, blanks), strings, withStrings: without(text, comments) };
}

function endOfMatch(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : start + 1;
}

function without(text: string, blanks: readonly (readonly [start: number, end: number, isComment: boolean])[]): string {
  let result = '';
  let from = 0;
  for (const [start, end] of blanks) {
    result += text.slice(from, start) + text.slice(start, end).replace(/[^\n]/g, ' ');
    from = Math.max(from, end);
  }
  return result + text.slice(from);
}
