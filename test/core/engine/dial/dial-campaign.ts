/**
 * @module Support for USERS 6: a node that dials and dials, with outcomes and aborts left to a seed, and what hangs on it in the end. Used
 * by `npm test` in small and by `test/campaigns/dials.ts` in large. Holds no test.
 */
import {
  type Address,
  type BehaviorAgent,
  type BehaviorPorts,
  NetworkBehavior,
  parseAddress,
  type Transport,
} from '../../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../../simulation.js';
import { seededIdentity, seededRandom } from '../../../../testing/index.js';

/** Knows wrong and right addresses of everybody, and dials by itself now and then. */
class Book extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'book' } as const;
  addresses: readonly Address[] = [];
  override get ports(): BehaviorPorts {
    return { addressSource: { addressesOf: () => this.addresses } };
  }
  dial(target: Address): void {
    this.perform((agent: BehaviorAgent) => agent.connect(target));
  }
}

/** Refuses every second incoming connection. */
class Moody extends NetworkBehavior {
  static readonly behavior = { serviceId: 65, name: 'moody' } as const;
  #count = 0;
  override checkIncomingConnection(): string | undefined {
    return this.#count++ % 2 === 0 ? 'not today' : undefined;
  }
}

export interface CampaignReport {
  readonly attempts: number;
  /** How many ended how. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Promises that settled not at all, or twice. */
  readonly unsettled: number;
  /** What is left when all is over; everything is 0 but the node's ticker. */
  readonly left: Readonly<Record<string, number>>;
}

/** A host that accepts and then says nothing, or nonsense. */
function listenWith(transport: Transport, host: string, greeting: Uint8Array | undefined): void {
  transport.listen(parseAddress(`sim://${host}`), {
    onListening: () => {},
    onFailed: () => {},
    onAccepted: (link) => ({
      onBytes: () => greeting && link.write([greeting.slice()]),
      onWritten: () => {},
      onClosed: () => {},
    }),
  });
}

class Campaign {
  readonly network: SimulatedNetwork;
  readonly outcomes: Record<string, number> = {};
  pending = 0;
  settledTwice = 0;
  private readonly chance: () => number;

  constructor(seed: number) {
    this.network = new SimulatedNetwork({ seed, latencyMs: 20, jitterMs: 30 });
    const random = seededRandom('dials', seed);
    this.chance = () => random.float();
  }

  async dialler(): Promise<SimulatedNode> {
    const limits = { dialsMax: 32, dialQueueMax: 64, idleMs: 2_000, replacementsPerMinute: 1_000, stableUptimeMs: 100 };
    const node = await this.network.createNode({ name: 'dialler', listen: [], builtins: [], behaviors: [Book], limits });
    await node.start();
    return node;
  }

  /** The hosts of every kind; answers where to dial. */
  async hosts(): Promise<Address[]> {
    const { network } = this;
    for (const name of ['good', 'cut', 'crashing']) await (await network.createNode({ name, builtins: [] })).start();
    await (await network.createNode({ name: 'moody', builtins: [], behaviors: [Moody] })).start();
    await (await network.createNode({ name: 'stranger', builtins: [], network: 'another' })).start();
    await (await network.createNode({ name: 'full', builtins: [], connections: { max: 1 }, seeds: ['sim://good'] })).start();
    listenWith(network.transport('mute'), 'mute', undefined);
    listenWith(network.transport('garbage'), 'garbage', new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n'));
    network.transport('vacant');
    const names = ['good', 'cut', 'crashing', 'moody', 'stranger', 'full', 'mute', 'garbage', 'vacant', 'nowhere'];
    const plain = names.map((name) => parseAddress(`sim://${name}`));
    return [...plain, parseAddress('sim://good').withNodeId(seededIdentity('not good').nodeId), parseAddress('tcp://127.0.0.1:1')];
  }

  /** Dials somebody, somehow, and perhaps thinks better of it. */
  attempt(node: SimulatedNode, targets: readonly Address[]): void {
    const target = this.pick(targets);
    const kind = this.chance();
    if (kind < 0.05) return node.behavior(Book).dial(target);
    const control = new AbortController();
    if (this.chance() < 0.4) this.network.after(this.chance() * this.chance() * 12_000, () => control.abort());
    const timeoutMs = this.chance() < 0.3 ? 1 + this.chance() * 12_000 : undefined;
    const known = kind < 0.15 ? (this.pick(this.network.nodes)?.id ?? target) : target;
    const options = { signal: control.signal, ...(timeoutMs !== undefined && { timeoutMs }) };
    this.await(node.connect(known, options));
    if (this.chance() < 0.02) control.abort();
  }

  /** Trouble, and application work, beside the dials. */
  disturb(node: SimulatedNode): void {
    const { network } = this;
    const kind = this.chance();
    if (kind < 0.3) network.cut(this.chance() < 0.5 ? 'dialler' : 'cut', this.chance() < 0.5 ? 'cut' : 'dialler');
    else if (kind < 0.6) network.heal();
    else if (kind < 0.7) void network.restart('crashing');
    else for (const { id } of node.connections()) if (this.chance() < 0.5) node.disconnect(id);
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.chance() * list.length)] as T;
  }

  private await(promise: Promise<unknown>): void {
    let isSettled = false;
    this.pending++;
    const settle = (outcome: string) => {
      if (isSettled) this.settledTwice++;
      isSettled = true;
      this.pending--;
      this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    };
    promise.then(
      () => settle('open'),
      (error: { code?: string }) => settle(error.code ?? String(error)),
    );
  }
}

/** `attempts` dials under the seed; some forty a second, of virtual time. */
export async function dialCampaign(attempts: number, seed: number): Promise<CampaignReport> {
  const campaign = new Campaign(seed);
  const { network } = campaign;
  const node = await campaign.dialler();
  const targets = await campaign.hosts();
  node.behavior(Book).addresses = targets.slice(0, 8);
  for (let done = 0; done < attempts; done += 40) {
    for (let index = 0; index < Math.min(40, attempts - done); index++) network.after(index * 25, () => campaign.attempt(node, targets));
    network.after(500, () => campaign.disturb(node));
    await network.run(1_000);
  }
  network.heal();
  await network.run(15_000);
  for (const { id } of node.connections()) node.disconnect(id);
  await network.run(15_000);
  const { dialer, links, deadlines, calls, parts } = node['network'];
  const runner = node['runner'];
  const left = {
    ...{ attempts: dialer.size, links: links.size, admitted: links.admittedCount, deadlines: deadlines.size - 1, calls: calls.size },
    ...{ waiting: dialer['waiting'].length, running: dialer['running'], byAttempt: dialer['byAttempt'].size },
    ...{ channels: runner['channels'].links.size, dials: runner['channels'].dials.size, inputs: runner['inputs'].length },
    ...{ chosen: links['chosenByNode'].size, held: parts.duplicates['heldByNode'].size },
  };
  await network.stop();
  return { attempts, outcomes: campaign.outcomes, unsettled: campaign.pending + campaign.settledTwice, left };
}
