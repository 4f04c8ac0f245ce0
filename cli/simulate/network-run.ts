/**
 * @module NetworkRun: a run of the simulated network of `meshwright simulate`, measured: exact in virtual time, and what it costs on this machine.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { platformCrypto } from '../../core/platform/node/platform-crypto.js';
import type { RunRecording } from '../../simulation.js';
import type { Settings } from './settings.js';
import { type Cost, linkEndsOf, type Statistics, statisticsOf } from './statistics.js';
import { type Report, World } from './world.js';

export interface NetworkRun {
  readonly recording: RunRecording;
  readonly statistics: Statistics;
}

export async function networkRun(settings: Settings, report: Report): Promise<NetworkRun> {
  const memory = memoryMeter();
  const startBytes = memory();
  const world = new World(settings, settings.crypto === 'real' ? platformCrypto() : undefined);
  const { network, recorder } = world;
  const startCpuS = cpuS();
  await world.form(report);
  const formCpuS = cpuS() - startCpuS;
  const [formedBytes, ends, wallMs, events] = [memory() - startBytes, linkEndsOf(network), performance.now(), network.eventCount];
  const [fromCpuS, fromMs] = [cpuS(), network.nowMs];
  await world.live(report);
  const [liveCpuS, liveWallS] = [cpuS() - fromCpuS, (performance.now() - wallMs) / 1_000];
  const cost: Cost = {
    ...{ formCpuS, liveCpuS, liveWallS, events: network.eventCount },
    eventsPerCpuS: (network.eventCount - events) / liveCpuS,
    virtualSPerWallS: (network.nowMs - fromMs) / 1_000 / liveWallS,
    bytesPerNode: formedBytes / settings.nodes,
    bytesPerLinkEnd: formedBytes / Math.max(1, ends),
    residentBytes: process.memoryUsage.rss(),
  };
  const { recording } = recorder;
  return { recording, statistics: statisticsOf(settings, network, { lookups: world.lookups, recording, cost }) };
}

/** Gives what is in use, without garbage. */
function memoryMeter(): () => number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
}

function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
