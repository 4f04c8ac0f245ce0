/**
 * @module How fast a revocation list reaches all members: a mesh of nodes, each connected to some earlier ones, one of which gets the list. Tests and the
 * campaign share it.
 */
import { areConnected, operatorOf, SpaceWorld } from './support.js';

export interface SpreadResult {
  /** From the list to the last node that has it, in virtual ms. */
  readonly spreadMs: number;
  /** Until nobody is connected to the revoked node any more. */
  readonly expelledMs: number;
}

/** `links`: to how many earlier nodes each dials. */
export async function spread(
  nodeCount: number,
  links: number,
  seed: number,
  note: (text: string) => void = () => {},
): Promise<SpreadResult> {
  const world = new SpaceWorld(seed, LATENCY_MS);
  try {
    const nodes = [await world.member('n0', { node: SMALL })];
    for (let index = 1; index < nodeCount; index++) {
      const seeds = Array.from({ length: Math.min(links, index) }, () => `n${Math.floor(world.net.random.float() * index)}`);
      nodes.push(
        await world.member(`n${index}`, {
          seeds: [...new Set(seeds)],
          node: { ...SMALL, seeds: [...new Set(seeds)].map((name) => `sim://${name}`) },
        }),
      );
    }
    await world.net.runUntil(() => nodes.slice(1).every((node) => node.connections().length > 0), 60_000);
    note(`${nodeCount} nodes are connected at ${Math.round(world.net.nowMs)} virtual ms`);
    const revoked = nodes[nodeCount >> 1] as (typeof nodes)[number];
    const startMs = world.net.nowMs;
    operatorOf(nodes[nodeCount - 1] as typeof revoked).useRevocations(world.authority.revoke(revoked.id));
    const others = nodes.filter((node) => node !== revoked);
    await world.net.runUntil(() => others.every((node) => operatorOf(node).revocationsNumber === 1), 60_000);
    const spreadMs = world.net.nowMs - startMs;
    await world.net.runUntil(() => others.every((node) => !areConnected(node, revoked)), 60_000);
    return { spreadMs, expelledMs: world.net.nowMs - startMs };
  } finally {
    await world.end();
  }
}

/** Of one direction. */
const LATENCY_MS = 50;
/** What a large mesh needs for this alone. */
const SMALL = { builtins: ['handshake', 'rpc'] as const, connections: { max: 400 } };
