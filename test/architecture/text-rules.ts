/**
 * @module Text rules: what may stand in a file (DESIGN sections 1 and 3, STYLE 2, 3, 11, 12, 16, 51). As in `graph-rules.ts`, a rule
 * answers sentences; none means that it holds.
 */
import type { Rule } from './graph-rules.js';
import { lineOf, type SourceFile } from './source.js';

const FILE_LINES_MAX = 300;
/** Tables of cases are long, and simple. */
const TEST_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 40;
const REAL_TIME_PLACES = /^(core\/node\/runner\.ts|(core\/platform|transports|cli|examples|bench|test|operation\/pages)\/)/;
/** Virtual time lives here: what it may not touch is what would make a run differ from the next. */
const SIMULATION = /^transports\/simulated\//;
const PROMISE_PLACES = /^core\/(node\/|platform\/)/;

const CLOCKS = /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|\bDate\s*\(\s*\)|\bperformance\s*\.\s*now\b|\bprocess\s*\.\s*(hrtime|uptime)\b/g;
const TIMERS = /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bprocess\s*\.\s*nextTick\b|\bAtomics\s*\.\s*wait\w*/g;
const RANDOMNESS =
  /\bMath\s*\.\s*random\b|\bcrypto\s*\.\s*random\w*|\b(getRandomValues|randomUUID|randomBytes|randomInt|randomFill\w*|randomSecretKey|randomPrivateKey)\b/g;
