/** @module Links of datagrams in the simulator: that everything arrives once and in order, and that their end comes after it. */
import { expect } from 'chai';
import { toNode } from '../../../../core/index.js';
import { exchange, inOrder, NOTING, pair, SERVICES } from './world.js';

const COUNT = 500;
const ROUGH = { jitterMs: 50, reordered: 0.25, doubled: 0.05 };

describe('links of datagrams', () => {
  for (const loss of [0, 0.01, 0.05, 0.2])
    it(`carry each message once and in order for each service at ${loss * 100} % loss, reordered and doubled (rows 37, 38)`, async () => {
      const { network, ada, bob } = await pair({ ...ROUGH, loss });
      await exchange(network, ada, bob, COUNT);
      for (const type of NOTING) expect(bob.behavior(type).got).to.deep.equal(inOrder(COUNT));
      await network.stop();
    });

  it('end where all sequences end: what was sent before the goodbye arrives, whatever is lost', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const { network, ada, bob } = await pair({ ...ROUGH, loss: 0.05, seed });
      for (let number = 0; number < 40; number++)
        for (const serviceId of SERVICES) ada.send(toNode(bob.id), serviceId, Uint8Array.of(0, 0, 0, number));
      ada.disconnectNode(bob.id);
      await network.runUntil(() => bob.connections().length === 0);
      for (const type of NOTING) expect(bob.behavior(type).got).to.deep.equal(inOrder(40));
      await network.stop();
    }
  });

  it('carry messages that are longer than many datagrams', async () => {
    const { network, ada, bob } = await pair({ ...ROUGH, loss: 0.05 });
    await exchange(network, ada, bob, 2, 100_000);
    for (const type of NOTING) expect(bob.behavior(type).got).to.deep.equal(inOrder(2));
    await network.stop();
  });

  it('live through changes of their keys, whatever is lost meanwhile (rows 24, 25)', async () => {
    const { network, ada, bob } = await pair({ ...ROUGH, loss: 0.2 });
    const [first] = bob.connections();
    for (let minute = 0; minute < 30; minute++) {
      ada.send(toNode(bob.id), 64, Uint8Array.of(0, 0, 0, minute));
      await network.run(60_000);
    }
    expect(bob.connections().map(({ id }) => id)).to.deep.equal([first?.id]);
    expect(bob.behavior(NOTING[0] as (typeof NOTING)[0]).got).to.deep.equal(inOrder(30));
    await network.stop();
  });

  it('do without a remote that is gone: its silence ends them', async () => {
    const { network, ada, bob } = await pair();
    network.crash(bob);
    await network.runUntil(() => ada.connections().length === 0, 20_000);
    await network.stop();
  });
});
