/** @module Tests of the handshake between real nodes: what each learns of the other, when, and what becomes of it. */
import { expect } from 'chai';
import { HandshakeBehavior } from '../../../behaviours/index.js';
import {
  type Address,
  type BehaviorAgent,
  type Connection,
  createNode,
  type MeshNode,
  NetworkBehavior,
  NetworkError,
  type NodeOptions,
  toConnection,
} from '../../../index.js';
import { TcpTransport } from '../../../transports/tcp/index.js';
import { all, handshakeOf, lateTransport, next, onlyConnection, Peer, World } from './support.js';

const texts = (addresses: readonly Address[]) => addresses.map(({ text }) => text);

/** Looks at what the handshake has learnt as soon as it may, and then with every tick. */
class Watcher extends NetworkBehavior {
  static readonly behavior = { serviceId: 90, name: 'watcher' } as const;
  static readonly inject = [HandshakeBehavior];
  readonly seenAtConnected: string[] = [];
  onSeen: (addresses: string) => void = () => {};

  constructor(private readonly handshake: HandshakeBehavior) {
    super();
  }

  override onIncomingConnectionConnected(_agent: BehaviorAgent, { id }: Connection): void {
    this.seenAtConnected.push(...texts(this.handshake.remoteAddresses(id)), this.handshake.remoteName(id) ?? 'no name');
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent, connection: Connection): void {
    this.onIncomingConnectionConnected(agent, connection);
  }

  override onTick(agent: BehaviorAgent): void {
    for (const { id } of agent.connections()) this.onSeen(texts(this.handshake.remoteAddresses(id)).join());
  }
}

