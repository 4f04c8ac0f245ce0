/**
 * @module SimulationFile: a simulation that a user has written: a module whose function `simulate` builds and drives a network, and whose `options` say
 * what network it is. The seed comes from the command line, so that the same file runs the same way again.
 */
import { resolve } from 'node:path';
import { type RunRecording, SimulatedNetwork, type SimulationOptions } from '../../simulation.js';
import { exportsOf } from './modules.js';
import { UsageError } from './terminal.js';

/** What a simulation measures, by names that it chooses. */
export type Figures = Readonly<Record<string, string | number | boolean>>;

/** What a file exports as `simulate`. The network has no nodes yet; the command stops it. */
export type Simulation = (network: SimulatedNetwork) => Promise<Figures | undefined> | Figures | undefined;

export interface FileRun {
  readonly recording: RunRecording;
  readonly result: {
    readonly seed: string;
    readonly figures: Figures;
    readonly nodes: number;
    readonly virtualS: number;
    readonly events: number;
    /** Callbacks of behaviours that failed. */
    readonly faults: readonly string[];
    readonly traceHash: string;
  };
}

/** Throws a `UsageError` for a file without a simulation, and what the simulation throws. */
export async function fileRun(path: string, seed: string): Promise<FileRun> {
  const { simulate, options = {} } = await exportsOf(resolve(path));
  if (typeof simulate !== 'function') throw new UsageError(`${path} has no simulation: it must export a function named simulate`);
  if (typeof options !== 'object' || options === null) throw new UsageError(`${path} exports options that are no object`);
  const network = new SimulatedNetwork({ ...(options as Partial<SimulationOptions>), seed });
  try {
    return await runOf(network, simulate as Simulation, seed);
  } finally {
    await network.stop();
  }
}

async function runOf(network: SimulatedNetwork, simulate: Simulation, seed: string): Promise<FileRun> {
  const recorder = network.record();
  const figures = (await simulate(network)) ?? {};
  const [nodes, traceHash, { recording }] = [network.nodes.length, network.traceHash(), recorder];
  const virtualS = (recording.endMs - recording.startMs) / 1_000;
  const faults = network.faults.map(
    ({ atMs, node, behavior, callback, cause }) => `${node} at ${atMs} ms: ${behavior}.${callback}: ${cause}`,
  );
  const result = { seed, figures, nodes, virtualS, events: network.eventCount, faults, traceHash };
  return { recording, result };
}
