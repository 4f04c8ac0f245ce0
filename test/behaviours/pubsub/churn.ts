/**
 * @module Churn of pubsub: a random mesh in virtual time whose links end and are made anew all the time, while some nodes publish and others
 * subscribe. For a test with 100 nodes and a campaign with 1,000.
 */
import { type Intent, PubSubBehavior } from '../../../behaviours/pubsub/index.js';
import { sample } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { randomEdges } from '../../routing/path-vector/shapes.js';
import { Ledger } from './ledger.js';

const PROGRESS_MS = 10_000;

export interface PubSubChurnOptions {
  readonly count: number;
  readonly degree: number;
  readonly seed: number;
  readonly topics: number;
  readonly subscribersPerTopic: number;
  /** Of all links, ended and made anew in a minute. */
  readonly share: number;
  readonly churnMs: number;
  readonly messagesPerSecond: number;
  readonly log?: (text: string) => void;
}

export interface PubSubChurnReport {
  readonly published: number;
  readonly delivered: number;
  readonly missed: number;
  readonly lostSight: number;
  readonly causes: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
  readonly readyMs: number;
}

export async function churnOf(options: PubSubChurnOptions): Promise<PubSubChurnReport> {
  const { count, degree, seed, log } = options;
  const net = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 5, traceEventsMax: 1 });
  const random = new SeededRandom(seed);
  const uniform = { float: () => random.below(2 ** 20) / 2 ** 20 };
  const edges = randomEdges(count, degree, seed);
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < count; index++) {
    const limits = { dialsMax: 256 };
    nodes.push(
      await net.createNode({ name: `n${index}`, builtins: ['handshake', 'router-sync', 'rpc'], behaviors: [PubSubBehavior], limits }),
    );
  }
  await net.start(...nodes);
  const at = (index: number) => nodes[index] as SimulatedNode;
  const join = (a: number, b: number) =>
    void at(a)
      .connect(`sim://n${b}`)
      .catch(() => {});
  for (const [a, b] of edges) join(a, b);
  await net.run(20_000);
  log?.(`formed with ${edges.length} links`);

  const ledger = new Ledger();
  const intents: Intent[] = [];
  const ready: Promise<void>[] = [];
  for (let topic = 0; topic < options.topics; topic++) {
    const path = `area-${topic % 10}/topic-${topic}`;
    const order = sample(
      nodes.map((_, index) => index),
      1 + options.subscribersPerTopic,
      uniform,
    );
    for (const index of order.slice(1, 1 + options.subscribersPerTopic))
      ready.push(
        at(index)
          .behavior(PubSubBehavior)
          .subscribe(path, ledger.options(`n${index}`)).ready,
      );
    const intent = at(order[0] as number)
      .behavior(PubSubBehavior)
      .publish(path);
    intents.push(intent);
    ready.push(intent.ready);
  }
  const startMs = net.nowMs;
  await net.waitFor(Promise.all(ready), 60_000);
  const readyMs = net.nowMs - startMs;
  log?.(`${ready.length} ready after ${readyMs} ms`);

  let published = 0;
  const messages = Math.round((options.messagesPerSecond * options.churnMs) / 1_000);
  for (let index = 0; index < messages; index++)
    net.after((index * options.churnMs) / messages, () => {
      (intents[index % intents.length] as Intent).send({ index });
      published++;
    });
  const cuts = Math.round((edges.length * options.share * options.churnMs) / 60_000);
  for (let cut = 0; cut < cuts; cut++)
    net.after(((cut + 0.5) * options.churnMs) / cuts, () => {
      const [a, b] = random.pick(edges);
      at(a).disconnectNode(at(b).id);
      net.after(3_000, () => join(a, b));
    });
  for (let passedMs = PROGRESS_MS; log !== undefined && passedMs <= options.churnMs; passedMs += PROGRESS_MS)
    net.after(passedMs, () => log(`after ${passedMs / 1_000} s of churn: ${published} published, ${ledger.totals.delivered} delivered`));
  await net.run(options.churnMs + 20_000);
  for (const intent of intents) intent.close();
  await net.run(5_000);
  const { delivered, missed, lostSight, causes } = ledger.totals;
  await net.stop();
  return { published, delivered, missed, lostSight, causes, faults: ledger.faults, readyMs };
}
