/** @module The simulator's datagram hosts: the contract, and that loss, doubling, reordering and size do what the conditions say. */
import { expect } from 'chai';
import { type Address, type DatagramSink, parseAddress } from '../../../core/index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { datagramSuite } from '../../../testing/index.js';
import type { LinkConditions } from '../../../transports/simulated/index.js';

datagramSuite(
  () => {
    const network = new SimulatedNetwork({ seed: 1, loss: 0.2, jitterMs: 20, reordered: 0.25, doubled: 0.1 });
    let port = 7_000;
    return {
      transport: network.datagrams('ada'),
      other: network.datagrams('bob'),
      nextAddress: () => parseAddress(`udp://ada:${port++}`),
      nextOtherAddress: () => parseAddress('udp://bob:0'),
      pass: () => network.run(100),
    };
  },
  { name: 'simulated, with losses' },
);

const COUNT = 4_000;

/** The numbers of the datagrams that arrived, of `COUNT` that were sent a millisecond apart. */
async function received(conditions: Partial<LinkConditions>, byteCount = 2): Promise<number[]> {
  const network = new SimulatedNetwork({ seed: 7, latencyMs: 10, ...conditions });
  const numbers: number[] = [];
  const sink = (onDatagram: DatagramSink['onDatagram']): DatagramSink => ({ onListening: () => {}, onFailed: () => {}, onDatagram });
  const to: Address = parseAddress('udp://bob:7400');
  const near = network.datagrams('ada').bind(
    parseAddress('udp://ada:7400'),
    sink(() => {}),
  );
  network.datagrams('bob').bind(
    to,
    sink((bytes) => void numbers.push((bytes[0] as number) * 256 + (bytes[1] as number))),
  );
  for (let number = 0; number < COUNT; number++) {
    const bytes = new Uint8Array(byteCount);
    bytes.set([Math.floor(number / 256), number % 256]);
    near.send([bytes], to);
    await network.run(1);
  }
  await network.run(1_000);
  return numbers;
}

describe('simulated datagrams', () => {
  it('arrive once and in order on a path without faults', async () => {
    expect(await received({})).to.deep.equal(Array.from({ length: COUNT }, (_, number) => number));
  });

  it('are lost, doubled and held up in the shares that the conditions name', async () => {
    const lost = COUNT - (await received({ loss: 0.2 })).length;
    expect(lost / COUNT).to.be.within(0.17, 0.23);
    const doubled = (await received({ doubled: 0.05 })).length - COUNT;
    expect(doubled / COUNT).to.be.within(0.035, 0.065);
    const held = await received({ reordered: 0.25 });
    const overtaken = held.filter((number, index) => held.slice(0, index).some((earlier) => earlier > number)).length;
    expect(overtaken / COUNT).to.be.within(0.21, 0.29);
  });

  it('are lost when they are larger than the path takes, and at a queue that is too long', async () => {
    expect(await received({ datagramBytesMax: 600 }, 600)).to.have.length(COUNT);
    expect(await received({ datagramBytesMax: 600 }, 601)).to.have.length(0);
    const through = await received({ bandwidth: 64_000 }, 100);
    expect(through.length / COUNT).to.be.within(0.5, 0.7);
  });
});
