/**
 * @module PortMappingBehavior (service 18): asks the routers of the local network to let others in, and announces where they come in. It sends
 * nothing over connections. One round at a time asks each gateway for each port at which this node listens; mappings are renewed after half of
 * their lease, asked for anew when this node listens elsewhere, and ended with the behaviour. A round of which nothing came is repeated in pauses that
 * grow. The gateways are the application's: what they say is believed as far as it names a public address, and nothing depends on it.
 */

import { classOf } from '../../core/address/address-class.js';
import { type Address, type BehaviorAgent, type BehaviorLimits, NetworkBehavior, NetworkError } from '../../core/index.js';
import { backoffBoundMs } from '../../core/structures/back-off.js';
import {
  GOODBYE_MS,
  LIMITS_OF_PORT_MAPPING,
  PAUSES,
  type PortGateway,
  PortMappingCounters,
  type PortMappingOptions,
  type PortMappingSettings,
  ROUND_MS,
  readPortMappingOptions,
} from './options.js';
import { mapRound, type RoundOutcome, TOO_LATE } from './round.js';

const SCHEMES: ReadonlySet<string> = new Set(['tcp', 'udp', 'ws']);
/** Hosts to which a gateway can lead: this machine on a local network, or wherever it is. */
const INNER: ReadonlySet<string> = new Set(['unspecified', 'private', 'shared']);

export class PortMappingBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: 18, name: 'port-mapping' } as const;

  private readonly settings: PortMappingSettings;
  private readonly counted = new PortMappingCounters();
  private outcome: RoundOutcome = { mapped: [], gateways: [], problem: undefined };
  /** The round that runs. */
  private round: AbortController | undefined;
  private roundSinceMs = 0;
  private listening: readonly Address[] = [];
  private dueMs = Number.POSITIVE_INFINITY;
  private failureCount = 0;

  constructor(options: PortMappingOptions = {}) {
    super();
    this.settings = readPortMappingOptions(options);
  }

  override get limits(): BehaviorLimits {
    return LIMITS_OF_PORT_MAPPING;
  }

  /** Where others come in through gateways. */
  get mapped(): readonly Address[] {
    return this.outcome.mapped;
  }

  /** Why they come in nowhere, while that is so and it was tried. */
  get problem(): string | undefined {
    return this.outcome.problem;
  }

  get counters(): Readonly<PortMappingCounters> {
    return { ...this.counted };
  }

  override onStarted(agent: BehaviorAgent): void {
    agent.metrics.counters(this.counted);
    this.look(agent);
  }

  override onTick(agent: BehaviorAgent): void {
    this.look(agent);
  }

  override onStopped(): void {
    this.round?.abort();
    this.round = undefined;
    this.leave(this.outcome.gateways);
  }

  private look(agent: BehaviorAgent): void {
    if (this.round !== undefined) return this.hurry(agent, this.round);
    if (this.listening === agent.addresses && agent.nowMs < this.dueMs) return;
    this.listening = agent.addresses;
    const inner = agent.addresses.filter((address) => SCHEMES.has(address.scheme) && INNER.has(classOf(address)));
    // A listener of all hosts has an address of each family.
    const wanted = [...new Map(inner.map((address) => [`${address.scheme} ${address.port}`, address])).values()];
    if (wanted.length > 0) this.begin(agent, wanted);
    else this.ended(agent, { mapped: [], gateways: this.outcome.gateways, problem: undefined }, Number.POSITIVE_INFINITY);
  }

  private begin(agent: BehaviorAgent, wanted: readonly Address[]): void {
    const round = new AbortController();
    this.round = round;
    this.roundSinceMs = agent.nowMs;
    void mapRound(this.settings, wanted, round.signal).then((outcome) => {
      if (this.round === round) this.whileRunning((later) => this.settled(later, round, outcome));
      else this.leave(outcome.gateways);
    });
  }

  /** A gateway that does not heed the signal is not waited for. */
  private hurry(agent: BehaviorAgent, round: AbortController): void {
    const lastsMs = agent.nowMs - this.roundSinceMs;
    if (lastsMs >= ROUND_MS) round.abort();
    if (lastsMs >= ROUND_MS + GOODBYE_MS) this.settled(agent, round, { mapped: [], gateways: [], problem: TOO_LATE });
  }

  private settled(agent: BehaviorAgent, round: AbortController, outcome: RoundOutcome): void {
    if (this.round !== round) return;
    this.round = undefined;
    this.count(agent, outcome);
    const pauseMs = outcome.mapped.length > 0 ? this.settings.leaseMs / 2 : backoffBoundMs(this.failureCount, PAUSES);
    this.ended(agent, outcome, agent.nowMs + pauseMs * (0.9 + 0.1 * agent.random.float()));
  }

  private count({ log }: BehaviorAgent, { mapped, problem }: RoundOutcome): void {
    if (mapped.length > 0) {
      this.failureCount = 0;
      this.counted.mapped++;
      return;
    }
    this.failureCount++;
    this.counted.failed++;
    if (this.outcome.problem !== problem) log.warn({ problem }, 'no port is mapped; the node runs on without');
  }

  private ended(agent: BehaviorAgent, outcome: RoundOutcome, dueMs: number): void {
    const isSame = outcome.mapped.map(({ text }) => text).join(' ') === this.outcome.mapped.map(({ text }) => text).join(' ');
    this.outcome = outcome;
    this.dueMs = dueMs;
    if (isSame) return;
    agent.announce(outcome.mapped);
    agent.log.info({ addresses: outcome.mapped.map(({ text }) => text) }, 'mapped ports');
  }

  /** What gateways do not end now ends with its lease. */
  private leave(gateways: readonly PortGateway[]): void {
    for (const gateway of gateways) gateway.stop({ signal: AbortSignal.timeout(GOODBYE_MS) }).catch(() => {});
  }

  /** After a node has ended without a goodbye nothing is to be done. */
  private whileRunning(work: (agent: BehaviorAgent) => void): void {
    try {
      this.perform(work);
    } catch (error) {
      if (!(error instanceof NetworkError && error.code === 'NOT_STARTED')) throw error;
    }
  }
}
