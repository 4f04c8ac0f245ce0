/**
 * @module Suites over datagrams: has every simulated link that a suite makes go over datagrams, in mocha's process:
 * `npx mocha --import=./dist/test/campaigns/over-datagrams.js 'dist/test/behaviours/rpc/*.test.js'`. What such suites show of services holds
 * over datagrams as over streams; those that look at channels themselves (bytes, traces, hashes) do not apply.
 */
import { Simulation } from '../../transports/simulated/index.js';

class OverDatagrams extends Simulation {
  static use(): void {
    Simulation.links = 'datagrams';
  }
}

OverDatagrams.use();
