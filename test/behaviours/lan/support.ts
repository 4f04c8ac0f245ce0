/** @module What the tests of LAN discovery share: members of a space that say what the test wants. */

import { LanBehavior as Lan, type LanBehavior } from '../../../behaviours/lan/index.js';
import { announcementToBytes } from '../../../behaviours/lan/messages.js';
import { type LanChannel, type MeshNode, type NodeId, parseAddress } from '../../../core/index.js';
import { SpaceSealer } from '../../../core/security/sealer.js';
import type { SimulatedNetwork } from '../../../simulation.js';
import { seededRandom } from '../../../testing/index.js';
import { simulatedCrypto } from '../../../transports/simulated/index.js';

const DOMAIN = 'meshwright/lan/1';

export const lanOf = (node: MeshNode): LanBehavior => node.behavior(Lan);

/** Somebody on the simulated link who knows the space's name, and is no node. */
export class Member {
  readonly heard: { readonly bytes: Uint8Array; readonly ttlSeconds: number; readonly host: string }[] = [];
  askedCount = 0;
  private readonly channel: LanChannel;
  private readonly sealer: SpaceSealer;

  constructor(
    net: SimulatedNetwork,
    private readonly host: string,
    networkName: string,
    networkKey?: Uint8Array,
  ) {
    this.sealer = new SpaceSealer({ networkName, networkKey }, simulatedCrypto, seededRandom(`member ${host}`));
    const topic = Buffer.from(this.sealer.tag(DOMAIN).subarray(0, 16)).toString('hex');
    this.channel = net.lan(host).open(
      { topic },
      {
        onHosts: () => {},
        onQuery: () => void this.askedCount++,
        onAnnouncement: (bytes, ttlSeconds, from) => void this.heard.push({ bytes, ttlSeconds, host: from }),
        onFailed: () => {},
      },
    );
  }

  ask(): void {
    this.channel.query();
  }

  announce(nodeId: NodeId, addresses: readonly string[], ttlSeconds = 600): void {
    this.say(this.sealer.seal(DOMAIN, announcementToBytes({ nodeId, addresses: addresses.map(parseAddress) })), ttlSeconds);
  }

  /** Sealed, but no announcement. */
  sealed(content: Uint8Array): void {
    this.say(this.sealer.seal(DOMAIN, content), 600);
  }

  say(bytes: Uint8Array, ttlSeconds = 600): void {
    this.channel.announce(this.host, bytes, ttlSeconds);
  }
}
