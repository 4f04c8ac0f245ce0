/**
 * @module What behaviours, handlers and agents do to each other (ATM-17 to ATM-27): a triangle in virtual time, whose behaviours and handlers
 * do everything that agents offer.
 */
import { expect } from 'chai';
import {
  type BehaviorAgent,
  type Connection,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  type Message,
  NetworkBehavior,
  NetworkError,
  type NodeId,
  type SendResult,
  toConnection,
  toKey,
  toNextHop,
  toNode,
  toService,
} from '../../../../core/index.js';
import { DirectRouter, ForceNodeRouter } from '../../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../../simulation.js';

type Work = (agent: ConnectionAgent) => unknown;

/** Writes down what comes, and does what it is sent. */
class Worker extends ConnectionHandler<unknown, unknown> {
  constructor(
    private readonly log: unknown[],
    readonly connection: Connection,
  ) {
    super();
  }

  override onEvent(_agent: ConnectionAgent, event: ConnectionEvent): void {
    if (event.type === 'message') this.log.push(['handler message', this.connection.id, event.value(), event.fromServiceId]);
    else if (event.type === 'stats') this.log.push(['stats', this.connection.id]);
  }

  override onBehaviorEvent(agent: ConnectionAgent, event: unknown): void {
    if (typeof event === 'function') (event as Work)(agent);
    else this.log.push(['from behaviour', this.connection.id, event]);
  }

  override onOtherHandlerEvent(_agent: ConnectionAgent, fromNode: NodeId, fromConnection: number, event: unknown): void {
    this.log.push(['from handler', this.connection.id, fromNode, fromConnection, event]);
  }
}

/** A behaviour with a handler for each connection. */
class Office extends NetworkBehavior<unknown, unknown> {
  static readonly behavior: { readonly serviceId: number; readonly name: string } = { serviceId: 64, name: 'office' };
  readonly log: unknown[] = [];
  onNews: (agent: BehaviorAgent, event: unknown) => void = () => {};

  do<T>(work: (agent: BehaviorAgent) => T): T {
    return this.perform(work);
  }

  /** Has the handler of a connection do it. */
  atHandler(connectionId: number, work: Work): number {
    return this.perform((agent) => agent.sendToHandlers(toConnection(connectionId), work));
  }

  override onIncomingConnectionConnected(_agent: BehaviorAgent, connection: Connection) {
    return new Worker(this.log, connection);
  }

  override onOutgoingConnectionConnected(_agent: BehaviorAgent, connection: Connection) {
    return new Worker(this.log, connection);
  }

  override onHandlerEvent(_agent: BehaviorAgent, nodeId: NodeId, connectionId: number, event: unknown): void {
    this.log.push(['from own handler', nodeId, connectionId, event]);
  }

  override onMessage(_agent: BehaviorAgent, message: Message): void {
    this.log.push(['message', message.source, message.value(), message.fromServiceId]);
  }

  override onBehaviorEvent(agent: BehaviorAgent, fromServiceId: number, event: unknown): void {
    this.log.push(['from service', fromServiceId, event]);
    this.onNews(agent, event);
  }
}

/** Another service, which nobody has a handler for. */
class Desk extends Office {
  static override readonly behavior = { serviceId: 65, name: 'desk' };
  override onIncomingConnectionConnected(): never {
    return undefined as never;
  }
  override onOutgoingConnectionConnected(): never {
    return undefined as never;
  }
}

/** Alice is connected to Bob and to Carol, and these not to each other. */
async function triangle() {
  const sim = new SimulatedNetwork({ seed: 17, latencyMs: 10 });
  const create = (name: string) => sim.createNode({ name, behaviors: [Office, Desk], builtins: [], router: DirectRouter });
  const [alice, bob, carol] = [await create('alice'), await create('bob'), await create('carol')];
  await sim.start(alice, bob, carol);
  const toBob = (await alice.connect('sim://bob')).id;
  const toCarol = (await alice.connect('sim://carol')).id;
  await sim.run(100);
  for (const node of [alice, bob, carol]) office(node).log.length = 0;
  return { sim, alice, bob, carol, toBob, toCarol };
}

const office = (node: SimulatedNode) => node.behavior(Office);
const desk = (node: SimulatedNode) => node.behavior(Desk);
const said = (log: readonly unknown[]) => log.filter((entry) => (entry as unknown[])[0] !== 'stats');

