/** @module Messages that may be lost: over datagrams they go once, in one datagram, past everything that waits; elsewhere as ever. */
import { expect } from 'chai';
import { readPacket } from '../../../../core/engine/links/datagrams/packet.js';
import { toConnection, toNode } from '../../../../core/index.js';
import { SimulatedNetwork } from '../../../../simulation.js';
import { ADA_AT, DatagramWire } from './wire.js';
import { inOrder, NOTING, pair } from './world.js';

const UNRELIABLE = { unreliable: true } as const;
/** Of a datagram of 1,200 or 548 bytes what is left for a payload, directly and by a route. */
const [DIRECT_MAX, ROUTED_MAX, SHORT_MAX] = [1_151, 1_087, 499];
const [Noted] = NOTING as [(typeof NOTING)[0]];

/** Ada and Carol, who know each other by Bob only. */
async function line(bobToCarol: object, schemes: readonly ['udp' | 'sim', 'udp' | 'sim'] = ['udp', 'udp']) {
  const network = new SimulatedNetwork({ seed: 1, onFault: 'reject' });
  const create = (name: string) =>
    network.createNode({ behaviors: NOTING, builtins: ['router-sync'], name, listen: [`udp://${name}:7400`, `sim://${name}`] });
  const [ada, bob, carol] = [await create('ada'), await create('bob'), await create('carol')];
  await network.start(ada, bob, carol);
  network.setLink('bob', 'carol', bobToCarol);
  await ada.connect(schemes[0] === 'udp' ? 'udp://bob:7400' : 'sim://bob');
  await bob.connect(schemes[1] === 'udp' ? 'udp://carol:7400' : 'sim://carol');
  await network.run(5_000);
  return { network, ada, bob, carol };
}

function numbered(number: number, byteCount = 4): Uint8Array {
  const payload = new Uint8Array(byteCount);
  new DataView(payload.buffer).setUint32(0, number);
  return payload;
}

