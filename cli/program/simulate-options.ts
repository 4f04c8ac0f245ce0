/**
 * @module Options of the simulated network of `meshwright simulate`: how they are written, what they are by default, and which values they may have.
 */
import { CRYPTO, MODELS, PROFILES, type Settings } from '../simulate/settings.js';
import type { OptionRow, OptionValues } from './row.js';
import { UsageError } from './terminal.js';
import { decimal, oneOf, whole } from './values.js';

interface SettingRow extends OptionRow {
  /** Of the option, as commander names it, and of the setting. */
  readonly option: string;
  readonly setting: keyof Settings;
  readonly initially: Settings[keyof Settings];
}

const row = (
  setting: keyof Settings,
  flags: string,
  initially: Settings[keyof Settings],
  help: string,
  read?: (name: string) => (text: string) => unknown,
): SettingRow => {
  const name = flags.split(' ')[0] as string;
  const described = typeof initially === 'boolean' ? help : `${help}; ${initially} by default`;
  return { setting, flags, initially, option: name.slice(2), help: described, ...(read === undefined ? {} : { read: read(name) }) };
};
const count = (min: number, max: number) => (name: string) => whole(name, min, max);
const number = (min: number, max: number) => (name: string) => decimal(name, min, max);
const choice = (values: readonly string[]) => (name: string) => oneOf(name, values);

const ROWS: readonly SettingRow[] = [
  row('nodes', '--nodes <number>', 200, 'nodes', count(2, 100_000)),
  row(
    'profile',
    '--profile <name>',
    'plain',
    'plain: handshake, rpc and OverlayRouter. spacer: the same, and a spacer that makes the links. default: what nodes have by default',
    choice(PROFILES),
  ),
  row('mesh', '--mesh <number>', 16, 'links of a node on average', count(2, 200)),
  row('durationS', '--duration <s>', 60, 'virtual seconds after the network has formed', number(1, 86_400)),
  row(
    'lookups',
    '--lookups <number>',
    200,
    'nodes that are called from random others meanwhile, or keys that are resolved (spacer)',
    count(0, 1_000_000),
  ),
  row('latencyMs', '--latency <ms>', 20, 'one way', number(0, 10_000)),
  row('jitterMs', '--jitter <ms>', 10, 'random addition', number(0, 10_000)),
  row('model', '--model <name>', 'flat', 'flat: one latency for all. plane: it grows with distance, to twice --latency', choice(MODELS)),
  row('loss', '--loss <share>', 0, 'of segments', number(0, 0.99)),
  row('churnMinutes', '--churn <minutes>', 0, 'half of the nodes crash within so many, and return after 10 s; 0: none', number(0, 1_440)),
  row('crashShare', '--crash <share>', 0, 'of the nodes crashes for good after a third of the time', number(0, 0.9)),
  row('hasPartition', '--partition', false, 'two halves do not reach each other in the second third of the time'),
  row(
    'crypto',
    '--crypto <name>',
    'simulated',
    'simulated: cheap, and without any protection. real: what nodes have elsewhere',
    choice(CRYPTO),
  ),
];

/** For the command. */
export const NETWORK_OPTIONS: readonly OptionRow[] = ROWS.map(({ flags, help, read }) => ({ flags, help, ...(read && { read }) }));

/** What the options say, and the defaults of those that were not given. */
export function settingsOf(options: OptionValues, seed: string): Settings {
  return { ...Object.fromEntries(ROWS.map(({ option, setting, initially }) => [setting, options[option] ?? initially])), seed } as Settings;
}

/** A simulation in a file has its own network: throws a `UsageError` that names an option of this one. */
export function requireNone(options: OptionValues): void {
  const given = ROWS.find(({ option }) => options[option] !== undefined);
  if (given !== undefined) throw new UsageError(`--${given.option} belongs to the network without a file; the file has its own`);
}
