/**
 * @module Matrix: every kind of NAT with every other one, one behind another, and both sides behind the same: what theory allows, and what became of it. For a
 * test and for a campaign.
 */
import { toNode } from '../../../core/index.js';
import type { NatKind } from '../../../simulation.js';
import { pathBetween, type Side, type WorldOptions, worldOf } from './support.js';

/** From the most open one to the strictest: of two, one behind the other, the stricter counts. */
const KINDS: readonly NatKind[] = ['open', 'full-cone', 'restricted', 'port-restricted', 'symmetric', 'blocked'];
const TRANSLATING: readonly NatKind[] = ['full-cone', 'restricted', 'port-restricted', 'symmetric'];
const CARRIER = '7.8.9.1';

/** How two nodes are connected in the end: by a dial, through NATs that are opened, without or with guesses of ports, or over a relay. */
export type Way = 'dialled' | 'opened' | 'guessed' | 'relayed';

export interface Meeting {
  readonly name: string;
  readonly sides: readonly [Side, Side];
  readonly options: WorldOptions;
  /** What theory allows. */
  readonly way: Way;
}

/**
 * Datagrams cannot go straight between the two where they are blocked, and where both NATs map each remote to another port, which neither can know. Who is
 * not behind a NAT is dialled, over a stream where datagrams are blocked.
 */
function wayBetween(one: NatKind, other: NatKind): Way {
  const kinds = [one, other];
  if (kinds.includes('open')) return 'dialled';
  if (kinds.includes('blocked') || (one === 'symmetric' && other === 'symmetric')) return 'relayed';
  return kinds.includes('symmetric') && kinds.includes('port-restricted') ? 'guessed' : 'opened';
}

const stricterOf = (one: NatKind, other: NatKind) => (KINDS.indexOf(one) > KINDS.indexOf(other) ? one : other);
const behindCarrier = (kind: NatKind): Side => ({ kind, behind: CARRIER });
const carrierOf = (kind: NatKind, hairpin?: boolean): WorldOptions => ({
  before: (network) => network.addNat(CARRIER, hairpin === undefined ? { kind } : { kind, hairpin }),
});

/** Each kind with itself and with those after it. */
const SINGLE: readonly Meeting[] = KINDS.flatMap((one, index) =>
  KINDS.slice(index).map(
    (other): Meeting => ({ name: `${one} with ${other}`, sides: [one, other], options: {}, way: wayBetween(one, other) }),
  ),
);

/** One side is behind two NATs. */
const DOUBLE: readonly Meeting[] = TRANSLATING.flatMap((home) =>
  [...TRANSLATING, 'blocked' as const].flatMap((carrier) =>
    (['port-restricted', 'symmetric'] as const).map(
      (other): Meeting => ({
        name: `${home} behind ${carrier} with ${other}`,
        sides: [behindCarrier(home), other],
        options: carrierOf(carrier),
        way: wayBetween(stricterOf(home, carrier), other),
      }),
    ),
  ),
);

/** Both sides, each behind its own NAT, are behind the same one, which turns datagrams between them round or not. */
const CARRIED: readonly Meeting[] = TRANSLATING.flatMap((home) =>
  TRANSLATING.flatMap((carrier) =>
    [true, false].map((hairpin): Meeting => {
      const kind = stricterOf(home, carrier);
      return {
        name: `two ${home} behind one ${carrier} ${hairpin ? 'with' : 'without'} hairpin`,
        sides: [behindCarrier(home), behindCarrier(home)],
        options: carrierOf(carrier, hairpin),
        way: hairpin ? wayBetween(kind, kind) : 'relayed',
      };
    }),
  ),
);

/** Both are in one network, whose NAT matters to neither; where it blocks datagrams, no helper sees that they are (`LanBehavior` would find them). */
const LOCAL: readonly Meeting[] = [...TRANSLATING, 'blocked' as const].map((kind) => ({
  name: `both behind the same ${kind}`,
  sides: [kind, kind],
  options: { isShared: true },
  way: kind === 'blocked' ? 'relayed' : 'dialled',
}));

export const MEETINGS: readonly Meeting[] = [...SINGLE, ...DOUBLE, ...CARRIED, ...LOCAL];

/** Of those behind two NATs only the homes of one kind. */
export const FEW_MEETINGS = MEETINGS.filter(({ sides: [one] }) => typeof one === 'string' || one.kind === 'port-restricted');

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
