/**
 * @module Support of the tests of signed topics: a publisher, a relay that does to messages what the test wants, and a subscriber behind it.
 */

import { RunReader } from '../../../../behaviours/pubsub/feeds/run.js';
import { type Intent, type Interest, PubSubBehavior, topic } from '../../../../behaviours/pubsub/index.js';
import * as wire from '../../../../behaviours/pubsub/messages.js';
import { type BehaviorAgent, type Message, type NodeId, toConnection } from '../../../../core/index.js';
import type { SimulatedNode } from '../../../../simulation.js';
import { Diary, pubsubOf, ready, World } from '../support.js';

export const ORDERS = topic<number>('orders', { signed: true });

/** What the relay was sent by a neighbour: a kind, then the body. Messages one by one. */
export type Body = Uint8Array;

/** Relays as it should, except for what `change` returns in place of a body. */
export class Relay extends PubSubBehavior {
  static override readonly behavior = { serviceId: 5, name: 'pubsub' } as const;
  change: (body: Body) => readonly Body[] = (body) => [body];
  /** All lists and messages that came, in order. */
  readonly heard: Body[] = [];
  /** The label under which the subscriber asked for the feed last, and the epoch that it has. */
  label = 0;
  epoch = 0;
  /** Called in place of an answer to the subscriber's next request. */
  onAsked: (() => void) | undefined;
  private readonly writer = new wire.MessageWriter();

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const body = message.payload.slice();
    if (body[0] === wire.SUBSCRIBE) this.label = wordAt(body, 1);
    if (body[0] === wire.BOUND) this.epoch = wordAt(body, 5);
    if (body[0] === wire.SUBSCRIBE && this.onAsked !== undefined) return this.onAsked();
    const bodies = body[0] === wire.MESSAGES ? singles(body) : [body];
    if (body[0] === wire.LIST || body[0] === wire.MESSAGES) this.heard.push(...bodies);
    for (const bytes of bodies.flatMap((one) => this.change(one))) {
      const { streamId, connectionId, sourceVerified } = message;
      super.onMessage(agent, {
        bytes,
        payload: bytes,
        bodyOffset: 0,
        end: bytes.length,
        streamId,
        connectionId,
        sourceVerified,
      } as Message);
    }
  }

  /** To a neighbour, in the feed that it asked for last. */
  tell(to: NodeId, make: (writer: wire.MessageWriter, label: number) => Body, streamId = this.label): void {
    this.perform((agent) => {
      const connection = agent.connectionTo(to);
      if (connection !== undefined) agent.send(toConnection(connection.id), make(this.writer, this.label), { streamId });
    });
  }

  replay(to: NodeId, bodies: readonly Body[]): void {
    for (const body of bodies) this.tell(to, () => body);
  }
}

export interface Trio {
  readonly world: World;
  readonly publisher: SimulatedNode;
  readonly relayNode: SimulatedNode;
  readonly relay: Relay;
  readonly subscriber: SimulatedNode;
}

export async function trio(seed = 1): Promise<Trio> {
  const world = new World(seed);
  const publisher = await world.node('publisher');
  const relayNode = await world.net.createNode({
    ...{ name: 'relay', seeds: ['sim://publisher'], builtins: ['handshake', 'router-sync', 'rpc'] },
    router: (await import('../../../../routing/index.js')).PathVectorRouter,
    behaviors: [Relay],
  });
  await world.net.start(relayNode);
  const subscriber = await world.node('subscriber', ['relay']);
  await world.net.run(3_000);
  return { world, publisher, relayNode, relay: relayNode.behavior(Relay), subscriber };
}

/** An intent and a subscription to it, both ready. */
export async function flow(
  { world, publisher, subscriber }: Trio,
  what = ORDERS,
): Promise<{ intent: Intent<number>; interest: Interest; diary: Diary }> {
  const diary = new Diary();
  const interest = pubsubOf(subscriber).subscribe(what, diary.options as object) as Interest;
  const intent = pubsubOf(publisher).publish(what);
  await ready(world.net, intent as Intent, interest);
  return { intent, interest, diary };
}

/** The same body with another byte at a place, from its end when that is below 0. */
export function altered(body: Body, at: number): Body {
  const copy = body.slice();
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] as number) ^ 1;
  return copy;
}

/** The messages of a run, each in a run of its own. */
function singles(body: Body): Body[] {
  const reader = new RunReader();
  reader.read(body, wire.HEAD_BYTES, body.length);
  return Array.from({ length: reader.count }, (_, index) => {
    const head = new Uint8Array(wire.HEAD_BYTES);
    wire.writeHead(head, wire.MESSAGES, wire.firstNumber(body, 0) + index);
    return Uint8Array.of(...head, ...body.subarray(reader.headOf(index), reader.endOf(index)));
  });
}

function wordAt(body: Body, at: number): number {
  return Buffer.from(body).readUInt32BE(at);
}
