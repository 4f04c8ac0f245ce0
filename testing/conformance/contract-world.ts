/**
 * @module ContractWorld: what the observers of the suites for transports share: what a contract forbids is noted as a violation, and a world is closed
 * and judged after its check. It knows neither streams nor datagrams.
 */
import { must } from './check-tools.js';

/** One fact about every transport of a kind. `run` rejects with an error that names what did not hold. */
export interface ContractCheck<Fixture> {
  readonly name: string;
  run(factory: () => Fixture | Promise<Fixture>): Promise<void>;
}

const DEADLINE_MS = 10_000;

export abstract class ContractWorld<Fixture extends { readonly deadlineMs?: number }> {
  readonly violations: string[] = [];
  #isCalling = false;

  constructor(readonly fixture: Fixture) {}

  /** How long is waited for what must happen. */
  get deadlineMs(): number {
    return this.fixture.deadlineMs ?? DEADLINE_MS;
  }

  /** Calls the transport; no sink may be called meanwhile. */
  call<T>(work: () => T): T {
    const wasCalling = this.#isCalling;
    this.#isCalling = true;
    try {
      return work();
    } finally {
      this.#isCalling = wasCalling;
    }
  }

  /** A sink is called. */
  note(event: string): void {
    if (this.#isCalling) this.violations.push(`${event} during a call`);
  }

  /** Ends all that is open and reports what was forbidden. */
  async finish(): Promise<void> {
    await this.settle();
    await this.close();
    must(this.violations.length === 0, `the contract is kept: ${this.violations.join('; ')}`);
  }

  /** What was waited for in vain. */
  late(what: string): Error {
    return new Error(`${what}: not within ${this.deadlineMs} ms; violations: ${this.violations.join('; ') || 'none'}`);
  }

  /** Returns when every call of a sink that was due has been made. */
  abstract settle(): Promise<void>;
  abstract close(): Promise<void>;
}

/** Makes checks whose body gets a world of its own, which is closed and judged after it. */
export function checksIn<Fixture extends object, World extends ContractWorld<Fixture>>(worldOf: (fixture: Fixture) => World) {
  return (name: string, body: (world: World) => Promise<void>): ContractCheck<Fixture> => ({
    name,
    async run(factory) {
      const world = worldOf(await factory());
      try {
        await body(world);
      } catch (error) {
        await world.close().catch(() => {});
        throw error;
      }
      await world.finish();
    },
  });
}
