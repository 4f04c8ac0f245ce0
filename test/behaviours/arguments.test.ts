/**
 * @module Tests of wrong arguments (kind 8) of the methods of the built-in behaviours that applications call: each ends in a typed error, or does
 * something; none in an error of the language, and none hangs.
 */
import { expect } from 'chai';
import { KeyValueBehavior } from '../../behaviours/keyvalue/index.js';
import { OperatorBehavior } from '../../behaviours/operator/index.js';
import { PeeringBehavior } from '../../behaviours/peering/index.js';
import { PresenceBehavior } from '../../behaviours/presence/index.js';
import { ProxyBehavior } from '../../behaviours/proxy/index.js';
import { PubSubBehavior } from '../../behaviours/pubsub/index.js';
import { SpacerBehavior } from '../../behaviours/spacer/index.js';
import { TelemetryBehavior } from '../../behaviours/telemetry/index.js';
import { type MeshNode, NetworkError, toLocal } from '../../core/index.js';
import { createNode } from '../../index.js';
import { MemoryTransport } from '../../transports/memory/index.js';

const BEHAVIORS = [
  KeyValueBehavior,
  OperatorBehavior,
  PeeringBehavior,
  PresenceBehavior,
  ProxyBehavior,
  SpacerBehavior,
  TelemetryBehavior,
] as const;
const WRONG: readonly unknown[] = [undefined, null, -1, 1.5, NaN, '', 'x', {}, [], () => {}, Symbol('s'), 10n, Uint8Array.of(1), toLocal()];

const TURNS = 5;

/** The methods, by what has them. */
const METHODS: Readonly<Record<string, { readonly of: (node: MeshNode) => object; readonly names: readonly string[] }>> = {
  peering: {
    of: (node) => node.behavior(PeeringBehavior),
    names: ['addPeers', 'startPeering', 'startPeeringResolved', 'removePeer', 'peer', 'whenUp', 'send', 'sendAll', 'metrics'],
  },
  keyvalue: { of: (node) => node.behavior(KeyValueBehavior), names: ['open'] },
  map: {
    of: (node) => node.behavior(KeyValueBehavior).open('m'),
    names: ['get', 'entry', 'set', 'delete', 'compareAndSet', 'entries', 'watch', 'hash'],
  },
  spacer: { of: (node) => node.behavior(SpacerBehavior), names: ['keyOf', 'resolve', 'explain', 'connectTo'] },
  values: {
    of: (node) => node.behavior(SpacerBehavior).values,
    names: ['put', 'get', 'putSigned', 'getSigned', 'provide', 'unprovide', 'providers'],
  },
  presence: { of: (node) => node.behavior(PresenceBehavior), names: ['get', 'watch', 'history'] },
  operator: { of: (node) => node.behavior(OperatorBehavior), names: ['known', 'isLookingUp', 'lookUp', 'sendPacket'] },
  proxy: { of: (node) => node.behavior(ProxyBehavior), names: ['to'] },
  remote: { of: (node) => node.behavior(ProxyBehavior).to(node.id), names: ['proxy', 'socks', 'httpProxy', 'http', 'gateway'] },
  pubsub: { of: (node) => node.behavior(PubSubBehavior), names: ['publish', 'subscribe', 'remotes'] },
  intent: { of: (node) => node.behavior(PubSubBehavior).publish('a'), names: ['interest', 'writable', 'settled'] },
  telemetry: { of: (node) => node.behavior(TelemetryBehavior), names: ['watch'] },
};

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What a call ends in that is no error of ours: given `undefined`, it is as it should be. */
async function flawOf(call: () => unknown): Promise<string | undefined> {
  try {
    const given = call() as PromiseLike<unknown> & { nodes?: PromiseLike<unknown> };
    // What waits for nodes that are not there goes on; that what it is given is wrong is known a few turns later.
    await Promise.race([given?.nodes ?? given, turns(TURNS)]);
  } catch (error) {
    if (!(error instanceof NetworkError)) return String(error);
  }
  return undefined;
}

describe('wrong arguments of the methods of built-in behaviours (kind 8)', () => {
  let node: MeshNode;
  before(async () => {
    node = await createNode({ logger: 'silent', transports: [new MemoryTransport()], behaviors: BEHAVIORS });
    await node.start();
  });
  after(() => node.stop());

  for (const [what, { of, names }] of Object.entries(METHODS)) {
    it(`are typed errors: ${what}`, async () => {
      const subject = of(node) as Record<string, (...args: unknown[]) => unknown>;
      const flaws: string[] = [];
      for (const name of names)
        for (const wrong of WRONG)
          for (const args of [[wrong], [node.id, wrong], ['a', wrong], [1, Uint8Array.of(1), wrong], ['a', 1, wrong]]) {
            const flaw = await flawOf(() => subject[name]?.(...args));
            if (flaw !== undefined) flaws.push(`${name}(…, ${String(wrong)}): ${flaw}`);
          }
      expect(flaws).to.deep.equal([]);
    });
  }
});
