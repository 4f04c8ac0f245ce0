/**
 * @module Simulation (`meshwright/simulation`): the simulated network with the defaults of `createNode` wired in. Runs on Node and in browsers.
 */
import { BUILTINS, LanBehavior, NAMED_BUILTINS, PRIVATE_BUILTINS } from './behaviours/index.js';
import { PathVectorRouter } from './routing/index.js';
import { Simulation, type SimulationOptions } from './transports/simulated/index.js';

export * from './transports/simulated/index.js';

/** A network in virtual time: `new SimulatedNetwork({ seed: 1 })`. */
export class SimulatedNetwork extends Simulation {
  constructor(options: SimulationOptions) {
    super(options, {
      router: PathVectorRouter,
      builtins: BUILTINS,
      privateBuiltins: PRIVATE_BUILTINS,
      namedBuiltins: NAMED_BUILTINS,
      lan: LanBehavior,
    });
  }
}