describe('handshake', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  async function connected(one: MeshNode, other: MeshNode): Promise<void> {
    const accepted = next(other, 'connected');
    await one.connect(other.addresses[0] as Address);
    await accepted;
  }

  it('is on by default, and a node may leave it out', async () => {
    const node = await createNode({ logger: 'silent' });
    expect(node.behavior(HandshakeBehavior).serviceId).to.equal(1);
    const bare = await createNode({ logger: 'silent', builtins: [] });
    expect(() => bare.behavior(HandshakeBehavior))
      .to.throw(NetworkError)
      .with.property('code', 'BEHAVIOR_MISSING');
  });

  it("has told each side the other's addresses and name when the connection opens (DNDM-23)", async () => {
    const named = (name: string) => ({ builtins: [], behaviors: [[HandshakeBehavior, { name }], Watcher] as const });
    const anna = await world.node('anna', named('Anna'));
    const ben = await world.node('ben', named('Ben'));
    await connected(anna, ben);
    expect(anna.behavior(Watcher).seenAtConnected).to.deep.equal(['mem://ben', 'Ben']);
    expect(ben.behavior(Watcher).seenAtConnected).to.deep.equal(['mem://anna', 'Anna']);
  });

  it('tells no address of a node that does not listen (INET-28)', async () => {
    const anna = await world.node('anna', { listen: [] });
    const ben = await world.node('ben');
    await connected(anna, ben);
    expect(handshakeOf(ben).remoteAddresses(onlyConnection(ben).id)).to.deep.equal([]);
    expect(handshakeOf(ben).remoteName(onlyConnection(ben).id)).to.equal(undefined);
  });

  it('refuses a name that people could not read', async () => {
    const named = (name: string) => createNode({ logger: 'silent', builtins: [], behaviors: [new HandshakeBehavior({ name })] });
    await named('a'.repeat(64));
    for (const name of ['', 'a'.repeat(65), 'a\nb']) {
      expect(() => new HandshakeBehavior({ name }), JSON.stringify(name))
        .to.throw(NetworkError)
        .with.property('code', 'OPTION_INVALID');
    }
  });

  it('tells each side how the other sees it (DNDM-24)', async () => {
    const anna = await world.node('anna');
    const ben = await world.node('ben');
    await connected(anna, ben);
    const seen = (node: MeshNode) => handshakeOf(node).observedAddresses();
    expect(seen(ben)).to.have.length(1);
    expect(seen(ben)[0]).to.deep.include({ byNodeId: anna.id, direction: 'incoming' });
    expect(seen(ben)[0]?.address.text).to.equal('mem://ben');
    expect(seen(anna)[0]).to.deep.include({ byNodeId: ben.id, direction: 'outgoing' });
    expect(seen(anna)[0]?.address.text).to.equal(onlyConnection(ben).remoteAddress.text);
  });

  it('gives 0.0.0.0 and [::] the host at which the remote reaches them (DNDM-24, DNDM-41)', async () => {
    const anna = await world.stillNode({ listen: ['tcp://0.0.0.0:0'] });
    const ben = await world.stillNode({ listen: ['tcp://[::]:0'] });
    await Promise.all([anna.start(), ben.start()]);
    const [{ port }, { port: benPort }] = [anna.addresses[0] as Address, ben.addresses[0] as Address];
    const accepted = next(anna, 'connected');
    await ben.connect(`tcp://127.0.0.2:${port}`);
    await accepted;
    expect(texts(handshakeOf(ben).remoteAddresses(onlyConnection(ben).id))).to.deep.equal([`tcp://127.0.0.2:${port}`]);
    expect(texts(handshakeOf(anna).remoteAddresses(onlyConnection(anna).id))).to.deep.equal([`tcp://127.0.0.1:${benPort}`]);
    expect(handshakeOf(anna).observedAddresses()[0]?.address.text).to.equal(`tcp://127.0.0.2:${port}`);
  });

  it('forgets a remote with its connection, and keeps what it observed', async () => {
    const anna = await world.node('anna');
    const ben = await world.node('ben');
    await connected(anna, ben);
    const { id } = onlyConnection(anna);
    const gone = next(anna, 'disconnected');
    anna.disconnect(id);
    await gone;
    expect(handshakeOf(anna).remoteAddresses(id)).to.deep.equal([]);
    expect(handshakeOf(anna).observedAddresses()).to.have.length(1);
  });

  it('leaves one connection when both dial at once, which both have shaken hands on (row 15)', async () => {
    for (let round = 0; round < 10; round++) {
      const anna = await world.node(`anna-${round}`);
      const ben = await world.node(`ben-${round}`);
      const both = [next(anna, 'connected'), next(ben, 'connected')];
      const dialled = await Promise.all([anna.connect(`mem://ben-${round}`), ben.connect(`mem://anna-${round}`)]);
      await Promise.all(both);
      expect(dialled.map(({ id }) => id)).to.deep.equal([onlyConnection(anna).id, onlyConnection(ben).id]);
      expect(texts(handshakeOf(anna).remoteAddresses(onlyConnection(anna).id))).to.deep.equal([`mem://ben-${round}`]);
      expect(texts(handshakeOf(ben).remoteAddresses(onlyConnection(ben).id))).to.deep.equal([`mem://anna-${round}`]);
    }
  });

  /** Ben, who dials anna when she has one address, and what he knows once it is two. */
  async function secondAddress(annas: NodeOptions): Promise<{ readonly ben: MeshNode; readonly second: Promise<string> }> {
    const ben = await world.node('ben', { behaviors: [Watcher], tickMs: 10 });
    const second = new Promise<string>((resolve) => {
      ben.behavior(Watcher).onSeen = (addresses) => addresses.includes('late') && resolve(addresses);
    });
    const anna = await world.stillNode({ listen: ['mem://anna', 'mem://late'], ...annas });
    const listening = next(anna, 'listening');
    void anna.start();
    await listening;
    const accepted = next(anna, 'connected');
    await ben.connect('mem://anna');
    await accepted;
    return { ben, second };
  }

  it('tells open connections when the node listens elsewhere, too (DNDM-30)', async () => {
    const { transport, listenLate } = lateTransport(world.transport());
    const { ben, second } = await secondAddress({ transports: [transport], tickMs: 10 });
    expect(texts(handshakeOf(ben).remoteAddresses(onlyConnection(ben).id))).to.deep.equal(['mem://anna']);
    listenLate();
    expect(await second).to.equal('mem://anna,mem://late');
    expect(handshakeOf(ben).ignoredCount).to.equal(0);
  });

  it('tells it when there is room again (DNDM-30)', async () => {
    const { transport, listenLate } = lateTransport(world.transport());
    const flood = new Flood();
    const { second } = await secondAddress({ transports: [transport], tickMs: 10, behaviors: [flood], limits: { laneMessagesMax: 16 } });
    flood.isOn = true;
    listenLate();
    expect(await second).to.equal('mem://anna,mem://late');
    expect(flood.wasFull).to.equal(true);
  });

  it('tells what changed during the exchange at its end (DNDM-30)', async () => {
    const { transport, listenLate } = lateTransport(world.transport());
    const behaviors = [new Meddler(undefined, listenLate)];
    const { second } = await secondAddress({ transports: [transport], tickMs: 3_600_000, behaviors });
    expect(await second).to.equal('mem://anna,mem://late');
  });

  it('says of 0.0.0.0 what the remote observed when the connection tells no host, also when it dials next time (DNDM-41)', async () => {
    const peer = new Peer((say, heard) => {
      const me = { addresses: [] };
      const stage = (heard as { stage?: number } | undefined)?.stage;
      if (heard === undefined) say({ stage: 1, me, you: 'tcp://192.0.2.7:50000', sections: [] });
      if (stage === 1) say({ stage: 2, me, you: 'tcp://192.0.2.7:50000', accepted: [] });
    });
    const transports = [world.transport(), new TcpTransport()];
    const anna = await world.node('anna', { listen: ['mem://anna', 'tcp://0.0.0.0:0'], transports });
    const other = await world.node('peer', { builtins: [], behaviors: [peer] });
    const addresses = ['mem://anna', `tcp://192.0.2.7:${anna.addresses.find(({ scheme }) => scheme === 'tcp')?.port}`];
    const [accepted, gone] = [next(anna, 'connected'), next(anna, 'disconnected')];
    await other.connect('mem://anna');
    expect(peer.heard[0]).to.deep.include({ stage: 1, me: { addresses } });
    await accepted;
    other.disconnect(onlyConnection(other).id);
    await gone;
    peer.heard.length = 0;
    await anna.connect('mem://peer').catch(() => undefined);
    expect(peer.heard[0]).to.deep.include({ stage: 1, me: { addresses } });
  });

  it('leaves nothing of a connection that is closed in its last step', async () => {
    const anna = await world.node('anna', { behaviors: [new Meddler()] });
    const ben: MeshNode = await world.node('ben', { behaviors: [new Meddler((id) => ben.disconnect(id, 'changed my mind'))] });
    const [faults, refused] = [all(ben, 'fault'), next(ben, 'refused')];
    await anna.connect('mem://ben').catch(() => undefined);
    expect((await refused).reason.text).to.equal('changed my mind');
    expect(handshakeOf(ben).observedAddresses()).to.deep.equal([]);
    expect(faults).to.deep.equal([]);
  });

  it('refuses when its words are larger than a message may be', async () => {
    const anna = await world.node('anna', { limits: { payloadBytesMax: 16 } });
    await world.node('ben');
    const error = await anna.connect('mem://ben').catch((cause: unknown) => cause);
    expect((error as NetworkError).message).to.include('a handshake message could not be sent: too-large');
  });

  it('fails closed when it is stopped in the middle', async () => {
    const anna: MeshNode = await world.node('anna', {
      behaviors: [new Meddler(undefined, () => anna.removeBehavior(HandshakeBehavior))],
    });
    const ben = await world.node('ben');
    const refused = next(anna, 'refused');
    const opened = [all(anna, 'connected'), all(ben, 'connected')];
    const error = await ben.connect('mem://anna').catch((cause: unknown) => cause);
    expect((await refused).reason).to.deep.equal({ code: 'gate', text: 'gate handshake was stopped', by: 'local' });
    expect(error).to.be.instanceOf(NetworkError).with.property('code', 'REMOTE_REJECTED');
    expect((error as NetworkError).message).to.include('gate handshake was stopped');
    expect(opened).to.deep.equal([[], []]);
  });

  it('leaves open connections alone when it is removed, and takes them as they are when it is added', async () => {
    const anna = await world.node('anna');
    const ben = await world.node('ben');
    await connected(anna, ben);
    const { id } = onlyConnection(anna);
    anna.removeBehavior(HandshakeBehavior);
    const added = anna.addBehavior<HandshakeBehavior>(HandshakeBehavior);
    expect(onlyConnection(anna).id).to.equal(id);
    expect(added.remoteAddresses(id), 'nobody has said anything yet').to.deep.equal([]);
    const cara = await world.node('cara');
    await connected(cara, anna);
    expect(anna.connections().map(({ nodeId }) => nodeId)).to.deep.equal([ben.id, cara.id]);
    expect(texts(added.remoteAddresses(anna.connections()[1]?.id as number))).to.deep.equal(['mem://cara']);
    expect(handshakeOf(ben).ignoredCount).to.equal(0);
  });
});

/** Leaves no room in any lane, while it is on. */
class Flood extends NetworkBehavior {
  static readonly behavior = { serviceId: 93, name: 'flood' } as const;
  isOn = false;
  wasFull = false;

  override onTick(agent: BehaviorAgent): void {
    if (!this.isOn) return;
    for (const { id } of agent.connections()) {
      while (agent.send(toConnection(id), 'more') === 'queued');
      this.wasFull = true;
    }
  }
}

/** Has a section, for what happens in the midst of an exchange. */
class Meddler extends NetworkBehavior {
  static readonly behavior = { serviceId: 92, name: 'meddler' } as const;

  constructor(
    private readonly onAccept: (connectionId: number) => void = () => {},
    private readonly onOffer: () => void = () => {},
  ) {
    super();
  }

  override get ports() {
    const accept = (_agent: unknown, _value: unknown, { id }: { readonly id: number }) => this.onAccept(id) as undefined;
    return { handshakeSection: { name: 'meddler', offer: () => this.onOffer(), accept } };
  }
}
