/** @module Tests of messages to a service whose table names the provider: the origin chooses, a stream stays, relays see a node's route. */
import { expect } from 'chai';
import { LOCAL, type NodeId, type RouteAction, RouterTable, toService } from '../../../../core/index.js';
import { KIND_NEIGHBOUR, KIND_SERVICE } from '../../../../core/wire/message.js';
import { ForceLocalRouter } from '../../../../routing/index.js';
import { BareNode, recordingBehavior, type SecuredPeer, seededIdentity } from '../../../../testing/index.js';
import { act, visitor } from '../../node/life-cycle.js';

/** Everything goes to the neighbour that was asked for; providers are whom the test names. */
class NamingTable extends RouterTable {
  readonly asked: (NodeId | undefined)[] = [];
  providers: (NodeId | undefined)[] = [];
  private readonly links = new Map<NodeId, number>();

  override linkUp(connectionId: number, nodeId: NodeId): void {
    this.links.set(nodeId, connectionId);
  }

  override pathToNode(nodeId: NodeId): RouteAction {
    const connectionId = this.links.get(nodeId);
    if (nodeId === this.self) return LOCAL;
    return connectionId === undefined ? { type: 'reject' } : { type: 'next', connectionId, nodeId };
  }

  override pathToKey(): RouteAction {
    return LOCAL;
  }

  override pathToService(): RouteAction {
    const [first] = this.links;
    return first === undefined ? { type: 'reject' } : { type: 'next', connectionId: first[1], nodeId: first[0] };
  }

  override providerOf(_serviceId: number, _meta: number, preferred?: NodeId): NodeId | undefined {
    this.asked.push(preferred);
    return preferred ?? this.providers.shift();
  }
}

function setUp(limits = {}) {
  const table = new NamingTable();
  const own = recordingBehavior({ serviceId: 65 });
  const node = new BareNode('bob', { behaviors: [own], router: table, limits });
  node.start();
  const [alice, carol] = [visitor(node, 'alice'), visitor(node, 'carol')];
  const send = (streamId: number, serviceId?: number) =>
    act(node, 65, (agent) => agent.send(toService(serviceId), Uint8Array.of(1), { streamId }));
  return { node, table, own, alice, carol, send };
}

const kinds = (peer: SecuredPeer) => peer.messages.map(({ kind }) => kind);

describe('a message to a service', () => {
  it('goes as a message to the provider that the table names, so that no relay chooses again', () => {
    const { table, alice, carol, send } = setUp();
    table.providers = [carol.identity.nodeId, undefined, alice.identity.nodeId];
    expect([send(0), send(0), send(0)]).to.deep.equal(['queued', 'queued', 'queued']);
    expect([kinds(alice), kinds(carol)]).to.deep.equal([[KIND_SERVICE, KIND_NEIGHBOUR], [KIND_NEIGHBOUR]]);
  });

  it('is delivered here when the table names this node, and is unreachable when nothing leads to the one that it names', () => {
    const { node, table, own, send } = setUp();
    table.providers = [node.id, seededIdentity('nobody').nodeId];
    expect([send(0), send(0)]).to.deep.equal(['queued', 'unreachable']);
    expect(own.messages.length).to.equal(1);
  });

  it('keeps the provider of its stream, each stream of each service its own, and stream 0 none', () => {
    const { table, alice, carol, send } = setUp();
    const [a, c] = [alice.identity.nodeId, carol.identity.nodeId];
    table.providers = [a, c, c, a, c];
    for (const [streamId, serviceId] of [[1], [2], [1], [1, 70], [0], [0], [2]] as const) send(streamId, serviceId);
    expect(table.asked).to.deep.equal([undefined, undefined, a, undefined, undefined, undefined, c]);
    expect([alice.messages.length, carol.messages.length]).to.deep.equal([3, 4]);
  });

  it('row 64: of more streams than the limit the one that was used longest ago is forgotten', () => {
    const { table, alice, send } = setUp({ serviceStreamsMax: 16 });
    table.providers = new Array<NodeId>(40).fill(alice.identity.nodeId);
    for (let streamId = 1; streamId <= 16; streamId++) send(streamId);
    send(1);
    send(17);
    table.asked.length = 0;
    for (const streamId of [1, 3, 2]) send(streamId);
    expect(table.asked).to.deep.equal([alice.identity.nodeId, alice.identity.nodeId, undefined]);
  });

  it('costs a fault of the table, and goes by the next hop, when the table throws or names no node', () => {
    const { node, table, alice, send } = setUp();
    table.providers = ['nobody' as NodeId];
    send(0);
    table.providerOf = () => {
      throw new Error('boom');
    };
    expect(send(5)).to.equal('queued');
    expect(kinds(alice)).to.deep.equal([KIND_SERVICE, KIND_SERVICE]);
    expect(node.emitted('fault').map(({ behavior, callback }) => [behavior, callback])).to.deep.equal([
      ['router', 'providerOf'],
      ['router', 'providerOf'],
    ]);
  });
});

describe('the router facade', () => {
  it('asks the present table for news, and takes nothing but bytes', () => {
    const { node, table, alice } = setUp();
    const { router } = node.network;
    expect(router.createNews(alice.identity.nodeId)).to.equal(undefined);
    table.createNews = () => Uint8Array.of(7);
    expect(router.createNews(alice.identity.nodeId)).to.deep.equal(Uint8Array.of(7));
    table.createNews = () => 'news' as never;
    expect(router.createNews(alice.identity.nodeId)).to.equal(undefined);
    table.createNews = () => {
      throw new Error('boom');
    };
    expect(router.createNews(alice.identity.nodeId)).to.equal(undefined);
    expect(node.emitted('fault').map(({ callback }) => callback)).to.deep.equal(['createNews', 'createNews']);
  });

  it('names no provider for a table that has no say in it', () => {
    expect(new ForceLocalRouter().providerOf(64, 0)).to.equal(undefined);
    expect(new ForceLocalRouter().createNews(seededIdentity('a').nodeId)).to.equal(undefined);
  });
});

describe('services that change while a connection opens', () => {
  it('reach a neighbour that was told before', () => {
    const node = new BareNode('bob');
    node.start();
    const name = ['alice', 'carol', 'dave', 'erin'].find((other) => seededIdentity(other).nodeId > node.id);
    const peer = visitor(node, name ?? 'nobody', { isPolite: false });
    node.step({ type: 'work', work: () => node.network.behaviors.addRunning(recordingBehavior({ serviceId: 70 })) });
    const told = peer.control.flatMap((said) =>
      typeof said === 'object' && (said.type === 'ready' || said.type === 'services') ? [[said.type, ...said.services]] : [],
    );
    expect(told).to.deep.equal([['ready'], ['services', 70]]);
    peer.sendReady();
    expect(node.network.links.openConnections().length).to.equal(1);
  });
});
