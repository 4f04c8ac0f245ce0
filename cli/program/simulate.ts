/**
 * @module The command `simulate`: runs nodes in virtual time, from a seed, and prints what was measured: a network that is described by options, or the
 * simulation in a file. The same seed gives the same run.
 */
import { writeFileSync } from 'node:fs';
import { svgOf } from '../simulate/charts.js';
import { networkRun } from '../simulate/network-run.js';
import { replayPage } from '../simulate/replay-page.js';
import { aboutOf, linesOf, valueLine } from '../simulate/report.js';
import type { CommandRow, OptionValues } from './row.js';
import { NETWORK_OPTIONS, requireNone, settingsOf } from './simulate-options.js';
import { type FileRun, fileRun } from './simulation-file.js';
import { EXIT, plainText, type Terminal, UsageError } from './terminal.js';

interface Given {
  readonly seed: string;
  readonly svg?: string;
  readonly html?: string;
}

export const simulate: CommandRow = {
  name: 'simulate',
  parameters: ['[file]'],
  help: 'run nodes in virtual time, from a seed: a network by options, or the simulation in a file',
  options: [
    { flags: '-s, --seed <text>', help: 'the same seed gives the same run', initial: '1' },
    { flags: '--html <file>', help: 'write a page that plays the run back' },
    { flags: '--svg <file>', help: 'write charts; without a simulation of your own' },
    ...NETWORK_OPTIONS,
  ],
  run: async (terminal, options, [file]) => {
    if (file === undefined) return byOptions(terminal, options);
    return ofFile(terminal, file, options);
  },
};

async function byOptions(terminal: Terminal, options: OptionValues): Promise<number> {
  const { seed, svg, html } = options as unknown as Given;
  const settings = settingsOf(options, seed);
  const { recording, statistics } = await networkRun(settings, (what, share) =>
    terminal.progress(`${what} … ${Math.round(100 * share)} %`),
  );
  terminal.show(statistics, linesOf(statistics));
  if (svg !== undefined) writeFileSync(svg, svgOf(statistics, recording));
  const title = `${settings.nodes} nodes, profile ${settings.profile}`;
  if (html !== undefined) writeFileSync(html, replayPage(recording, { title, about: aboutOf(statistics) }));
  return EXIT.ok;
}

async function ofFile(terminal: Terminal, file: string, options: OptionValues): Promise<number> {
  const { seed, svg, html } = options as unknown as Given;
  requireNone(options);
  if (svg !== undefined) throw new UsageError('--svg belongs to the network without a file; the file has its own');
  terminal.progress('simulating …');
  const { recording, result } = await fileRun(file, seed);
  terminal.show(result, linesOfResult(result));
  if (html !== undefined) writeFileSync(html, replayPage(recording, { title: file, about: `seed ${seed}` }));
  return result.faults.length === 0 ? EXIT.ok : EXIT.failed;
}

function linesOfResult({ figures, nodes, virtualS, events, faults, traceHash }: FileRun['result']): string[] {
  return [
    ...Object.entries(figures).map(([name, value]) => valueLine(name, String(value))),
    valueLine('nodes at the end', String(nodes)),
    valueLine('virtual time', `${virtualS.toFixed(1)} s`),
    valueLine('events', String(events)),
    valueLine('trace', traceHash),
    ...faults.map((fault) => `fault: ${fault}`),
  ].map(plainText);
}
