/** @module What a node makes of its transports: requests in and out, ids, several transports side by side (ATM-04, ATM-33 to ATM-35, ATM-40, ATM-41). */
import { expect } from 'chai';
import {
  type Attempt,
  type Connection,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  createNode,
  Identity,
  type MeshNode,
  NetworkBehavior,
  type NetworkError,
  type NodeId,
  type NodeOptions,
  toConnection,
} from '../../../index.js';
import { until } from '../../../testing/index.js';
import { MemoryNetwork, MemoryTransport, TcpTransport } from '../../../transports/index.js';

/** Writes down what happens to connections, and refuses those of nodes that it does not like. */
class Watcher extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'watcher' } as const;
  readonly log: unknown[][] = [];
  disliked: NodeId | undefined;

  send(connectionId: number, bytes: number): string {
    return this.perform((agent) => agent.send(toConnection(connectionId), new Uint8Array(bytes)));
  }

  override checkIncomingConnection(nodeId: NodeId, connectionId: number): string | undefined {
    this.log.push(['asked', 'incoming', connectionId]);
    return nodeId === this.disliked ? 'not you' : undefined;
  }
  override checkOutgoingConnection(_nodeId: NodeId, connectionId: number): undefined {
    this.log.push(['asked', 'outgoing', connectionId]);
  }
  override onIncomingConnectionConnected(_agent: unknown, { id }: Connection) {
    this.log.push(['connected', 'incoming', id]);
    return new Listener(this.log);
  }
  override onOutgoingConnectionConnected(_agent: unknown, { id }: Connection) {
    this.log.push(['connected', 'outgoing', id]);
    return new Listener(this.log);
  }
  override onIncomingConnectionDisconnected(_agent: unknown, { id }: Connection): void {
    this.log.push(['disconnected', 'incoming', id]);
  }
  override onOutgoingConnectionDisconnected(_agent: unknown, { id }: Connection): void {
    this.log.push(['disconnected', 'outgoing', id]);
  }
  override onOutgoingConnectionError(_agent: unknown, { id }: Attempt, { code }: NetworkError): void {
    this.log.push(['failed', id, code]);
  }
}

class Listener extends ConnectionHandler {
  constructor(private readonly log: unknown[][]) {
    super();
  }
  override onEvent(agent: ConnectionAgent, event: ConnectionEvent): void {
    if (event.type === 'message') this.log.push(['message', agent.connection.id, event.byteLength]);
    else if (event.type === 'stats') this.log.push(['stats', agent.connection.id]);
  }
}