describe('unreliable messages', () => {
  it('are not sent again, and wait for no other message of their service', () => {
    const wire = new DatagramWire().open();
    let isLosing = true;
    wire.onWay = (sent) => (isLosing && sent.from === ADA_AT ? [] : [sent]);
    wire.tell(64, Uint8Array.of(1));
    wire.tell(64, Uint8Array.of(2), UNRELIABLE);
    wire.deliver();
    isLosing = false;
    wire.tell(64, Uint8Array.of(3), UNRELIABLE);
    wire.deliver();
    expect(wire.heard).to.deep.equal([3]);
    wire.advance(10_000);
    expect(wire.heard).to.deep.equal([3, 1]);
  });

  it('share a datagram with others, and are read first there', () => {
    const wire = new DatagramWire().open();
    const before = wire.sent.length;
    wire.ada.step({
      type: 'work',
      work: () => {
        const { application } = wire.ada.network.parts;
        const route = toConnection(wire.ada.network.links.openLinks()[0]?.id ?? 0);
        for (let number = 1; number <= 9; number++)
          application.send(route, 64, Uint8Array.of(number), { unreliable: number % 3 > 0, lane: number < 7 ? 'normal' : 'control' });
      },
    });
    wire.deliver();
    expect(wire.heard).to.deep.equal([7, 8, 1, 2, 4, 5, 9, 3, 6]);
    expect(wire.sent.slice(before).filter(({ from }) => from === ADA_AT)).to.have.length(1);
  });

  it('have to fit one datagram of the path, also one that passes only short ones, and are too large otherwise', async () => {
    const { network, ada, bob } = await pair();
    const [connection] = ada.connections();
    const send = (byteCount: number) => [
      ada.send(toConnection(connection?.id ?? 0), 64, numbered(0, byteCount), UNRELIABLE),
      ada.send(toNode(bob.id), 64, numbered(1, byteCount), UNRELIABLE),
    ];
    expect([send(DIRECT_MAX), send(DIRECT_MAX + 1), send(ROUTED_MAX), send(ROUTED_MAX + 1)]).to.deep.equal([
      ['queued', 'too-large'],
      ['too-large', 'too-large'],
      ['queued', 'queued'],
      ['queued', 'too-large'],
    ]);
    await network.run(100);
    expect(bob.behavior(Noted).got).to.deep.equal([0, 0, 1, 0]);
    network.setLink('ada', 'bob', { datagramBytesMax: 600 });
    ada.send(toNode(bob.id), 65, new Uint8Array(10_000));
    await network.run(900);
    expect([send(SHORT_MAX)[0], send(SHORT_MAX + 1)[0]]).to.deep.equal(['queued', 'too-large']);
    await network.run(100);
    expect(bob.behavior(Noted).got).to.deep.equal([0, 0, 1, 0, 0]);
    await network.stop();
  });

  it('go to a connection that was made ready for them, within the same bound', async () => {
    const { network, ada, bob } = await pair();
    const [connection] = ada.connections();
    const results = ada.behavior(Noted).act((agent) => {
      const target = agent.target(connection?.id ?? 0, UNRELIABLE);
      return [3, 4].map((more) => agent.sendTo(target, numbered(1), new Uint8Array(DIRECT_MAX - 7 + more)));
    });
    expect(results).to.deep.equal(['queued', 'too-large']);
    await network.run(100);
    expect(bob.behavior(Noted).got).to.deep.equal([1]);
    await network.stop();
  });

  it('are dropped and counted when the path has become too small for what waits', async () => {
    const { network, ada, bob } = await pair({ bandwidth: 20_000 });
    const dropped: unknown[] = [];
    ada.on('dropped', ({ cause, count }) => void dropped.push([cause, count]));
    ada.send(toNode(bob.id), 65, new Uint8Array(30_000));
    for (let number = 0; number < 5; number++) ada.send(toNode(bob.id), 64, numbered(number, 1_000), { ...UNRELIABLE, lane: 'bulk' });
    network.setLink('ada', 'bob', { datagramBytesMax: 600 });
    await network.run(60_000);
    const count = dropped.reduce<number>((sum, one) => sum + ((one as [string, number])[1] ?? 0), 0);
    expect([bob.behavior(Noted).got, count >= 4, ada.metrics().messages_dropped_too_large_total]).to.deep.equal([[], true, count]);
    await network.stop();
  });

  it('stay what they are behind a relay: of those that are lost there none comes again', async () => {
    const { network, ada, carol } = await line({ loss: 0.3 });
    for (let number = 0; number < 500; number++) {
      expect(ada.send(toNode(carol.id), 64, numbered(number), UNRELIABLE)).to.equal('queued');
      expect(ada.send(toNode(carol.id), 65, numbered(number))).to.equal('queued');
      await network.run(20);
    }
    await network.run(10_000);
    const { got } = carol.behavior(Noted);
    expect(got.length).to.be.within(300, 400);
    expect(new Set(got).size).to.equal(got.length);
    expect(carol.behavior(NOTING[1] as typeof Noted).got).to.deep.equal(inOrder(500));
    await network.stop();
  });

  it('pass a relay whose links are of both kinds; what is too long for its next one is dropped there and counted', async () => {
    const { network, ada, bob, carol } = await line({}, ['sim', 'udp']);
    for (const byteCount of [ROUTED_MAX, ROUTED_MAX + 1]) ada.send(toNode(carol.id), 64, numbered(byteCount, byteCount), UNRELIABLE);
    await network.run(1_000);
    expect([carol.behavior(Noted).got, bob.metrics().messages_dropped_too_large_total]).to.deep.equal([[ROUTED_MAX], 1]);
    await network.stop();
  });

  it('go as ever over a link that is a stream: in order, none is lost, and the longest is as long as a message may be', async () => {
    const network = new SimulatedNetwork({ seed: 1, loss: 0.2 });
    const [ada, bob] = [
      await network.createNode({ behaviors: NOTING, builtins: [], name: 'ada' }),
      await network.createNode({ behaviors: NOTING, builtins: [], name: 'bob' }),
    ];
    await network.start(ada, bob);
    await ada.connect('sim://bob');
    const lengths = [4, DIRECT_MAX, DIRECT_MAX + 1, 1_048_576, 4, 20_000, 4];
    const send = (number: number, byteCount: number) => ada.send(toNode(bob.id), 64, numbered(number, byteCount), UNRELIABLE);
    expect(new Set(lengths.map((length, number) => send(number, length)))).to.deep.equal(new Set(['queued']));
    expect(send(9, 1_048_577)).to.equal('too-large');
    await network.runUntil(() => bob.behavior(Noted).got.length === lengths.length);
    expect(bob.behavior(Noted).got).to.deep.equal(inOrder(lengths.length));
    await network.stop();
  });

  it('of a remote that opens later are kept until then', () => {
    const wire = new DatagramWire();
    wire.onWay = (sent) => [sent];
    wire.dial();
    wire.tell(64, Uint8Array.of(1), UNRELIABLE);
    wire.deliver();
    wire.advance(1_000);
    expect(wire.heard).to.deep.equal([1]);
  });

  it('are no packet without a number (row 34)', () => {
    const item = [8, 0, 2, 0xaa, 0xbb];
    expect(readPacket(Uint8Array.from(item))).to.equal(undefined);
    expect(readPacket(Uint8Array.from([2, 0, 0, 0, 0, 0, 7, ...item]))?.unreliable).to.deep.equal([Uint8Array.of(0xaa, 0xbb)]);
    expect(readPacket(Uint8Array.from([2, 0, 0, 0, 0, 0, 7, ...item.slice(0, -1)]))).to.equal(undefined);
  });

  it('take a flag and nothing else', async () => {
    const { network, ada, bob } = await pair();
    expect(() => ada.send(toNode(bob.id), 64, numbered(0), { unreliable: 1 as never })).to.throw('unreliable');
    expect(ada.send(toNode(bob.id), 64, numbered(0), { unreliable: false })).to.equal('queued');
    await network.stop();
  });
});
