/** @module Tests of the simulated transport: the transport contract, under several conditions, and what it adds to it. */
import { expect } from 'chai';
import { parseAddress } from '../../../core/address/address.js';
import { SimulatedNetwork, type SimulationOptions } from '../../../simulation.js';
import { type TransportFixture, transportSuite } from '../../../testing/conformance/transport-suite.js';
import { TransportWorld } from '../../../testing/conformance/transport-world.js';

/** Two hosts in a network whose time passes until the fixture is closed. */
function fixture(options: Partial<SimulationOptions> = {}, network = new SimulatedNetwork({ seed: 1, ...options })): TransportFixture {
  let portCount = 1;
  let isOpen = true;
  const pass = async () => {
    while (isOpen) await network.run(1_000);
  };
  void pass();
  return {
    listening: network.transport('alice'),
    dialling: network.transport('bob'),
    nextAddress: () => parseAddress(`sim://alice:${portCount++}`),
    vacant: parseAddress('sim://alice:60000'),
    close: () => {
      isOpen = false;
    },
  };
}

transportSuite(() => fixture(), { name: 'simulated' });
transportSuite(() => fixture({ latencyMs: 0 }), { name: 'simulated, without latency' });
transportSuite(() => fixture({ latencyMs: 30, jitterMs: 50, loss: 0.02 }), { name: 'simulated, with jitter and loss' });
transportSuite(() => fixture({ bandwidth: 50_000_000 }), { name: 'simulated, with bounded bandwidth' });

describe('simulated transport', () => {
  it('serves no other scheme', () => {
    const transport = new SimulatedNetwork({ seed: 1 }).transport('alice');
    for (const call of [
      () => transport.listen(parseAddress('tcp://127.0.0.1:1'), {} as never),
      () => transport.dial(parseAddress('mem://alice'), {} as never),
    ])
      expect(call).to.throw('does not serve').with.property('code', 'SCHEME_UNKNOWN');
  });

  it('refuses to listen elsewhere than on its own host', async () => {
    const world = new TransportWorld(fixture());
    const listener = world.startListening(parseAddress('sim://bob:1'));
    await world.until(() => listener.failures.length > 0, 'it fails');
    expect(listener.failures[0]?.code).to.equal('ADDRESS_UNAVAILABLE');
    await world.close();
  });

  it('tells a host that nobody has from one where nobody listens', async () => {
    const world = new TransportWorld(fixture());
    const dials = ['sim://carol', 'sim://alice:9'].map((text) => world.dial(parseAddress(text)));
    await world.until(() => dials.every((dial) => dial.isSettled), 'both fail');
    expect(dials.map((dial) => dial.failures[0]?.code)).to.deep.equal(['HOST_UNRESOLVED', 'CONNECTION_REFUSED']);
    await world.close();
  });

  it('overwrites delivered bytes after the call that delivered them', async () => {
    const world = new TransportWorld(fixture());
    const [near, far] = await world.connect(await world.listen());
    const kept: Uint8Array[] = [];
    far.onEach = (bytes) => kept.push(bytes);
    near.write(Uint8Array.of(1));
    await world.until(() => near.writtenBytes === 1, 'it arrives');
    expect(kept[0]?.[0]).to.not.equal(1);
    await world.close();
  });

  it('ends a link whose owner writes without end', async () => {
    const world = new TransportWorld(fixture());
    const [near, far] = await world.connect(await world.listen());
    for (let index = 0; index <= 64; index++) near.write(new Uint8Array(1024 * 1024));
    far.onEach = () => {};
    await world.until(() => near.isClosed && far.isClosed, 'both ends close');
    expect(near.closes[0]?.code).to.equal('LIMIT_EXCEEDED');
    await world.close();
  });
});