describe('a node and its transports', () => {
  let nodes: MeshNode[];
  let network: MemoryNetwork;
  beforeEach(() => {
    nodes = [];
    network = new MemoryNetwork();
  });
  afterEach(() => Promise.all(nodes.map((node) => node.stop())));

  async function start(options: NodeOptions): Promise<MeshNode> {
    const node = await createNode({
      transports: [new MemoryTransport(network)],
      behaviors: [Watcher],
      builtins: [],
      logger: 'silent',
      ...options,
    });
    nodes.push(node);
    await node.start();
    return node;
  }

  const log = (node: MeshNode) => node.behavior(Watcher).log;
  const of = (node: MeshNode, what: string) => log(node).filter(([kind]) => kind === what);
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'open',
      ({ code }: NetworkError) => code,
    );

  it('ATM-33: tells of requests, of connections in and out, and of every dial that came to nothing', async () => {
    const bob = await start({ listen: ['mem://bob'] });
    const alice = await start({});
    const { id } = await alice.connect('mem://bob');
    await until(() => of(bob, 'connected').length === 1);
    const incomingId = bob.connections()[0]?.id;
    expect(log(alice).slice(0, 2)).eql([
      ['asked', 'outgoing', id],
      ['connected', 'outgoing', id],
    ]);
    expect(log(bob).slice(0, 2)).eql([
      ['asked', 'incoming', incomingId],
      ['connected', 'incoming', incomingId],
    ]);
    const eve = await start({});
    bob.behavior(Watcher).disliked = eve.id;
    expect(await codeOf(eve.connect('mem://bob'))).equal('REMOTE_REJECTED');
    expect(await codeOf(eve.connect('mem://nobody'))).equal('CONNECTION_REFUSED');
    expect(of(eve, 'failed').map(([, , code]) => code)).eql(['REMOTE_REJECTED', 'CONNECTION_REFUSED']);
    expect([of(eve, 'connected'), of(bob, 'connected').length]).eql([[], 1]);
  });

  it('ATM-04, ATM-34: one id goes from the announcement of a connection to its end, ids are never used again, and each has a direction', async () => {
    const bob = await start({ listen: ['mem://bob'] });
    const alice = await start({ listen: ['mem://alice'] });
    const ids: number[] = [];
    for (let round = 0; round < 3; round++) {
      const [from, to] = round === 1 ? [bob, 'mem://alice'] : [alice, 'mem://bob'];
      const { id, direction } = await from.connect(to);
      const other = from === alice ? bob : alice;
      await until(() => other.connections().length === 1);
      expect([direction, other.connections()[0]?.direction]).eql(['outgoing', 'incoming']);
      from.disconnect(id);
      await until(() => alice.connections().length + bob.connections().length === 0);
      ids.push(
        ...of(alice, 'connected')
          .slice(round)
          .map(([, , connectionId]) => connectionId as number),
      );
    }
    expect(new Set(ids).size).equal(3);
    for (const node of [alice, bob])
      for (const [, direction, id] of of(node, 'asked')) {
        const life = log(node).filter(([kind, , other]) => other === id && kind !== 'stats' && kind !== 'message');
        expect(life.map(([kind, way]) => [kind, way])).eql(['asked', 'connected', 'disconnected'].map((kind) => [kind, direction]));
      }
  });

  it('ATM-35: a connection names its remote node, its id and the remote address; sending never waits, and the close ends both sides', async () => {
    const bob = await start({ listen: ['mem://bob'] });
    const alice = await start({ limits: { laneBytesMax: 65_536, payloadBytesMax: 16_384 } });
    const connection = await alice.connect('mem://bob');
    expect(connection).include({ nodeId: bob.id, direction: 'outgoing' });
    expect(`${connection.remoteAddress}`).equal('mem://bob');
    expect(alice.connections()).eql([connection]);
    const results = Array.from({ length: 100 }, () => alice.behavior(Watcher).send(connection.id, 16_000));
    expect(new Set(results)).eql(new Set(['queued', 'full']));
    const taken = results.filter((result) => result === 'queued').length;
    await until(() => of(bob, 'message').length === taken);
    alice.disconnect(connection.id);
    await until(() => bob.connections().length === 0);
    expect(alice.behavior(Watcher).send(connection.id, 1)).equal('unreachable');
    expect([of(alice, 'disconnected').length, of(bob, 'disconnected').length]).eql([1, 1]);
  });

  it('ATM-40: in memory an unknown name is refused, another node than was asked for is too, and a measurement comes first', async () => {
    const bob = await start({ listen: ['mem://bob'] });
    const alice = await start({});
    expect(await codeOf(alice.connect('mem://carol'))).equal('CONNECTION_REFUSED');
    const wrong = Identity.generate().nodeId;
    expect(await codeOf(alice.connect(`mem://${wrong}@bob`))).equal('IDENTITY_MISMATCH');
    await alice.connect(`mem://${bob.id}@bob`);
    await until(() => of(alice, 'stats').length > 0 && of(bob, 'stats').length > 0);
    const kinds = log(alice).map(([kind]) => kind);
    expect(kinds.slice(kinds.indexOf('connected'), kinds.indexOf('connected') + 2)).eql(['connected', 'stats']);
    expect(await codeOf(start({ listen: ['mem://bob'] }))).equal('ADDRESS_IN_USE');
  });

  it('ATM-41: several transports stand behind one node, each dial goes to its own, and their connections are of one kind', async () => {
    const both = () => ({ transports: [new MemoryTransport(network), new TcpTransport()] });
    const bob = await start({ ...both(), listen: ['mem://bob', 'tcp://127.0.0.1:0'] });
    expect(bob.addresses.map(({ scheme }) => scheme).sort()).eql(['mem', 'tcp']);
    const alice = await start(both());
    const carol = await start(both());
    const tcp = bob.addresses.find(({ scheme }) => scheme === 'tcp');
    const [first, second] = [await alice.connect('mem://bob'), await carol.connect(`${tcp}`)];
    await until(() => bob.connections().length === 2);
    expect([first.remoteAddress.scheme, second.remoteAddress.scheme]).eql(['mem', 'tcp']);
    expect(new Set(bob.connections().map(({ id }) => id)).size).equal(2);
    expect(of(bob, 'connected').length).equal(2);
    expect(await codeOf(alice.connect('udp://127.0.0.1:1'))).equal('SCHEME_UNKNOWN');
    for (const [node, { id }] of [
      [alice, first],
      [carol, second],
    ] as const)
      expect(node.behavior(Watcher).send(id, 5)).equal('queued');
    await until(() => of(bob, 'message').length === 2);
  });
});

describe('kind 13: a node that listens on every address', () => {
  it('of IPv4 and of IPv6, with one port, has one wish: each host is bound once', async () => {
    const node = await createNode({ listen: ['tcp://0.0.0.0:0', 'tcp://[::]:0'] });
    await node.start();
    const ports = node.addresses.map(({ port }) => port);
    expect(new Set(node.addresses.map(({ host }) => host)).size).to.equal(ports.length);
    expect(new Set(ports).size).to.equal(1);
    await node.stop();
  });
});
