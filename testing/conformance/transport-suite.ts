/**
 * @module transportSuite: proves a transport against the contract of `core/api/transport.ts`. It needs a runner with `describe` and `it`
 * (mocha, vitest, jest) only; `transportChecks` gives the same checks as data, to run them without one. Every wait
 * names what it waits for and has a deadline.
 */

import type { LinkKind } from '../../core/api/transport.js';
import { NetworkError } from '../../core/errors.js';
import { DIAL_CHECKS, LISTEN_CHECKS, type TransportCheck } from './transport-checks.js';
import { STREAM_CHECKS } from './transport-stream-checks.js';
import type { TransportFactory } from './transport-world.js';

export type { TransportCheck } from './transport-checks.js';
export type { TransportFactory, TransportFixture } from './transport-world.js';

export interface TransportSuiteOptions {
  /** What the transport's links are; default `stream`. Datagrams are asked only what holds where packets may be lost. */
  readonly kind?: LinkKind;
  /** How the suite is called in the runner's report. */
  readonly name?: string;
}

/** Registers the suite with the runner. The factory gives fresh transports at every call. */
export function transportSuite(factory: TransportFactory, options: TransportSuiteOptions = {}): void {
  const { describe, it } = globalThis as unknown as Partial<Record<'describe' | 'it', (name: string, body: () => unknown) => void>>;
  if (describe === undefined || it === undefined) {
    throw new NetworkError('ARGUMENT_INVALID', 'transportSuite needs a test runner with global describe and it; or use transportChecks');
  }
  describe(`the transport contract${options.name === undefined ? '' : `: ${options.name}`}`, () => {
    for (const { name, run } of transportChecks(options)) it(name, () => run(factory));
  });
}

/** The checks of the suite, for running them without a runner. */
export function transportChecks({ kind = 'stream' }: TransportSuiteOptions = {}): readonly TransportCheck[] {
  return kind === 'stream' ? [...LISTEN_CHECKS, ...DIAL_CHECKS, ...STREAM_CHECKS] : [...LISTEN_CHECKS, ...DIAL_CHECKS];
}
