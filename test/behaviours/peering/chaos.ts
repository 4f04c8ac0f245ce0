/**
 * @module Chaos: two peers whose link is cut, silent, one-way or broken at random, and who may crash, while both send and read; then all is
 * well again, and what became of every frame is held against what was heard. For `links.test.ts` with few seeds and for the campaign with
 * many.
 */
import type { FrameOutcome, PeeringBehavior, PeeringOptions } from '../../../behaviours/peering/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { crossPeers, frameOf, numberOf, peeringOf, peers, type Sim } from './support.js';

export interface ChaosReport {
  readonly sent: number;
  readonly delivered: number;
  readonly returned: number;
  /** What should not be. */
  readonly wrong: readonly string[];
}

/** `crashing`: one node also crashes and starts anew. What it had and nobody had read is gone then, which is no fault. */
export type ChaosKind = 'standard' | 'cross' | 'crashing';

const STEPS = 300;
/** What each side has to hear of the other while there are faults; and when all is well again. */
const HEARD_MIN = 5;
const LAST_FRAMES = 8;
const OPTIONS: PeeringOptions = {
  ...{ backOff: { minMs: 100, maxMs: 100, giveUpCount: 1_000 } },
  ...{ queueFrames: 16, frameWaitMs: 8_000, inboxFrames: 4 },
};

export async function chaos(seed: number, kind: ChaosKind): Promise<ChaosReport> {
  const sim = new SimulatedNetwork({ seed, latencyMs: 5, jitterMs: 5 });
  const { a, b } = await (kind === 'cross' ? crossPeers(sim, OPTIONS) : peers(sim, { inboxFrames: 4 }, OPTIONS));
  const [ada, bob] = [new Side(sim, a), new Side(sim, b)];
  const faults = [
    () => ada.node.disconnectNode(bob.node.id),
    () => bob.node.disconnectNode(ada.node.id),
    () => sim.cut('a', 'b'),
    () => sim.cut('b', 'a'),
    () => sim.heal(),
    () => sim.heal(),
    ...(kind === 'crashing' ? [() => bob.crash()] : []),
  ];
  for (let step = 0; step < STEPS; step++) {
    const chance = sim.random.float();
    const side = sim.random.float() < 0.5 ? ada : bob;
    if (chance < 0.55) side.send();
    else if (chance < 0.95) side.take();
    else await faults[Math.floor(sim.random.float() * faults.length)]?.();
    await sim.run(chance < 0.9 ? sim.random.float() * 10 : sim.random.float() * 4_000);
  }
  sim.heal();
  // Calls of `next` that wait are over by then: what several readers get is in order, what they do with it need not be.
  await sim.run(100);
  for (const side of [ada, bob]) side.readOn();
  await sim.run(60_000);
  const wrong = [...check(ada, bob, kind), ...check(bob, ada, kind), ...(await lastFrames(sim, ada, bob))];
  for (const { peering } of [ada, bob]) if (peering.status().counters.violations > 0) wrong.push('a peer was taken for a hostile one');
  await sim.stop();
  const outcomes = [...ada.outcomes, ...bob.outcomes];
  const delivered = outcomes.filter((outcome) => outcome?.type === 'delivered').length;
  return { sent: outcomes.length, delivered, returned: outcomes.length - delivered, wrong };
}

/** One of the two, over all its lives. */
class Side {
  readonly outcomes: (FrameOutcome | undefined)[] = [];
  /** What was read, by life. */
  readonly lives: number[][] = [[]];

  constructor(
    private readonly sim: Sim,
    public node: SimulatedNode,
  ) {}

  get peering(): PeeringBehavior {
    return peeringOf(this.node);
  }

  send(): void {
    const index = this.outcomes.push(undefined) - 1;
    void this.peering.send(0, frameOf(index)).then((outcome) => {
      this.outcomes[index] = outcome;
    });
  }

  get heard(): ReadonlySet<number> {
    return new Set(this.lives.flat());
  }

  /** A call of `next` that is given up soon. */
  take(): void {
    const controller = new AbortController();
    const heard = this.lives.at(-1) as number[];
    this.sim.after(this.sim.random.float() * 100, () => controller.abort());
    this.peering.next({ signal: controller.signal }).then(
      (received) => received && heard.push(numberOf(received.frame)),
      () => undefined,
    );
  }

  readOn(): void {
    const heard = this.lives.at(-1) as number[];
    void (async () => {
      for await (const { frame } of this.peering) heard.push(numberOf(frame));
    })();
  }

  /** Promises of the life that ended settle no more: of its frames nothing further will be known. */
  async crash(): Promise<void> {
    this.sim.crash(this.node, { reset: this.sim.random.float() < 0.5 });
    await this.sim.run(this.sim.random.float() * 2_000);
    const unknown: FrameOutcome = { type: 'returned', reason: 'stopped', frame: new Uint8Array(), mayHaveArrived: true };
    for (const [index, outcome] of this.outcomes.entries()) this.outcomes[index] = outcome ?? unknown;
    this.lives.push([]);
    this.node = await this.sim.restart(this.node);
  }
}

function check(from: Side, to: Side, kind: ChaosKind): string[] {
  const wrong = to.lives.flatMap((heard, life) => {
    const isInOrder = heard.every((number, index) => index === 0 || number > (heard[index - 1] as number));
    return isInOrder ? [] : [`life ${life} heard out of order or twice: ${heard.join()}`];
  });
  const { heard } = to;
  // A crash makes the server forget its peer, which may be cut off for the rest of the time: what then goes is seen by `lastFrames`.
  if (heard.size < HEARD_MIN && kind !== 'crashing') wrong.push(`only ${heard.size} frames were heard`);
  from.outcomes.forEach((outcome, index) => {
    if (outcome === undefined) wrong.push(`nobody knows what became of frame ${index}`);
    else if (outcome.type === 'delivered' && !heard.has(index) && to.lives.length === 1)
      wrong.push(`frame ${index} was confirmed and not heard`);
    else if (outcome.type === 'returned' && !outcome.mayHaveArrived && heard.has(index))
      wrong.push(`frame ${index} came back and was heard`);
  });
  return wrong;
}

/** Whatever was before: on a path that is well each frame is confirmed and heard, both ways. */
async function lastFrames(sim: Sim, ada: Side, bob: Side): Promise<string[]> {
  const ways = [
    { from: ada, to: bob, first: ada.outcomes.length },
    { from: bob, to: ada, first: bob.outcomes.length },
  ];
  for (const { from } of ways) for (let count = 0; count < LAST_FRAMES; count++) from.send();
  await sim.run(1_000);
  return ways.flatMap(({ from, to, first }) => {
    const outcomes = from.outcomes.slice(first);
    const isGood = outcomes.every((outcome, index) => outcome?.type === 'delivered' && to.heard.has(first + index));
    return isGood ? [] : [`of the last frames, ${JSON.stringify(outcomes)}`];
  });
}
