/**
 * @module Matrix: every kind of NAT with every other one: what theory allows, and what became of it. For a test and for a campaign.
 */
import { toNode } from '../../../core/index.js';
import type { NatKind } from '../../../simulation.js';
import { pathBetween, type Side, type WorldOptions, worldOf } from './support.js';

export const KINDS: readonly NatKind[] = ['open', 'full-cone', 'restricted', 'port-restricted', 'symmetric', 'blocked'];

/** Each kind with itself and with those after it. */
export const PAIRS: readonly (readonly [NatKind, NatKind])[] = KINDS.flatMap((one, index) =>
  KINDS.slice(index).map((other) => [one, other] as const),
);

/**
 * Whether datagrams can go straight between the two: not where they are blocked, and not where both NATs map each remote to another port, which
 * neither can know. Who is not behind a NAT is dialled, over a stream where datagrams are blocked.
 */
export function mayBeDirect(one: NatKind, other: NatKind): boolean {
  const kinds = [one, other];
  if (kinds.includes('open')) return true;
  return !kinds.includes('blocked') && !(one === 'symmetric' && other === 'symmetric');
}

const CONNECT_MS = 60_000;

/** How the two are connected a minute after the first dial, on both sides, and how long it took. */
export async function meet(one: Side, other: Side, options: WorldOptions = {}) {
  const { network, alice, bob } = await worldOf(one, other, options);
  const beganMs = network.nowMs;
  await alice.connect(bob.id);
  await network.runUntil(() => [pathBetween(alice, bob), pathBetween(bob, alice)].every((path) => path !== 'none'), 5_000);
  const connectedMs = network.nowMs - beganMs;
  const first = pathBetween(alice, bob);
  const isDirect = () => [pathBetween(alice, bob), pathBetween(bob, alice)].every((path) => path === 'direct');
  for (let passedMs = 0; passedMs < CONNECT_MS && !isDirect(); passedMs += 1_000) await network.run(1_000);
  const directMs = isDirect() ? network.nowMs - beganMs : undefined;
  const reasons = alice.explain(toNode(bob.id)).path?.candidates.map(({ reason }) => reason) ?? [];
  const paths = [pathBetween(alice, bob), pathBetween(bob, alice)] as const;
  await network.stop();
  return { paths, first, connectedMs, directMs, reasons };
}
