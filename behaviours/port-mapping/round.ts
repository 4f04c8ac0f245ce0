/**
 * @module A round: asks each gateway for each port, and says what came of it. It knows no agent; whoever began it ends it by its signal.
 */

import { refusalOf } from '../../core/address/address-class.js';
import { Address } from '../../core/index.js';
import { GATEWAYS_MAX, MAPPED_MAX, PORTS_MAX, type PortGateway, type PortMappingSettings } from './options.js';

export const TOO_LATE = 'a gateway did not answer in time';
const NONE_FOUND = 'no gateway was found';

/** What came of a round: where this node is to be dialled, and of whom; or why nowhere. */
export interface RoundOutcome {
  readonly mapped: readonly Address[];
  readonly gateways: readonly PortGateway[];
  readonly problem: string | undefined;
}

/** Never rejects. */
export async function mapRound(settings: PortMappingSettings, wanted: readonly Address[], signal: AbortSignal): Promise<RoundOutcome> {
  const round = new Round(settings, wanted, signal);
  await round.run();
  return round;
}

class Round implements RoundOutcome {
  readonly mapped: Address[] = [];
  readonly gateways: PortGateway[] = [];
  problem: string | undefined = NONE_FOUND;

  constructor(
    private readonly settings: PortMappingSettings,
    private readonly wanted: readonly Address[],
    private readonly signal: AbortSignal,
  ) {}

  async run(): Promise<void> {
    try {
      const { gateways } = this.settings;
      for await (const gateway of 'findGateways' in gateways ? gateways.findGateways({ signal: this.signal }) : gateways) {
        this.gateways.push(gateway);
        for (const address of this.wanted.slice(0, PORTS_MAX)) await this.map(gateway, address);
        if (this.mapped.length > 0 || this.gateways.length === GATEWAYS_MAX) break;
      }
    } catch (thrown) {
      this.failed(thrown);
    }
    if (this.mapped.length > 0) this.problem = undefined;
  }

  private async map(gateway: PortGateway, address: Address): Promise<void> {
    const { signal, mapped } = this;
    const protocol = address.scheme === 'udp' ? 'udp' : 'tcp';
    try {
      const ports = gateway.mapAll(address.port, { protocol, ttl: this.settings.leaseMs, autoRefresh: false, signal });
      for await (const { externalHost: host, externalPort: port } of ports) {
        const place = Address.of({ ...address, host, port });
        const refusal = refusalOf(place, 'public');
        if (refusal !== undefined) this.problem = `a gateway maps to ${place.text}, which others cannot dial: ${refusal}`;
        else if (mapped.length < MAPPED_MAX && !mapped.some(({ text }) => text === place.text)) mapped.push(place);
      }
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  private failed(thrown: unknown): void {
    if (this.signal.aborted) this.problem = this.gateways.length > 0 ? TOO_LATE : NONE_FOUND;
    else this.problem = `a gateway refused: ${String(Object(thrown).message ?? thrown).slice(0, 200)}`;
  }
}
