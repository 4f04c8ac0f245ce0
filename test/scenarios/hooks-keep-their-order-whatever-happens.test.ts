/**
 * @module ATM-10 as a property: whatever two nodes do to each other, a handler is opened once, first, and closed once, last; every
 * connection that a behaviour saw connected it sees disconnected; a behaviour is started once, first, and stopped once, last.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { type BehaviorAgent, type ConnectionAgent, NetworkError, toConnection } from '../../core/index.js';
import { addressOf, type BareNode, Pair, type RecordedCall, type RecordingBehavior, recordingBehavior } from '../../testing/index.js';
import { leftovers, NOTHING_LEFT } from '../core/node/life-cycle.js';

type Side = 'alice' | 'bob';

/** Everything that can happen; the numbers choose whom and how. */
const DEEDS = ['dial', 'send', 'close', 'break', 'drop', 'deliver', 'wait', 'add', 'remove', 'refuse', 'fail'] as const;

class World {
  readonly pair: Pair;
  readonly behaviors: RecordingBehavior[] = [];
  /** Of every handler, what it saw. */
  readonly handlers: string[][] = [];
  private lastService = 65;
  private isRefusing = false;
  private isFailing = false;

  constructor() {
    const behaviorsOf = () => [this.behavior(64), this.behavior(65)];
    this.pair = new Pair({ alice: { behaviors: behaviorsOf() }, bob: { behaviors: behaviorsOf() }, limits: { idleMs: 5_000 } });
  }

  do(deed: (typeof DEEDS)[number], side: Side, amount: number): void {
    const { pair } = this;
    const node = pair[side];
    const other = side === 'alice' ? 'bob' : 'alice';
    const wire = pair.wires.at(-1);
    switch (deed) {
      case 'dial':
        return void pair.dial(side, amount % 2 === 0 ? addressOf(other) : addressOf(other).withNodeId(pair[other].id));
      case 'send':
        return this.each(node, (agent, id) => [agent.send(toConnection(id), new Uint8Array(amount)), agent.sendToHandlers('all', 'x')]);
      case 'close':
        return this.each(node, (agent, id) => agent.closeConnection(id, 'enough'));
      case 'break':
        return wire?.end(amount % 2 === 0 ? undefined : new NetworkError('TRANSPORT_FAILED', 'broken'));
      case 'drop':
        return void wire?.drop(side);
      case 'deliver':
        for (let count = 0; count < amount % 8; count++) wire?.deliver(side);
        return;
      case 'wait':
        return void pair.advance(amount * 20);
      case 'add':
        return node.step({ type: 'work', work: () => this.add(node) });
      case 'remove':
        return node.step({ type: 'work', work: () => this.remove(node, amount) });
      case 'refuse':
        this.isRefusing = amount % 2 === 0;
        return;
      case 'fail':
        this.isFailing = amount % 3 === 0;
    }
  }

  end(): void {
    this.pair.drive();
    for (const side of ['alice', 'bob'] as const) this.pair[side].stop();
    this.pair.drive();
    this.pair.advance(2_000);
  }

  private behavior(serviceId: number): RecordingBehavior {
    const vote = () => (this.isRefusing ? 'not now' : undefined);
    const fail = () => {
      if (this.isFailing) throw new Error('bug');
    };
    const seen = new Map<number, string[]>();
    const note = (hook: string) => (agent: ConnectionAgent) => {
      const { id } = agent.connection;
      const known = seen.get(id) ?? [];
      if (!seen.has(id)) this.handlers.push(known);
      seen.set(id, known);
      known.push(hook);
      fail();
    };
    const events = ['onOpened', 'onEvent', 'onBehaviorEvent', 'onOtherHandlerEvent', 'onClosed'].map((hook) => [
      `handler.${hook}`,
      note(hook),
    ]);
    const reactions = { checkIncomingConnection: vote, checkOutgoingConnection: vote, ...Object.fromEntries(events) };
    const behavior = recordingBehavior({ serviceId, name: `service${serviceId}`, handlers: serviceId % 2 === 0, reactions });
    this.behaviors.push(behavior);
    return behavior;
  }

  private add(node: BareNode): void {
    if (++this.lastService <= 255) node.network.behaviors.addRunning(this.behavior(this.lastService));
  }

  private remove(node: BareNode, amount: number): void {
    const { all } = node.network.behaviors;
    const slot = all[amount % Math.max(1, all.length)];
    if (slot !== undefined && all.length > 1) node.network.behaviors.leave(slot.instance);
  }

  private each(node: BareNode, work: (agent: BehaviorAgent, id: number) => void): void {
    const slot = node.network.behaviors.all[0];
    if (slot === undefined) return;
    const perform = () => node.network.callbacks.perform(slot, (agent) => agent.connections().map(({ id }) => work(agent, id)));
    node.step({ type: 'work', work: () => void perform() });
  }
}

/** The hooks that concern one connection, by its id. */
function byConnection(calls: readonly RecordedCall[]): string[] {
  const hooks = new Map<number, string[]>();
  for (const { hook, args } of calls) {
    const connection = args[0] as { id?: number } | undefined;
    if (!/Connection(Connected|Disconnected)$/.test(hook) || connection?.id === undefined) continue;
    hooks.set(connection.id, [...(hooks.get(connection.id) ?? []), hook.replace(/^on|Connection/g, '')]);
  }
  return [...hooks.values()].map((list) => list.join());
}

describe('the order of hooks (ATM-10, H-10)', () => {
  it('holds whatever happens, and nothing is left in the end', () => {
    const step = fc.tuple(fc.constantFrom(...DEEDS), fc.constantFrom<Side>('alice', 'bob'), fc.nat(400));
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        const world = new World();
        for (const [deed, side, amount] of steps) world.do(deed, side, amount);
        world.end();
        for (const { hooks, calls } of world.behaviors) {
          if (hooks.length === 0) continue;
          expect([hooks[0], hooks.at(-1)]).to.deep.equal(['onStarted', 'onStopped']);
          expect(hooks.filter((hook) => /Started|Stopped/.test(hook))).to.have.length(2);
          for (const life of byConnection(calls)) expect(life).to.match(/^(Incoming|Outgoing)Connected,\1Disconnected$/);
          expect(hooks.filter((hook) => hook === 'handler.onOpened').length).to.equal(
            hooks.filter((hook) => hook === 'handler.onClosed').length,
          );
        }
        for (const seen of world.handlers) expect(seen.join()).to.match(/^onOpened(,on(Behavior)?Event)*,onClosed$/);
        for (const side of [world.pair.alice, world.pair.bob]) {
          expect(side.emitted('fault').filter(({ behavior }) => behavior === 'engine')).to.deep.equal([]);
          expect({ ...leftovers(side), deadlines: 0 }).to.deep.equal(NOTHING_LEFT);
        }
      }),
      { numRuns: 300, seed: 10 },
    );
  });
});
