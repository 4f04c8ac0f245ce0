/**
 * @module Statistics: what a run has cost and brought, in numbers: exact in virtual time, measured where they are of this machine.
 */
import type { RunRecording, SimulatedNetwork } from '../../simulation.js';
import type { Settings } from './settings.js';
import type { Lookup } from './world.js';

export interface Statistics {
  readonly settings: Settings;
  /** The name of the nodes' cryptography: `simulated` is cheap, and does not protect. */
  readonly crypto: string;
  readonly nodes: number;
  readonly linkEnds: number;
  readonly lookups: {
    readonly count: number;
    readonly found: number;
    /** How many took so many hops: one entry for each number, from 1 on. */
    readonly hops: readonly number[];
    readonly hopsMean: number;
    readonly hopsP99: number;
    readonly latencyP50Ms: number;
    readonly latencyP95Ms: number;
    readonly latencyP99Ms: number;
  };
  readonly traffic: { readonly bytes: number; readonly segments: number; readonly bytesPerNodeAndSecond: number };
  readonly cost: Cost;
  readonly virtualS: number;
  readonly traceHash: string;
}

/** Of this machine: another run differs. */
export interface Cost {
  readonly formCpuS: number;
  readonly liveCpuS: number;
  readonly liveWallS: number;
  readonly events: number;
  readonly eventsPerCpuS: number;
  readonly virtualSPerWallS: number;
  readonly bytesPerNode: number;
  readonly bytesPerLinkEnd: number;
  readonly residentBytes: number;
}

export function statisticsOf(
  settings: Settings,
  network: SimulatedNetwork,
  { lookups, recording, cost }: { readonly lookups: readonly Lookup[]; readonly recording: RunRecording; readonly cost: Cost },
): Statistics {
  const bytes = sum(recording.samples.map((sample) => sample.bytes));
  const seconds = (recording.endMs - recording.startMs) / 1_000;
  return {
    settings,
    crypto: network.cryptoName,
    nodes: network.nodes.length,
    linkEnds: linkEndsOf(network),
    lookups: lookupsOf(lookups),
    traffic: {
      bytes,
      segments: sum(recording.samples.map(({ segments }) => segments)),
      bytesPerNodeAndSecond: bytes / Math.max(1, network.nodes.length) / Math.max(1, seconds),
    },
    cost,
    virtualS: seconds,
    traceHash: network.traceHash(),
  };
}

export function linkEndsOf({ nodes }: SimulatedNetwork): number {
  return sum(nodes.map((node) => node.connections().length));
}

function lookupsOf(all: readonly Lookup[]): Statistics['lookups'] {
  const found = all.filter(({ isFound }) => isFound);
  const hops = found.map((lookup) => lookup.hops);
  const tookMs = found.map((lookup) => lookup.tookMs);
  const longest = hops.reduce((most, count) => Math.max(most, count), 0);
  return {
    count: all.length,
    found: found.length,
    hops: Array.from({ length: longest }, (_, index) => hops.filter((count) => count === index + 1).length),
    hopsMean: hops.length === 0 ? 0 : sum(hops) / hops.length,
    hopsP99: quantile(hops, 0.99),
    latencyP50Ms: quantile(tookMs, 0.5),
    latencyP95Ms: quantile(tookMs, 0.95),
    latencyP99Ms: quantile(tookMs, 0.99),
  };
}

/** The value that the given share of them does not exceed; 0 if there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