describe('agents', () => {
  it('ATM-17, ATM-19: carry what handlers have to say to their behaviour, to each other, and to the far ends', async () => {
    const { sim, alice, bob, carol, toBob, toCarol } = await triangle();
    office(alice).atHandler(toBob, (agent) => {
      expect([agent.connection.id, agent.nodeId, agent.connection.nodeId]).eql([toBob, alice.id, bob.id]);
      agent.sendToBehavior('up');
      expect(agent.sendToHandlers(toConnection(toCarol), 'across')).equal(1);
      expect([agent.reply('direct'), agent.send(toNode(carol.id), 'routed')]).eql(['queued', 'queued']);
    });
    await sim.run(50);
    expect(said(office(alice).log)).eql([
      ['from own handler', bob.id, toBob, 'up'],
      ['from handler', toCarol, bob.id, toBob, 'across'],
    ]);
    expect(said(office(bob).log)).eql([['handler message', bob.connections()[0]?.id, 'direct', 64]]);
    expect(said(office(carol).log)).eql([['message', alice.id, 'routed', 64]]);
    office(alice).atHandler(toBob, (agent) => agent.close('done'));
    await sim.run(50);
    expect([alice.connections().map(({ id }) => id), bob.connections().length]).eql([[toCarol], 0]);
    await sim.stop();
  });

  it('ATM-18: connect answers an attempt at once, and the outcome comes; a node is closed with all that leads to it', async () => {
    const { sim, alice, bob, toCarol, carol } = await triangle();
    const outcomes: unknown[] = [];
    const attempts = office(bob).do((agent) => {
      expect(agent.nodeId).equal(bob.id);
      return ['sim://carol', 'sim://nobody'].map((address) => agent.connect(address, (_agent, outcome) => outcomes.push(outcome)));
    });
    expect([new Set(attempts).size, outcomes]).eql([2, []]);
    await sim.run(11_000);
    const [fine, failed] = outcomes.sort((one) => (one instanceof NetworkError ? 1 : -1));
    expect(fine).include({ nodeId: carol.id, attemptId: attempts[0] });
    expect(failed).instanceOf(NetworkError);
    office(alice).do((agent) => agent.disconnectNode(bob.id, 'enough'));
    office(alice).do((agent) => agent.closeConnection(toCarol, 'enough'));
    await sim.run(50);
    expect([alice, bob, carol].map((node) => node.connections().length)).eql([0, 1, 1]);
    await sim.stop();
  });

  it('ATM-18b, ATM-18c: send typed values, and answer what became of them; nothing is only logged', async () => {
    const { sim, alice, bob, toBob } = await triangle();
    const value = { text: 'typed', list: [1, 2.5, true], bytes: Uint8Array.of(1) };
    const results: (SendResult | number | boolean)[] = office(alice).do((agent) => [
      agent.send(toConnection(toBob), value),
      agent.send(toNode(bob.id), value),
      agent.send(toConnection(99), value),
      agent.send(toConnection(toBob), new Uint8Array(2 ** 20 + 1)),
      agent.sendToHandlers(toConnection(99), 'x'),
      agent.sendToBehavior(99, 'x'),
    ]);
    expect(results).eql(['queued', 'queued', 'unreachable', 'too-large', 0, false]);
    await sim.run(50);
    expect(said(office(bob).log)).eql([
      ['handler message', bob.connections()[0]?.id, value, 64],
      ['message', alice.id, value, 64],
    ]);
    await sim.stop();
  });

  it('ATM-20: an event for a node reaches its one handler, one for a connection exactly that, and a missing one nobody', async () => {
    const { sim, alice, bob, carol, toBob, toCarol } = await triangle();
    const reached = office(alice).do((agent) => [
      agent.sendToHandlers(toNode(bob.id), 'for bob'),
      agent.sendToHandlers(toConnection(toCarol), 'for carol'),
      agent.sendToHandlers('all', 'for all'),
      agent.sendToHandlers(toNode(alice.id), 'for nobody'),
      agent.sendToHandlers(toConnection(99), 'for nobody'),
    ]);
    expect(reached).eql([1, 1, 2, 0, 0]);
    expect(said(office(alice).log)).eql([
      ['from behaviour', toBob, 'for bob'],
      ['from behaviour', toCarol, 'for carol'],
      ['from behaviour', toBob, 'for all'],
      ['from behaviour', toCarol, 'for all'],
    ]);
    expect(carol.connections().length).equal(1);
    await sim.stop();
  });

  it('ATM-21: handlers reach those of their own service alone, which learn who it was', async () => {
    const { sim, alice, bob, toBob, toCarol } = await triangle();
    office(alice).atHandler(toBob, (agent) => expect(agent.sendToHandlers('all', 'hello')).equal(2));
    expect(said(office(alice).log)).eql([
      ['from handler', toBob, bob.id, toBob, 'hello'],
      ['from handler', toCarol, bob.id, toBob, 'hello'],
    ]);
    expect(desk(alice).do((agent) => agent.sendToHandlers('all', 'of another service'))).equal(0);
    await sim.stop();
  });

  it('ATM-26: a behaviour is woken from outside at any time, and its handlers through it', async () => {
    const { sim, alice, toBob } = await triangle();
    const woken: number[] = [];
    for (let count = 0; count < 3; count++) office(alice).do((agent) => woken.push(agent.nowMs));
    office(alice).atHandler(toBob, (agent) => woken.push(agent.nowMs));
    expect(woken).eql([sim.nowMs, sim.nowMs, sim.nowMs, sim.nowMs]);
    await sim.stop();
  });
});

