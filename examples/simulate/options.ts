/**
 * @module Options of the simulation, from the command line: what is simulated, and what is made of it.
 */
import { parseArgs } from 'node:util';

export const PROFILES = ['plain', 'default'] as const;
export type Profile = (typeof PROFILES)[number];

export const USAGE = `node dist/examples/simulate.js [options]

  --nodes N           nodes, 200 by default
  --profile NAME      plain: handshake, rpc and OverlayRouter, each node with a mesh of links (default)
                      default: everything that nodes have by default, with the path-vector router
  --mesh N            links of a node on average, 16 by default
  --duration S        virtual seconds after the network has formed, 60 by default
  --lookups N         nodes that are called from random others meanwhile, 200 by default
  --latency MS        one way, 20 by default
  --jitter MS         random addition, 10 by default
  --model NAME        flat: one latency for all (default). plane: nodes have places, and latency grows with distance, to twice --latency at most
  --loss SHARE        of segments, 0 by default
  --churn MIN         half of the nodes crash within so many minutes, and come back after 10 s; 0, the default: none
  --crash SHARE       of the nodes crashes for good after a third of the time, 0 by default
  --partition         two halves do not reach each other in the second third of the time
  --seed TEXT         1 by default: the same seed gives the same run
  --crypto NAME       simulated: cheap, and without any protection (default). real: what nodes have elsewhere
  --json FILE --svg FILE --html FILE
                      figures, charts, and a page that plays the run back
  --help
`;

const OPTIONS = {
  nodes: { type: 'string', default: '200' },
  profile: { type: 'string', default: 'plain' },
  mesh: { type: 'string', default: '16' },
  duration: { type: 'string', default: '60' },
  lookups: { type: 'string', default: '200' },
  latency: { type: 'string', default: '20' },
  jitter: { type: 'string', default: '10' },
  model: { type: 'string', default: 'flat' },
  loss: { type: 'string', default: '0' },
  churn: { type: 'string', default: '0' },
  crash: { type: 'string', default: '0' },
  partition: { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
  crypto: { type: 'string', default: 'simulated' },
  json: { type: 'string' },
  svg: { type: 'string' },
  html: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

export interface Settings {
  readonly nodes: number;
  readonly profile: Profile;
  readonly mesh: number;
  readonly durationS: number;
  readonly lookups: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly model: 'flat' | 'plane';
  readonly loss: number;
  readonly churnMinutes: number;
  readonly crashShare: number;
  readonly hasPartition: boolean;
  readonly seed: string;
  readonly crypto: 'simulated' | 'real';
}

export interface Outputs {
  readonly json: string | undefined;
  readonly svg: string | undefined;
  readonly html: string | undefined;
}

/** `undefined`: help is wanted. Throws an `Error` that names the option. */
export function readArguments(args: readonly string[]): { readonly settings: Settings; readonly outputs: Outputs } | undefined {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return undefined;
  const { json, svg, html } = values;
  const settings: Settings = {
    nodes: numberOf('nodes', values.nodes, 2, 100_000, true),
    profile: oneOf('profile', values.profile, PROFILES),
    mesh: numberOf('mesh', values.mesh, 2, 200, true),
    durationS: numberOf('duration', values.duration, 1, 86_400),
    lookups: numberOf('lookups', values.lookups, 0, 1_000_000, true),
    latencyMs: numberOf('latency', values.latency, 0, 10_000),
    jitterMs: numberOf('jitter', values.jitter, 0, 10_000),
    model: oneOf('model', values.model, ['flat', 'plane']),
    loss: numberOf('loss', values.loss, 0, 0.99),
    churnMinutes: numberOf('churn', values.churn, 0, 1_440),
    crashShare: numberOf('crash', values.crash, 0, 0.9),
    hasPartition: values.partition,
    seed: values.seed,
    crypto: oneOf('crypto', values.crypto, ['simulated', 'real']),
  };
  return { settings, outputs: { json, svg, html } };
}

function numberOf(option: string, text: string, min: number, max: number, isWhole = false): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= min && value <= max && (!isWhole || Number.isInteger(value))) return value;
  throw new Error(`--${option} is ${text}; it must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}`);
}

function oneOf<T extends string>(option: string, text: string, names: readonly T[]): T {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new Error(`--${option} is ${text}; it must be one of ${names.join(', ')}`);
  return found;
}