const PROMISES = /\basync\b(?!\s*[:;,)=?])|\bawait\b|\bnew\s+Promise\b|\bPromise\s*\.\s*\w+/g;
const SHIPPED = /^((core|behaviours|routing|transports|testing|operation|cli|switch)\/|(index|browser|simulation|slim|switch)\.ts$)/;
const REQUIREMENT_ID = /\b(?:DNDM|INET|ATM|SPL|HYP|H)-\d+|\bUSERS \d+|\b(?:SECURITY|DESIGN|REQUIREMENTS|USERS|STYLE)\.md|\brows? \d+\b/g;
/** Behind a closing parenthesis, with or without a result type, or behind an arrow. */
const FUNCTION_HEAD = /(\)\s*(:[^=;]*)?|=>\s*)$/;
const CONTROL_HEAD = /(^|[\s;}])(if|for|while|switch|catch|with)\s*(await\s*)?\([\s\S]*$/;

/** Requirements, and projects whose users' knowledge is not our users'. */
const FOREIGN = new RegExp(
  `${REQUIREMENT_ID.source}|\\bTH-\\d+|\\b(?:[Ll]ibp2p|[Aa]tm0s|[Ss]plinter|[Rr]atman|[Dd]ndm|[Tt]elehash|[Qq]uinn|[Hh]yperdht|[Hh]olepunch)\\b`,
  'g',
);

/** A rule that looks for a pattern in the code of some files. */
function banned(what: RegExp, isWatched: (path: string) => boolean, why: string): Rule {
  return (sources) =>
    sources
      .filter(({ path }) => isWatched(path))
      .flatMap(({ path, code }) =>
        [...code.matchAll(what)].map((match) => `${path}:${lineOf(code, match.index)} uses ${match[0]}: ${why}`),
      );
}

const isOutsideRealTime = (path: string) => !REAL_TIME_PLACES.test(path);
const isOutsideOrSimulation = (path: string) => isOutsideRealTime(path) || SIMULATION.test(path);

export const clocks = banned(CLOCKS, isOutsideOrSimulation, 'time is an argument or a port');
export const timers = banned(TIMERS, isOutsideRealTime, 'timers are a port');
export const randomness = banned(RANDOMNESS, isOutsideOrSimulation, 'randomness is a port');
export const promises = banned(
  PROMISES,
  (path) => path.startsWith('core/') && !PROMISE_PLACES.test(path),
  'promises live in node.ts and runner.ts',
);

export const moduleComments: Rule = (sources) =>
  sources
    .filter(({ text }) => !/^(#!.*\n)?\/\*\*\s*(\*\s*)?@module\s+\w/.test(text))
    .map(({ path }) => `${path} does not begin with an @module comment`);

export const fileLengths: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    const count = text.trimEnd().split('\n').length;
    const most = path.startsWith('test/') ? TEST_LINES_MAX : FILE_LINES_MAX;
    return count > most ? [`${path} has ${count} lines, more than ${most}`] : [];
  });

/** Tests are exempt: a suite is one function. */
export const functionLengths: Rule = (sources) =>
  sources
    .filter(({ path }) => !path.startsWith('test/'))
    .flatMap((file) =>
      functionsOf(file)
        .filter(({ lineCount }) => lineCount > FUNCTION_LINES_MAX)
        .map(({ line, lineCount }) => `${file.path}:${line} has a function of ${lineCount} lines, more than ${FUNCTION_LINES_MAX}`),
    );

/** Every function with a body in braces: where its head begins, and how many lines it has. */
export function functionsOf({ code }: SourceFile): { line: number; lineCount: number }[] {
  const found: { line: number; lineCount: number }[] = [];
  const open: { head: number; isFunction: boolean }[] = [];
  for (const { 0: brace, index } of code.matchAll(/[{}]/g)) {
    if (brace === '{') {
      open.push(headOf(code, index));
    } else {
      const opened = open.pop();
      if (opened?.isFunction)
        found.push({ line: lineOf(code, opened.head), lineCount: lineOf(code, index) - lineOf(code, opened.head) + 1 });
    }
  }
  return found;
}

/** The statement or member that a brace belongs to begins behind the last `;`, `,` or bracket that is not inside of brackets. */
function headOf(code: string, brace: number): { head: number; isFunction: boolean } {
  let depth = 0;
  let typeDepth = 0;
  let start = brace;
  for (; start > 0; start--) {
    const char = code[start - 1] as string;
    if (char === ')' || (char === '}' && depth > 0)) depth++;
    else if (depth > 0) depth -= char === '(' || char === '{' ? 1 : 0;
    else if (char === '>' && code[start - 2] !== '=') typeDepth++;
    else if (char === '<' && typeDepth > 0) typeDepth--;
    else if (typeDepth === 0 && /[;{}(,]/.test(char)) break;
  }
  const head = code.slice(start, brace);
  return { head: start + (head.length - head.trimStart().length), isFunction: FUNCTION_HEAD.test(head) && !CONTROL_HEAD.test(head) };
}

/** Identifiers and file names say Behavior, the folder says behaviours; only paths and prose have the other spelling. */
export const spelling: Rule = (sources) =>
  sources.flatMap(({ path, code, strings }) => {
    const name = path.replace(/^(test\/)?behaviours\//, '');
    const inPath = /ehaviour/.test(name) ? [`${path}: the file name says ehaviour`] : [];
    const inCode = [...code.matchAll(/\w*ehaviour\w*/g)].map((match) => `${path}:${lineOf(code, match.index)} says ${match[0]}`);
    const names = strings.filter((text) => /^[^\s/]*ehaviour[^\s/]*$/.test(text));
    return [...inPath, ...inCode, ...names.map((name) => `${path} has the name '${name}'`)];
  });

export const openEnds: Rule = (sources) =>
  sources.flatMap(({ path, text }) =>
    [...text.matchAll(/\b(TO|FIX)(DO|ME)\b/g)].map((match) => `${path}:${lineOf(text, match.index)} has a ${match[0]}`),
  );

/** What a text names that its readers do not know: requirements, threat rows, other projects. They stay in tests. */
export function foreignNames(path: string, text: string): string[] {
  return [...text.matchAll(FOREIGN)].map((match) => `${path}:${lineOf(text, match.index)} names ${match[0]}: users do not know it`);
}

export const shippedNames: Rule = (sources) =>
  sources.filter(({ path }) => SHIPPED.test(path)).flatMap(({ path, text }) => foreignNames(path, text));

/** No emitted types are read, by us or by others for us. */
export const emittedTypes: Rule = (sources) =>
  sources.flatMap(({ path, strings }) => strings.filter((text) => /\bdesign:\w/.test(text)).map((text) => `${path} reads ${text}`));
