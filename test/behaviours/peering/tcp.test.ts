/**
 * @module Tests of peering on real sockets, and with peers in processes of their own that are killed (S2, INET-02, INET-16, INET-17,
 * INET-25).
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PeeringBehavior, type PeeringOptions } from '../../../behaviours/peering/index.js';
import { createNode, type MeshNode, NetworkError, type NodeOptions } from '../../../index.js';
import { seededRandom, until } from '../../../testing/index.js';
import { TcpTransport } from '../../../transports/tcp/index.js';
import { killPeers } from './kills.js';
import { frameOf, numberOf, numbers, peeringOf, reader, watched } from './support.js';

const QUICK = { backOff: { minMs: 50, maxMs: 200 } };

describe('peering on real sockets', () => {
  let folder: string;
  let nodes: MeshNode[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-peering-'));
    nodes = [];
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true });
  });

  async function startedNode(peering: PeeringOptions = {}, options: NodeOptions = {}): Promise<MeshNode> {
    const behaviors = [[PeeringBehavior, { ...QUICK, ...peering }]] as const;
    const node = await createNode({ builtins: ['handshake'], logger: 'silent', behaviors, ...options });
    nodes.push(node);
    await node.start();
    return node;
  }

  const isUp = (node: MeshNode, target = 0) => peeringOf(node).peer(target)?.state === 'up';

  it('INET-02: tells the port that the system chose', async () => {
    const node = await startedNode({}, { listen: ['tcp://127.0.0.1:0'] });
    expect(peeringOf(node).port).to.equal(node.addresses[0]?.port).and.to.be.above(0);
  });

  it('INET-16, INET-25: one port serves IPv4 and IPv6, by literal and by name; what does not resolve keeps nobody else away', async () => {
    const server = await startedNode({ acceptUnknown: true }, { listen: ['tcp://[::]:0'] });
    const { port } = peeringOf(server);
    for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
      const client = await startedNode({ peers: ['nobody.invalid:7400', `${host}:${port}`] });
      await until(() => isUp(client, 1), 10_000);
      expect(await peeringOf(client).send(1, frameOf(1)), host).to.deep.equal({ type: 'delivered' });
      await until(() => peeringOf(client).peer(0)?.failure?.type === 'refused', 10_000);
      expect(peeringOf(client).peer(0)?.failure).to.include({ type: 'refused', address: 'tcp://nobody.invalid:7400' });
    }
  });

  it('INET-03: startPeeringResolved rejects for a host that does not resolve, and keeps what resolves, whether it answers or not', async () => {
    const answers: Record<string, string> = { there: '127.0.0.1', gone: '127.0.0.1' };
    const transport = new TcpTransport({
      resolver: (name, settle) => {
        const address = answers[name];
        setImmediate(() => (address === undefined ? settle([], new Error('ENOTFOUND')) : settle([{ address, family: 4 }])));
      },
    });
    const server = await startedNode({ acceptUnknown: true }, { listen: ['tcp://127.0.0.1:0'] });
    const closed = await startedNode({}, { listen: ['tcp://127.0.0.1:0'] });
    const { port } = peeringOf(closed);
    await closed.stop();
    const pa = peeringOf(await startedNode({}, { transports: [transport] }));
    const error = await pa.startPeeringResolved('nobody:7400').catch((thrown: NetworkError) => thrown);
    expect(error).to.be.instanceOf(NetworkError);
    expect([(error as NetworkError).code, ((error as NetworkError).cause as NetworkError).code, pa.peers()]).to.deep.equal([
      ...['PEER_INVALID', 'HOST_UNRESOLVED', []],
    ]);
    const there = await pa.startPeeringResolved(`there:${peeringOf(server).port}`);
    expect((await pa.whenUp(there)).state).to.equal('up');
    expect(await pa.startPeeringResolved(`there:${peeringOf(server).port}`), 'at once').to.equal(there);
    expect(pa.peer(await pa.startPeeringResolved(`gone:${port}`))?.failure).to.include({ code: 'CONNECTION_REFUSED' });
    const old = pa.startPeering('nobody:7401');
    expect(await pa.startPeeringResolved('nobody:7401').catch(({ code }: NetworkError) => code)).to.equal('PEER_INVALID');
    expect(pa.peer(old), 'one that was there before stays').to.not.equal(undefined);
    const signal = AbortSignal.abort();
    expect(await pa.startPeeringResolved('nobody:7402', { signal }).catch(({ code }: NetworkError) => code)).to.equal('CALL_CANCELLED');
    expect(pa.peers().map(({ address }) => `${address}`)).to.not.include('tcp://nobody:7402');
  });

  it('INET-17: channels that bring nonsense are closed, and harm no peer', async () => {
    const server = await startedNode({ acceptUnknown: true }, { listen: ['tcp://127.0.0.1:0'] });
    const client = await startedNode({ peers: [`127.0.0.1:${peeringOf(server).port}`] });
    await until(() => isUp(client), 10_000);
    const sockets = numbers(5).map(() => connect(peeringOf(server).port as number, '127.0.0.1'));
    const closed = sockets.map((socket) => once(socket.resume(), 'close'));
    for (const [index, socket] of sockets.entries()) {
      socket.on('error', () => undefined);
      socket.write(['GET / HTTP/1.1\r\n\r\n', '\0'.repeat(100), 'MW\u0001\u0001junk', 'inet', '\u00ff'][index] as string);
      if (index > 2) socket.end();
    }
    expect(await peeringOf(client).send(0, frameOf(1))).to.deep.equal({ type: 'delivered' });
    for (const socket of sockets) socket.destroySoon();
    await Promise.all(closed);
    expect([peeringOf(server).peers().length, isUp(client)]).to.deep.equal([1, true]);
  });

  it('INET-34, INET-39: 5,000 frames of many lengths arrive in order, and their sender is held back by the reader', async () => {
    const server = await startedNode({ acceptUnknown: true }, { listen: ['tcp://127.0.0.1:0'] });
    const client = await startedNode({ peers: [`127.0.0.1:${peeringOf(server).port}`] });
    const [sender, receiver] = [peeringOf(client), peeringOf(server)];
    let next = 0;
    const worker = async () => {
      for (let number = next++; number < 5_000; number = next++) {
        const outcome = await sender.send(0, frameOf(number, (number * 37) % 3_000));
        expect(outcome.type).to.equal('delivered');
      }
    };
    const reading = (async () => {
      for (const number of numbers(5_000)) expect(numberOf((await receiver.next())?.frame)).to.equal(number);
    })();
    await Promise.all([reading, ...numbers(64).map(worker)]);
    expect([sender.status().counters.framesDelivered, receiver.status().unreadFrames]).to.deep.equal([5_000, 0]);
  });

  it('S2: a peer is killed and revived 5 times; frames sent while it was down are delivered in order, up to the bound', async () => {
    const identity = join(folder, 'server.key');
    let server = await startedNode({ acceptUnknown: true }, { listen: ['tcp://127.0.0.1:0'], identity });
    const listen = [`${server.addresses[0]}`];
    const client = await startedNode({ peers: listen, queueFrames: 8 });
    await until(() => isUp(client), 10_000);
    for (let round = 1; round <= 5; round++) {
      server.kill();
      await until(() => !isUp(client), 20_000);
      const sent = watched(numbers(10, 100 * round).map((number) => peeringOf(client).send(0, frameOf(number))));
      server = await startedNode({ acceptUnknown: true }, { listen, identity });
      const heard = reader(peeringOf(server));
      await until(() => sent.settled.every((each) => each !== undefined), 20_000);
      expect([heard.numbers(), sent.settled]).to.deep.equal([numbers(8, 100 * round), [...Array(8).fill('delivered'), 'full', 'full']]);
    }
    expect([peeringOf(client).peer(0)?.nodeId, peeringOf(client).peers().length]).to.deep.equal([server.id, 1]);
  });

  it('S2: a process that is killed in the midst of traffic is found again; nothing is doubled, out of order or silently lost', async () => {
    const { wrong, delivered } = await killPeers(1, folder, seededRandom('kill'));
    expect([wrong, delivered > 32]).to.deep.equal([[], true]);
  }).timeout(300_000);

  it('S2: a flood does not go back to where it came from', async () => {
    const server = await startedNode({ acceptUnknown: true }, { listen: ['tcp://127.0.0.1:0'] });
    const line = `127.0.0.1:${peeringOf(server).port}`;
    const [a, c] = [await startedNode({ peers: [line] }), await startedNode({ peers: [`${line}X`] }, { listen: ['tcp://127.0.0.1:0'] })];
    await until(() => peeringOf(server).status().upCount === 2, 10_000);
    const [atA, atC] = [reader(peeringOf(a)), reader(peeringOf(c))];
    for (const number of numbers(20)) {
      await peeringOf(a).send(0, frameOf(number));
      const received = await peeringOf(server).next();
      const outcomes = await peeringOf(server).sendAll(received?.frame as Uint8Array, { exclude: received?.target as number });
      expect(outcomes.map(({ outcome }) => outcome.type)).to.deep.equal(['delivered']);
    }
    expect([atA.numbers(), atC.numbers()]).to.deep.equal([[], numbers(20)]);
  });

  it('INET-35: a peer that ends in order is dialled again until it is back', async () => {
    const server = await startedNode({ acceptUnknown: true }, { listen: ['tcp://127.0.0.1:0'], identity: join(folder, 'server.key') });
    const listen = [`${server.addresses[0]}`];
    const client = await startedNode({ peers: listen });
    await until(() => isUp(client), 10_000);
    await server.stop();
    await until(() => !isUp(client), 10_000);
    const again = await startedNode({ acceptUnknown: true }, { listen, identity: join(folder, 'server.key') });
    const heard = reader(peeringOf(again));
    expect(await peeringOf(client).send(0, frameOf(1))).to.deep.equal({ type: 'delivered' });
    expect(heard.numbers()).to.deep.equal([1]);
  });

  it('INET-13: another node at the address takes the place of one that was not named, and never of one that was', async () => {
    const server = await startedNode({ acceptUnknown: true }, { listen: ['tcp://127.0.0.1:0'] });
    const { host, port } = server.addresses[0] ?? {};
    const [open, named] = [
      await startedNode({ peers: [`${host}:${port}`] }),
      await startedNode({ peers: [`${server.id}@${host}:${port}`] }),
    ];
    await until(() => isUp(open) && isUp(named), 10_000);
    await server.stop();
    const fresh = await startedNode({ acceptUnknown: true }, { listen: [`tcp://${host}:${port}`] });
    await until(() => isUp(open), 10_000);
    expect(peeringOf(open).peer(0)).to.include({ nodeId: fresh.id, target: 0 });
    await until(() => peeringOf(named).peer(0)?.failure?.type === 'refused' && (peeringOf(named).peer(0)?.failures ?? 0) > 2, 10_000);
    expect(peeringOf(named).peer(0)?.failure).to.include({ code: 'IDENTITY_MISMATCH' });
    expect(
      peeringOf(fresh)
        .peers()
        .map(({ nodeId }) => nodeId),
    ).to.deep.equal([open.id]);
  });
});