describe('actions', () => {
  it('ATM-22: of behaviours and handlers all lead to where they should, in the order of recording', async () => {
    const { sim, alice, bob, carol, toBob, toCarol } = await triangle();
    office(alice).do((agent) => {
      agent.sendToHandlers(toConnection(toBob), 1);
      agent.sendToBehavior(65, 2);
      agent.send(toConnection(toCarol), 3);
      agent.send(toNode(carol.id), 4);
      agent.sendToHandlers(toConnection(toCarol), 5);
      agent.closeConnection(toBob);
      agent.sendToHandlers('all', 6);
    });
    expect(said(office(alice).log)).eql([
      ['from behaviour', toBob, 1],
      ['from behaviour', toCarol, 5],
      // The handler was there when it was recorded, and is gone by its turn.
      ['from behaviour', toCarol, 6],
    ]);
    expect(desk(alice).log).eql([['from service', 64, 2]]);
    await sim.run(50);
    expect(said(office(carol).log)).eql([
      ['handler message', carol.connections()[0]?.id, 3, 64],
      ['message', alice.id, 4, 64],
    ]);
    expect(bob.connections()).eql([]);
    await sim.stop();
  });

  it('ATM-23: by node, by key and by service go where the table says; local ones stay; toNextHop has the neighbour itself handle it', async () => {
    const { sim, alice, bob, carol, toCarol } = await triangle();
    const sent = office(bob).do((agent) => [
      agent.send(toNode(bob.id), 'to itself'),
      agent.send(toService(65), 'to its own service', { serviceId: 65 }),
      agent.send(toNode(carol.id), 'nobody knows a way'),
      agent.send(toKey(alice.id), 'to the closest'),
    ]);
    expect(sent).eql(['queued', 'queued', 'unreachable', 'queued']);
    office(alice).do((agent) => agent.send(toNextHop(carol.id), 'for the next hop'));
    await sim.run(50);
    expect(said(office(bob).log)).eql([['message', bob.id, 'to itself', 64]]);
    expect(desk(bob).log).eql([['message', bob.id, 'to its own service', 64]]);
    expect(said(office(alice).log)).eql([['message', bob.id, 'to the closest', 64]]);
    expect(said(office(carol).log)).eql([['handler message', carol.connections()[0]?.id, 'for the next hop', 64]]);
    // A relay tree: what is addressed to a far node ends at the neighbour on the way to it.
    bob.useRouter(new ForceNodeRouter(bob.connections()[0]?.id ?? 0, alice.id));
    office(bob).do((agent) => agent.send(toNextHop(carol.id), 'hop by hop'));
    await sim.run(50);
    expect(said(office(alice).log).at(-1)).eql([
      'handler message',
      alice.connections().find(({ id }) => id !== toCarol)?.id,
      'hop by hop',
      64,
    ]);
    expect(said(office(carol).log).length).equal(1);
    await sim.stop();
  });

  it('ATM-24: a message that came goes to the handler of that connection if it is direct, on to others if it is for them, and never back', async () => {
    const { sim, alice, bob, carol, toBob } = await triangle();
    bob.useRouter(new ForceNodeRouter(bob.connections()[0]?.id ?? 0, alice.id));
    const results = office(bob).do((agent) => [
      agent.send(toConnection(bob.connections()[0]?.id ?? 0), 'direct'),
      agent.send(toNode(alice.id), 'routed'),
      agent.send(toNode(carol.id), 'onward'),
      agent.send(toNode('ee'.repeat(32) as NodeId), 'to nobody'),
      agent.send(toNode(bob.id), 'back again'),
    ]);
    expect(results).eql(['queued', 'queued', 'queued', 'queued', 'queued']);
    await sim.run(100);
    expect(said(office(alice).log)).eql([
      ['handler message', toBob, 'direct', 64],
      ['message', bob.id, 'routed', 64],
    ]);
    expect(said(office(carol).log)).eql([['message', bob.id, 'onward', 64]]);
    expect(said(office(bob).log)).eql([]);
    expect(alice.metrics()).include({ messages_dropped_unreachable_total: 2, messages_forwarded_total: 1 });
    await sim.stop();
  });

  it('ATM-25: measurements go to every handler of a connection, messages to one', async () => {
    const { sim, alice, bob, toBob } = await triangle();
    office(bob).do((agent) => agent.send(toConnection(bob.connections()[0]?.id ?? 0), 'one'));
    await sim.run(6_000);
    const log = office(alice).log as [string, number][];
    expect(log.filter(([kind, id]) => kind === 'stats' && id === toBob).length).above(0);
    expect(log.filter(([kind]) => kind === 'handler message').length).equal(1);
    await sim.stop();
  });

  it('ATM-27: an event for another behaviour arrives in the same step, and so does what that one does then; an unknown one is told', async () => {
    const { sim, alice } = await triangle();
    desk(alice).onNews = (agent, event) => void agent.sendToBehavior(64, `${event} back`);
    expect(office(alice).do((agent) => [agent.sendToBehavior(65, 'there'), agent.sendToBehavior(99, 'nobody')])).eql([true, false]);
    expect([desk(alice).log, said(office(alice).log)]).eql([[['from service', 64, 'there']], [['from service', 65, 'there back']]]);
    await sim.stop();
  });
});
