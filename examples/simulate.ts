/**
 * @module Simulate: a network of as many nodes as you like in virtual time: what it costs, and what happens in it. Prints a table; writes
 * figures, charts, and a page that plays the run back. `node dist/examples/simulate.js --help` lists the options, of which `simulate/options.ts`
 * is the table; `simulate/world.ts` is the network.
 */
import { writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { platformCrypto } from '../core/platform/node/platform-crypto.js';
import { svgOf } from './simulate/charts.js';
import { readArguments, type Settings, USAGE } from './simulate/options.js';
import { pageOf } from './simulate/page.js';
import { Progress } from './simulate/progress.js';
import { tableOf } from './simulate/report.js';
import { type Cost, linkEndsOf, statisticsOf } from './simulate/statistics.js';
import { World } from './simulate/world.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is in use, without garbage. */
function memoryBytes(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function simulate(settings: Settings, progress: Progress) {
  const startBytes = memoryBytes();
  const world = new World(settings, settings.crypto === 'real' ? platformCrypto() : undefined);
  const { network, recorder } = world;
  const times = [cpuS()];
  await world.form(progress.show);
  times.push(cpuS());
  const [formedBytes, ends, wallMs, events] = [memoryBytes() - startBytes, linkEndsOf(network), performance.now(), network.eventCount];
  const [fromCpuS, fromMs] = [cpuS(), network.nowMs];
  await world.live(progress.show);
  const [liveCpuS, liveWallS] = [cpuS() - fromCpuS, (performance.now() - wallMs) / 1_000];
  progress.end();
  const cost: Cost = {
    formCpuS: (times[1] as number) - (times[0] as number),
    ...{ liveCpuS, liveWallS, events: network.eventCount },
    eventsPerCpuS: (network.eventCount - events) / liveCpuS,
    virtualSPerWallS: (network.nowMs - fromMs) / 1_000 / liveWallS,
    bytesPerNode: formedBytes / settings.nodes,
    bytesPerLinkEnd: formedBytes / Math.max(1, ends),
    residentBytes: process.memoryUsage.rss(),
  };
  const { recording } = recorder;
  return { recording, statistics: statisticsOf(settings, network, { lookups: world.lookups, recording, cost }) };
}

try {
  const given = readArguments(process.argv.slice(2));
  if (given === undefined) process.stdout.write(USAGE);
  else {
    const { settings, outputs } = given;
    const { recording, statistics } = await simulate(settings, new Progress(process.stderr));
    process.stdout.write(tableOf(statistics));
    if (outputs.json !== undefined) writeFileSync(outputs.json, `${JSON.stringify(statistics, undefined, 2)}\n`);
    if (outputs.svg !== undefined) writeFileSync(outputs.svg, svgOf(statistics, recording));
    if (outputs.html !== undefined) writeFileSync(outputs.html, pageOf(statistics, recording));
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
