/**
 * @module What the switch's tests share: a switch on a simulated network.
 */
import { SpaceAuthority } from '../../behaviours/index.js';
import type { Identity } from '../../index.js';
import { SimulatedNetwork, type SimulationOptions, simulatedCrypto } from '../../simulation.js';
import { type HashnameFlags, type HashnameInstallation, type Hosted, type ServiceRecords, SwitchHost } from '../../switch/index.js';
import { seededIdentity } from '../../testing/seeded.js';

const WALL_START_MS = Date.UTC(2025, 0, 1);
const HOUR_MS = 3_600_000;

export const identityOf = (name: string): Identity => seededIdentity(name, simulatedCrypto);
export const authorityOf = (space: string): SpaceAuthority => new SpaceAuthority(space, identityOf(`authority of ${space}`));

/** As the simulator counts. */
export const operatorAddress = (name: string): string => `sim://${identityOf(name).nodeId}@${name}`;

export class SwitchWorld {
  readonly net: SimulatedNetwork;
  private readonly switches: SwitchHost[] = [];

  constructor(seed = 1, conditions: Partial<SimulationOptions> = {}) {
    this.net = new SimulatedNetwork({ seed, latencyMs: 5, onFault: 'reject', ...conditions });
  }

  switch(serviceRecords: ServiceRecords = () => Promise.reject(new Error('no name server'))): SwitchHost {
    const createNode: ConstructorParameters<typeof SwitchHost>[0]['createNode'] = (options) => {
      const [listen = ''] = options.listen ?? [];
      return this.net.createNode({ ...options, name: String(listen).replace('sim://', '') });
    };
    const made = new SwitchHost({ createNode, serviceRecords });
    this.switches.push(made);
    return made;
  }

  certificateOf(name: string, space: string): Uint8Array {
    const nowMs = WALL_START_MS + this.net.nowMs;
    return authorityOf(space).issue(identityOf(name), { fromMs: nowMs - HOUR_MS, untilMs: nowMs + HOUR_MS });
  }

  /** Installs a hashname that is seeded with its name, and listens at `sim://name`. */
  install(
    at: SwitchHost,
    name: string,
    installation: Partial<HashnameInstallation> & { space: string },
    flags: HashnameFlags = {},
  ): Promise<Hosted> {
    return at.install({ identity: identityOf(name), listen: [`sim://${name}`], ...installation }, flags);
  }

  end(): Promise<void> {
    return this.net.stop();
  }
}
