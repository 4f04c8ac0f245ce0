/** @module Tests of the memory transport: the transport contract, its names, its bounds and its order. */
import { expect } from 'chai';
import { parseAddress } from '../../../core/address/address.js';
import { transportSuite } from '../../../testing/conformance/transport-suite.js';
import { TransportWorld } from '../../../testing/conformance/transport-world.js';
import { MemoryNetwork, MemoryTransport } from '../../../transports/memory/index.js';

let nameCount = 0;

function fixture(network: MemoryNetwork) {
  return {
    listening: new MemoryTransport(network),
    dialling: new MemoryTransport(network),
    nextAddress: () => parseAddress(`mem://listener-${nameCount++}`),
    vacant: parseAddress('mem://nobody'),
  };
}

transportSuite(() => fixture(new MemoryNetwork()), { name: 'memory, in microtasks' });
transportSuite(() => fixture(new MemoryNetwork({ timers: { endOfTurn: (callback) => void setImmediate(callback) } })), {
  name: 'memory, at the end of the turn',
});
transportSuite(() => ({ ...fixture(new MemoryNetwork()), listening: new MemoryTransport(), dialling: new MemoryTransport() }), {
  name: 'memory, on the network of the process',
});

describe('memory transport', () => {
  it('knows names within one network only', async () => {
    const world = new TransportWorld(fixture(new MemoryNetwork()));
    const address = parseAddress('mem://alice');
    world.startListening(address);
    const other = new TransportWorld(fixture(new MemoryNetwork()));
    const dial = other.dial(address);
    await other.until(() => dial.isSettled, 'the dial fails');
    expect(dial.failures[0]?.code).to.equal('CONNECTION_REFUSED');
    await world.close();
  });

  it('tells ports of one name apart', async () => {
    const world = new TransportWorld(fixture(new MemoryNetwork()));
    for (const text of ['mem://alice', 'mem://alice:1', 'mem://alice:2']) {
      const listener = world.startListening(parseAddress(text));
      await world.until(() => listener.listened.length > 0, 'it listens');
      expect(listener.listened[0]?.map(String)).to.deep.equal([text]);
    }
    await world.close();
  });

  it('shows the dials of one transport as one machine with many ports, and those of another as another', async () => {
    const network = new MemoryNetwork();
    const address = parseAddress('mem://alice');
    const world = new TransportWorld({ ...fixture(network), nextAddress: () => address });
    const listener = await world.listen();
    const [, first] = await world.connect(listener);
    const [, second] = await world.connect(listener);
    const other = new TransportWorld({ ...fixture(network), nextAddress: () => address });
    const dial = other.dial(address);
    await other.until(() => dial.isSettled && listener.accepted.length === 3, 'it connects');
    const remotes = [first, second, listener.accepted[2]].map((record) => record?.link.remoteAddress);
    expect(remotes[0]?.host).to.equal(remotes[1]?.host);
    expect(remotes[0]?.port).to.not.equal(remotes[1]?.port);
    expect(remotes[2]?.host).to.not.equal(remotes[0]?.host);
    await world.close();
    await other.close();
  });

  it('delivers bytes in a buffer that is used again', async () => {
    const world = new TransportWorld(fixture(new MemoryNetwork()));
    const [near, far] = await world.connect(await world.listen());
    const kept: Uint8Array[] = [];
    far.onEach = (bytes) => kept.push(bytes);
    near.write(Uint8Array.of(1));
    near.write(Uint8Array.of(2));
    await world.until(() => kept.length === 2, 'both arrive');
    expect(kept[0]?.[0]).to.equal(2);
    await world.close();
  });

  it('ends a link whose owner writes without end, and takes what fits', async () => {
    const world = new TransportWorld(fixture(new MemoryNetwork({ queuedBytesMax: 1000 })));
    const listener = await world.listen();
    const [near, far] = await world.connect(listener);
    near.write(new Uint8Array(1000));
    await world.until(() => far.receivedBytes === 1000, 'what fits arrives');
    near.write(new Uint8Array(1000));
    near.write(new Uint8Array(1));
    await world.until(() => near.isClosed && far.isClosed, 'the link ends');
    expect(near.closes[0]?.code).to.equal('LIMIT_EXCEEDED');
    expect(far.closes[0]?.code).to.equal('TRANSPORT_FAILED');
    expect(far.receivedBytes).to.equal(1000);
    await world.close();
  });

  it('refuses more links than it may have, until one closes', async () => {
    const network = new MemoryNetwork({ linksMax: 2 });
    const world = new TransportWorld(fixture(network));
    const listener = await world.listen();
    const [first] = await world.connect(listener);
    await world.connect(listener);
    const dial = world.dial(world.dialAddress(listener));
    await world.until(() => dial.isSettled, 'the third dial fails');
    expect(dial.failures[0]?.code).to.equal('LIMIT_EXCEEDED');
    first.destroy();
    await world.until(() => first.isClosed, 'the first link closes');
    await world.connect(listener);
    await world.close();
    expect(network.linkCount).to.equal(0);
  });

  it('survives a sink that throws, which takes nothing else with it', () => {
    const turns: (() => void)[] = [];
    const network = new MemoryNetwork({ timers: { endOfTurn: (callback) => void turns.push(callback) } });
    const seen: number[] = [];
    network.later(() => {
      network.later(() => seen.push(3));
      throw new Error('a sink failed');
    });
    network.later(() => seen.push(1));
    network.later(() => seen.push(2));
    expect(() => turns.shift()?.()).to.throw('a sink failed');
    while (turns.length > 0) turns.shift()?.();
    expect(seen).to.deep.equal([1, 2, 3]);
  });

  it('serves no other scheme', () => {
    const transport = new MemoryTransport(new MemoryNetwork());
    expect(() => transport.listen(parseAddress('tcp://127.0.0.1:0'), {} as never))
      .to.throw('does not serve')
      .with.property('code', 'SCHEME_UNKNOWN');
    expect(() => transport.dial(parseAddress('sim://a'), {} as never))
      .to.throw('does not serve')
      .with.property('code', 'SCHEME_UNKNOWN');
  });
});
