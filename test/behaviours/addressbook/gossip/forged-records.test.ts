/** @module What a neighbour loses that sends a forged record. */
import { expect } from 'chai';
import { signRecord } from '../../../../behaviours/addressbook/book/record.js';
import { parseAddress } from '../../../../core/index.js';
import { bookOf, idOf, isConnected, Mesh, publicAddress, signerOf } from '../support.js';

const WALL_START_MS = 1_735_689_600_000;

describe('row 104: a neighbour that sends forged records', () => {
  const record = (name: string, index: number) => signRecord([publicAddress(index, 7400)].map(parseAddress), WALL_START_MS, signerOf(name));

  it('is closed at the first one, and has no new allowance when it comes back; others go on', async () => {
    const mesh = new Mesh(104);
    const victim = await mesh.node('20.0.0.1');
    const { node, liar } = await mesh.liar('66.0.0.1');
    const ends: string[] = [];
    victim.on('disconnected', ({ reason }) => ends.push(reason.text));
    await node.connect('sim://20.0.0.1');
    const forged = Array.from({ length: 64 }, (_, index) => {
      const bytes = record(`forged ${index}`, index).bytes.slice();
      bytes[20] = (bytes[20] as number) ^ 1;
      return bytes;
    });
    liar.tell([record('genuine', 70).bytes, ...forged]);
    await mesh.net.run(1_000);
    const { counters } = bookOf(victim);
    expect([ends, counters.recordsForged, counters.recordsTaken]).to.deep.equal([['forged addressbook record'], 1, 1]);
    await node.connect('sim://20.0.0.1');
    liar.tell([record('late', 71).bytes]);
    await mesh.net.run(1_000);
    expect(isConnected(victim, node)).to.equal(true);
    expect(bookOf(victim).entry(idOf('late'))).to.equal(undefined);
    const friend = await mesh.liar('30.0.0.1');
    await friend.node.connect('sim://20.0.0.1');
    friend.liar.tell([record('late', 71).bytes]);
    await mesh.net.run(1_000);
    expect(bookOf(victim).entry(idOf('late'))?.source).to.equal(friend.node.id);
    await mesh.net.stop();
  });
});
