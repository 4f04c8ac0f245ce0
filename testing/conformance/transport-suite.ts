/**
 * @module transportSuite, datagramSuite: prove a transport against its contract in `core/api/transport.ts`. They need a runner with `describe` and `it`
 * (mocha, vitest, jest) only; `transportChecks` and `datagramChecks` give the same checks as data, to run them without one. Every wait
 * names what it waits for and has a deadline.
 */

import { NetworkError } from '../../core/errors.js';
import type { ContractCheck } from './contract-world.js';
import { DATAGRAM_CHECKS, type DatagramCheck } from './datagram-checks.js';
import type { DatagramFactory } from './datagram-world.js';
import { DIAL_CHECKS, LISTEN_CHECKS, type TransportCheck } from './transport-checks.js';
import { STREAM_CHECKS } from './transport-stream-checks.js';
import type { TransportFactory } from './transport-world.js';

export type { DatagramCheck } from './datagram-checks.js';
export type { DatagramFactory, DatagramFixture } from './datagram-world.js';
export type { TransportCheck } from './transport-checks.js';
export type { TransportFactory, TransportFixture } from './transport-world.js';

export interface TransportSuiteOptions {
  /** How the suite is called in the runner's report. */
  readonly name?: string;
}

/** Registers the suite for streams with the runner. The factory gives fresh transports at every call. */
export function transportSuite(factory: TransportFactory, options: TransportSuiteOptions = {}): void {
  register('transportSuite', 'the transport contract', options, transportChecks(), factory);
}

/** The checks of the suite, for running them without a runner. */
export function transportChecks(): readonly TransportCheck[] {
  return [...LISTEN_CHECKS, ...DIAL_CHECKS, ...STREAM_CHECKS];
}

/** Registers the suite for datagrams with the runner. The factory gives fresh transports at every call. */
export function datagramSuite(factory: DatagramFactory, options: TransportSuiteOptions = {}): void {
  register('datagramSuite', 'the datagram contract', options, DATAGRAM_CHECKS, factory);
}

/** The checks of the datagram suite, for running them without a runner. */
export function datagramChecks(): readonly DatagramCheck[] {
  return DATAGRAM_CHECKS;
}

function register<Fixture>(
  suite: string,
  contract: string,
  { name }: TransportSuiteOptions,
  checks: readonly ContractCheck<Fixture>[],
  factory: () => Fixture | Promise<Fixture>,
): void {
  const { describe, it } = globalThis as unknown as Partial<Record<'describe' | 'it', (name: string, body: () => unknown) => void>>;
  if (describe === undefined || it === undefined)
    throw new NetworkError('ARGUMENT_INVALID', `${suite} needs a test runner with global describe and it; or take its checks as data`);
  describe(`${contract}${name === undefined ? '' : `: ${name}`}`, () => {
    for (const check of checks) it(check.name, () => check.run(factory));
  });
}
