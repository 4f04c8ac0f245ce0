/**
 * @module Report: statistics as lines for a terminal.
 */
import type { Statistics } from './statistics.js';

const LABEL_WIDTH = 34;

/** One line for each figure. What is of this machine comes last. */
export function linesOf(statistics: Statistics): string[] {
  const { lookups, traffic, cost } = statistics;
  const share = lookups.count === 0 ? 1 : lookups.found / lookups.count;
  const rows: [string, string][] = [
    ['nodes, link ends', `${statistics.nodes}, ${statistics.linkEnds}`],
    ['crypto', statistics.crypto === 'simulated' ? 'simulated: cheap, protects nothing' : statistics.crypto],
    ['lookups found', `${lookups.found} of ${lookups.count} (${(100 * share).toFixed(2)} %)`],
    ['hops: mean, p99', `${lookups.hopsMean.toFixed(2)}, ${lookups.hopsP99}`],
    ['latency: p50, p95, p99', [lookups.latencyP50Ms, lookups.latencyP95Ms, lookups.latencyP99Ms].map(ms).join(', ')],
    ['messages: segments, bytes', `${traffic.segments}, ${traffic.bytes}`],
    ['bytes of a node in a second', traffic.bytesPerNodeAndSecond.toFixed(0)],
    ['virtual time', `${statistics.virtualS.toFixed(1)} s`],
    ['trace', statistics.traceHash],
    ['to form', `${cost.formCpuS.toFixed(1)} s of CPU`],
    ['to run', `${cost.liveCpuS.toFixed(1)} s of CPU, ${cost.virtualSPerWallS.toFixed(1)} virtual seconds a second`],
    ['events', `${cost.events}, ${Math.round(cost.eventsPerCpuS)} a second of CPU`],
    ['memory of a node, of a link end', `${kib(cost.bytesPerNode)}, ${kib(cost.bytesPerLinkEnd)}`],
    ['resident memory', `${(cost.residentBytes / 2 ** 20).toFixed(0)} MiB`],
  ];
  return rows.map(([label, text]) => valueLine(label, text));
}

export function valueLine(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

/** For the page that plays it back. */
export function aboutOf({ settings, crypto, lookups, nodes, linkEnds }: Statistics): string {
  const cost = crypto === 'simulated' ? 'simulated crypto (cheap, protects nothing)' : `crypto: ${crypto}`;
  return `seed ${settings.seed}; ${cost}; at the end ${nodes} nodes and ${linkEnds} link ends; ${lookups.found} of ${lookups.count} lookups found`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function kib(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} KiB`;
}
