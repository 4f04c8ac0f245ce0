/**
 * @module Kills: a peer in a process of its own is killed at any moment of the traffic and revived at the same address, over and over. For
 * `tcp.test.ts` with few kills and for the campaign with many.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FrameOutcome, PeeringBehavior } from '../../../behaviours/peering/index.js';
import { createNode, type Random } from '../../../index.js';
import { until } from '../../../testing/index.js';
import { frameOf, peeringOf } from './support.js';

export interface KillsReport {
  readonly kills: number;
  readonly sent: number;
  readonly delivered: number;
  readonly returned: number;
  /** What should not be. */
  readonly wrong: readonly string[];
}

/** From its first frame on, a process lives for so long at most. */
const LIFE_MS = 300;
const CHILD = fileURLToPath(new URL('./peer.child.js', import.meta.url));

/** A peer in a process of its own. */
export class Child {
  readonly heard: number[] = [];
  address = '';
  private readonly process: ChildProcess;

  constructor(listen: string, keyFile: string) {
    this.process = fork(CHILD, [listen, keyFile], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.process.on('message', ({ address, number }: { address?: string; number?: number }) => {
      if (number === undefined) this.address = address ?? '';
      else this.heard.push(number);
    });
  }

  async ready(): Promise<void> {
    await until(() => this.address !== '' || this.process.exitCode !== null, 30_000);
    if (this.process.exitCode !== null) throw new Error('the child has ended');
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
  }
}

/** Kills `count` processes, each at a moment of its own; frames are sent all the time. */
export async function killPeers(count: number, folder: string, random: Random): Promise<KillsReport> {
  const behaviors = [[PeeringBehavior, { backOff: { minMs: 50, maxMs: 200 } }]] as const;
  const node = await createNode({ builtins: ['handshake'], logger: 'silent', behaviors });
  await node.start();
  const keyFile = join(folder, 'peer.key');
  let child = new Child('tcp://127.0.0.1:0', keyFile);
  try {
    await child.ready();
    const { address } = child;
    const peering = peeringOf(node);
    const target = peering.startPeering(address);
    const traffic = new Frames(() => peering.send(target, frameOf(traffic.outcomes.length)));
    const lives = [child.heard];
    for (let kills = 0; kills < count; kills++) {
      const life = child;
      await traffic.while(until(() => life.heard.length > 0, 30_000));
      await traffic.while(until(after(random.float() * LIFE_MS), 30_000));
      await life.kill();
      child = new Child(address, keyFile);
      lives.push(child.heard);
      await traffic.while(child.ready());
    }
    await until(() => traffic.outcomes.every((outcome) => outcome !== undefined), 90_000);
    return traffic.report(count, lives);
  } finally {
    await child.kill();
    await node.stop();
  }
}

/** Frames that are sent as fast as they are settled, 32 at a time. */
class Frames {
  readonly outcomes: (FrameOutcome | undefined)[] = [];
  private waiting = 0;

  constructor(private readonly send: () => Promise<FrameOutcome>) {}

  /** Goes on until the promise settles. */
  async while(promise: Promise<void>): Promise<void> {
    let isOver = false;
    void promise
      .catch(() => undefined)
      .then(() => {
        isOver = true;
      });
    await until(() => {
      while (!isOver && this.waiting < 32) this.sendOne();
      return isOver;
    }, 60_000);
    return promise;
  }

  report(kills: number, lives: readonly (readonly number[])[]): KillsReport {
    const wrong = lives.flatMap((heard, life) =>
      heard.some((number, index) => index > 0 && number <= (heard[index - 1] as number)) ? [`life ${life}: doubled or out of order`] : [],
    );
    const heard = new Set(lives.flat());
    this.outcomes.forEach((outcome, number) => {
      if (outcome?.type === 'returned' && !outcome.mayHaveArrived && heard.has(number))
        wrong.push(`frame ${number} came back and was heard`);
    });
    const delivered = this.outcomes.filter((outcome) => outcome?.type === 'delivered').length;
    return { kills, sent: this.outcomes.length, delivered, returned: this.outcomes.length - delivered, wrong };
  }

  private sendOne(): void {
    this.waiting++;
    const promise = this.send();
    const index = this.outcomes.push(undefined) - 1;
    void promise.then((outcome) => {
      this.waiting--;
      this.outcomes[index] = outcome;
    });
  }
}

function after(delayMs: number): () => boolean {
  const endMs = performance.now() + delayMs;
  return () => performance.now() >= endMs;
}
