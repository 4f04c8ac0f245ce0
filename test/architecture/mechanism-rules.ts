/**
 * @module Mechanism rules: what stands in one place of the core is not written a second time (DESIGN section 2). Each mechanism is known by
 * signs; where a sign stands although the mechanism does not belong there, the file is listed. The lists may only shrink: a listed file
 * without the sign is a fault, too.
 */
import type { Rule } from './graph-rules.js';
import { lineOf } from './source.js';

export interface Mechanism {
  /** What is written by hand, and what to use for it: ends the sentence about a fault. */
  readonly use: string;
  readonly sign: RegExp;
  /** The files that are looked at. */
  readonly places: RegExp;
  /** Where the mechanism belongs. */
  readonly home: RegExp;
  /** Files in which the sign stood before there was a rule, and those in which it means something else. */
  readonly listed: readonly string[];
}

const SHIPPED = /^(core|behaviours|routing|transports|testing|operation)\//;
const BEHAVIORS = /^behaviours\//;

export const MECHANISMS = {
  integers: {
    use: 'whole numbers in bytes are read and written by core/structures/bytes.ts',
    sign: /(?:<<|>>>?)=?\s*\(?(?:8|16|24)\b|\bDataView\b|\*\s*256\s*\+/g,
    places: SHIPPED,
    home: /^core\/structures\/(bytes|mix)\.ts$/,
    listed: [],
  },
  timers: {
    use: 'a behaviour waits by a WakeTimer or a Timeline, for a dial by core/kits/dial',
    sign: /\.\s*after\s*\(/g,
    places: BEHAVIORS,
    home: /^$/,
    listed: [],
  },
  dials: {
    use: 'a behaviour keeps a target connected by core/kits/dial',
    sign: /(?<!\bthis)\.\s*connect\s*\(/g,
    places: BEHAVIORS,
    home: /^$/,
    listed: [],
  },
  oldest: {
    use: 'a map that forgets its oldest entry is a BoundedMap, a set a SeenSet',
    sign: /\.\s*keys\(\)\s*\.\s*next\(\)|\bconst\s*\[\w+\]\s*=[^;]*\.\s*keys\(\)/g,
    places: SHIPPED,
    home: /^core\/structures\/(bounded-map|seen-set)\.ts$/,
    listed: [],
  },
  waits: {
    use: 'a wait that grows with failures is a bound of core/structures/back-off.ts',
    sign: /\b2\s*\*\s*[\w.#]*(?:wait|interval|back-?off|gap|delay|pause)\w*|[\w.#]*(?:wait|interval|backoff|gap|delay|pause)\w*\s*(?:\*=|\*\s*(?:2\b|[\w.]*(?:growth|factor|multiplier)))|\*\*\s*[\w.#]*(?:failures|doublings|attempts|tries|refusals)/gi,
    places: SHIPPED,
    home: /^core\/structures\/back-off\.ts$/,
    listed: [
      // Compares two limits.
      'core/limits.ts',
    ],
  },
  signals: {
    use: 'an abortion is waited for by onAbort of core/structures/abort.ts',
    sign: /\.\s*addEventListener\s*\(/g,
    places: /^(core|behaviours)\//,
    home: /^core\/structures\/abort\.ts$/,
    // A signal of one use.
    listed: ['core/platform/node/sockets/node-sockets.ts'],
  },
  hex: {
    use: 'bytes are written as digits by core/structures/hex.ts',
    sign: /\.\s*toString\(16\)\s*\.\s*padStart\(\s*2\b|\btoString\(\s*'hex'/g,
    places: SHIPPED,
    home: /^core\/structures\/hex\.ts$/,
    listed: [
      // Of a number.
      'testing/conformance/router-table-meshes.ts',
    ],
  },
  endless: {
    use: 'everything outstanding has a bound',
    sign: /\bnew\s+PendingTable(?:<[^(]*>)?\(\s*(?:Number\s*\.\s*POSITIVE_INFINITY|Infinity)\s*\)/g,
    places: SHIPPED,
    home: /^$/,
    listed: ['core/engine/network.ts'],
  },
} as const satisfies Record<string, Mechanism>;

/** Holds all files to one mechanism. */
export function standsOnce({ use, sign, places, home, listed }: Mechanism): Rule {
  return (sources) => {
    const found = sources
      .filter(({ path }) => places.test(path) && !home.test(path))
      .flatMap(({ path, code }) => [...code.matchAll(sign)].map((match) => ({ path, text: match[0], line: lineOf(code, match.index) })));
    const written = found
      .filter(({ path }) => !listed.includes(path))
      .map(({ path, text, line }) => `${path}:${line} has ${text.trim()}: ${use}`);
    const idle = listed.filter((path) => !found.some((one) => one.path === path));
    return [...written, ...idle.map((path) => `${path} is listed in mechanism-rules.ts and need not be: ${use}`)];
  };
}
