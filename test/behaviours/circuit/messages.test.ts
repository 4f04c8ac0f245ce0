/**
 * @module The circuit service's messages by their bytes, what is none of them, and what a neighbour may send in their place.
 */
import { expect } from 'chai';
import { CircuitMessage, dataHead, writeAccepted, writeClosed, writeOpen, writeRefused } from '../../../behaviours/circuit/messages.js';
import { type BehaviorAgent, ByteWriter, NetworkBehavior, type NodeId, toConnection } from '../../../core/index.js';
import { seededRandom } from '../../../testing/index.js';
import { ask, circuitOf, star } from './support.js';

const [A, B] = ['aa'.repeat(32), 'bb'.repeat(32)] as [NodeId, NodeId];
const OPENER = { number: 0x01020304, isOpener: true };
const OTHER = { number: 5, isOpener: false };
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function read(hex: string): CircuitMessage | undefined {
  const message = new CircuitMessage();
  const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
  return message.read(bytes, 0, bytes.length) ? message : undefined;
}

class Forger extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'forger' } as const;

  say(to: NodeId, bytes: Uint8Array): void {
    this.perform((agent: BehaviorAgent) => agent.send(toConnection(agent.connectionTo(to)?.id ?? 0), bytes, { serviceId: 9 }));
  }
}

describe('messages of circuits', () => {
  const writer = new ByteWriter();
  const token = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const forms: readonly (readonly [name: string, bytes: string, fields: Partial<CircuitMessage>])[] = [
    [
      'open',
      hexOf(writeOpen(writer, OPENER, { token, relays: 4, target: A, source: B })),
      { kind: 1, number: 0x01020304, isOpener: false, open: { token, relays: 4, target: A, source: B } },
    ],
    [
      'accepted',
      hexOf(writeAccepted(writer, OTHER, { bytesPerSecond: 125_000, relays: 1 })),
      { kind: 2, accepted: { bytesPerSecond: 125_000, relays: 1 } },
    ],
    [
      'refused',
      hexOf(writeRefused(writer, OTHER, { reason: 'peer-full', current: 8, maximum: 9, by: A })),
      { kind: 3, refusal: { reason: 'peer-full', current: 8, maximum: 9, by: A } },
    ],
    ['closed', hexOf(writeClosed(writer, OTHER, 'expired')), { kind: 4, closure: 'expired' }],
    ['data', `${hexOf(dataHead(writer, OPENER))}0a`, { kind: 5, isOpener: false, data: Uint8Array.of(10) }],
  ];

  it('have these bytes', () => {
    expect(forms.map(([, bytes]) => bytes)).to.deep.equal([
      `81010203040102030405060708${'04'}${A}${B}`,
      '02000000050001e84801',
      `03000000050300000008${'00000009'}${A}`,
      '040000000502',
      '85010203040a',
    ]);
  });

  for (const [name, bytes, fields] of forms)
    it(`${name} is read as it was written, and not shorter, longer or of another kind`, () => {
      expect(read(bytes)).to.deep.include(fields);
      expect(read(bytes.slice(0, -2))).to.equal(undefined);
      if (name !== 'data') expect(read(`${bytes}00`)).to.equal(undefined);
      expect(read(`00${bytes.slice(2)}`)).to.equal(undefined);
      expect(read(`06${bytes.slice(2)}`)).to.equal(undefined);
    });

  it('open comes from the side that opens alone; an unknown reason is read as the first', () => {
    expect(read(`01${forms[0]?.[1].slice(2)}`)).to.equal(undefined);
    expect(read('0400000005ff')?.closure).to.equal('ended');
  });

  it('row 85: 20,000 random ones are read or refused, and none throws', () => {
    const random = seededRandom('circuit messages', 1);
    let count = 0;
    for (let round = 0; round < 20_000; round++) {
      const bytes = new Uint8Array(random.bytes(Math.floor(random.float() * 90)));
      bytes[0] = [1, 2, 3, 4, 5, 129, 131][round % 7] ?? 0;
      if (new CircuitMessage().read(bytes, 0, bytes.length)) count++;
    }
    expect(count).to.be.within(1_000, 19_000);
  });

  it('row 85: 2,000 forged ones of a neighbour harm no circuit of others, and leave nothing', async () => {
    const { sim, hub, ada, bob, ends } = await star({ leaves: 3 });
    const cy = ends[2] as (typeof ends)[0];
    const forger = cy.addBehavior<Forger>(Forger);
    await ada.connect(bob.id);
    const random = seededRandom('circuit forger', 1);
    for (let round = 0; round < 2_000; round++) {
      const bytes = new Uint8Array(random.bytes(1 + Math.floor(random.float() * 90)));
      bytes[0] = [1, 2, 3, 4, 5, 129, 130, 131, 132, 133][round % 10] ?? 0;
      // Small numbers name what there is.
      bytes.fill(0, 1, 4);
      forger.say(hub.id, bytes);
      if (round % 100 === 0) await sim.run(20);
    }
    expect(await ask(ada, bob)).to.equal('the inbox');
    await sim.run(80_000);
    expect([circuitOf(hub).relaying.circuits, ada.connections().length, bob.connections().length]).to.deep.equal([1, 2, 2]);
    expect(circuitOf(hub).counters.malformed).to.be.above(200);
    expect(sim.faults).to.deep.equal([]);
    await sim.stop();
  });
});
