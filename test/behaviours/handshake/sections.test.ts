/** @module Tests of handshake sections, with two sections of this file's own: what is exchanged, refused, and whose fault it is. */
import { expect } from 'chai';
import { HandshakeBehavior } from '../../../behaviours/index.js';
import { encodeValue, type HandshakeSection, type MeshNode, NetworkBehavior, NetworkError, type NodeId } from '../../../index.js';
import { all, next, onlyConnection, Peer, World } from './support.js';

/** A behaviour with a section; notes what it is asked. */
abstract class Sectional extends NetworkBehavior {
  readonly log: string[] = [];
  offered: unknown = `${this.name} here`;
  verdict: () => unknown = () => undefined;
  sectionName = this.name;

  override get ports() {
    const section: HandshakeSection = {
      name: this.sectionName,
      offer: (_agent, { nodeId, id }) => this.offer(nodeId, id),
      accept: (_agent, value, { nodeId, id }) => {
        this.log.push(`accept ${JSON.stringify(value)} of ${nodeId.slice(0, 4)} ${id}`);
        return this.verdict() as undefined;
      },
      forget: (_agent, { nodeId, id }) => this.log.push(`forget ${nodeId.slice(0, 4)} ${id}`),
    };
    return { handshakeSection: section };
  }

  private offer(nodeId: NodeId, connectionId: number): unknown {
    this.log.push(`offer to ${nodeId.slice(0, 4)} ${connectionId}`);
    return typeof this.offered === 'function' ? this.offered() : this.offered;
  }
}

class Colour extends Sectional {
  static readonly behavior = { serviceId: 64, name: 'colour' } as const;
}

class Taste extends Sectional {
  static readonly behavior = { serviceId: 65, name: 'taste' } as const;
}

const colour = (change: Partial<Sectional> = {}) => Object.assign(new Colour(), change);
const taste = (change: Partial<Sectional> = {}) => Object.assign(new Taste(), change);
const fails = () => {
  throw new Error('on purpose');
};

describe('handshake sections', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  /** Anna, who dials, and ben, with the behaviours given. */
  async function pair(annas: NetworkBehavior[], bens: NetworkBehavior[]): Promise<{ readonly anna: MeshNode; readonly ben: MeshNode }> {
    return { anna: await world.node('anna', { behaviors: annas }), ben: await world.node('ben', { behaviors: bens }) };
  }

  async function connect({ anna, ben }: { readonly anna: MeshNode; readonly ben: MeshNode }): Promise<void> {
    const accepted = next(ben, 'connected');
    await anna.connect('mem://ben');
    await accepted;
  }

  /** Why anna's dial fails; nothing may be left of it. */
  async function failure(nodes: { readonly anna: MeshNode; readonly ben: MeshNode }): Promise<NetworkError> {
    const ends = [next(nodes.anna, 'refused'), next(nodes.ben, 'refused')];
    const error = await nodes.anna.connect('mem://ben').catch((cause: unknown) => cause);
    await Promise.all(ends);
    expect(error).to.be.instanceOf(NetworkError);
    expect([...nodes.anna.connections(), ...nodes.ben.connections()]).to.deep.equal([]);
    return error as NetworkError;
  }

  it('are offered and accepted once on both sides, by ascending service id', async () => {
    const [annas, bens] = [
      [taste(), colour()],
      [colour(), taste({ offered: { salt: [1, 2] } })],
    ] as const;
    const nodes = await pair([...annas], [...bens]);
    await connect(nodes);
    const { id } = onlyConnection(nodes.anna);
    const ben = nodes.ben.id.slice(0, 4);
    expect(annas[1].log).to.deep.equal([`offer to ${ben} ${id}`, `accept "colour here" of ${ben} ${id}`]);
    expect(annas[0].log).to.deep.equal([`offer to ${ben} ${id}`, `accept {"salt":[1,2]} of ${ben} ${id}`]);
    const anna = nodes.anna.id.slice(0, 4);
    expect(bens[0].log).to.deep.equal([
      `offer to ${anna} ${onlyConnection(nodes.ben).id}`,
      `accept "colour here" of ${anna} ${onlyConnection(nodes.ben).id}`,
    ]);
  });

  it('hear of the end of a connection whose value they accepted', async () => {
    const section = colour();
    const nodes = await pair([section], [colour()]);
    await connect(nodes);
    const { id } = onlyConnection(nodes.anna);
    const gone = next(nodes.anna, 'disconnected');
    nodes.ben.disconnect(onlyConnection(nodes.ben).id);
    await gone;
    expect(section.log.slice(2)).to.deep.equal([`forget ${nodes.ben.id.slice(0, 4)} ${id}`]);
  });

  it('that the remote has not are not asked, and do not hinder', async () => {
    const [mine, theirs] = [colour(), taste()];
    await connect(await pair([mine], [theirs]));
    for (const { log } of [mine, theirs]) expect(log.map((line) => line.split(' ')[0])).to.deep.equal(['offer']);
  });

  it('refuse the connection by a text, which the remote is told (DNDM-29)', async () => {
    const refusing = taste({ verdict: () => 'I do not like it' });
    const nodes = await pair([taste()], [refusing]);
    const refused = next(nodes.ben, 'refused');
    const error = await failure(nodes);
    expect(error.code).to.equal('REMOTE_REJECTED');
    expect(error.message).to.include('I do not like it');
    expect((await refused).reason).to.deep.equal({ code: 'gate', text: 'I do not like it', by: 'local' });
  });

  it('refuse as the dialer, too, and by an empty text', async () => {
    const nodes = await pair([taste({ verdict: () => '' })], [taste()]);
    const refused = next(nodes.ben, 'refused');
    await failure(nodes);
    expect((await refused).reason).to.deep.equal({ code: 'gate', text: '', by: 'remote' });
  });

  it('are asked no more after the first refusal, and all that had offered hear of the end (DNDM-29)', async () => {
    const [first, second, third] = [colour(), taste({ verdict: () => 'no' }), colour()];
    await failure(await pair([first, second], [third, taste()]));
    expect(first.log.map((line) => line.split(' ')[0])).to.deep.equal(['offer', 'accept', 'forget']);
    expect(second.log.map((line) => line.split(' ')[0])).to.deep.equal(['offer', 'accept', 'forget']);
    const reversed = [colour({ verdict: () => 'no' }), taste()] as const;
    await world.end();
    await failure(await pair([...reversed], [colour(), taste()]));
    expect(reversed[1].log.map((line) => line.split(' ')[0])).to.deep.equal(['offer', 'forget']);
  });

  const faults: readonly (readonly [string, Partial<Sectional>])[] = [
    ['throws in offer', { offered: fails }],
    ['throws in accept', { verdict: fails }],
    ['answers a promise instead of a verdict', { verdict: () => Promise.resolve('no') }],
    ['answers false instead of a verdict', { verdict: () => false }],
    ['offers what CBOR cannot carry', { offered: () => fails }],
    ['offers 4097 bytes', { offered: new Uint8Array(4094) }],
    ['has no name', { sectionName: '' }],
    ['has a name of 33 characters', { sectionName: 'n'.repeat(33) }],
    ["has another one's name", { sectionName: 'colour' }],
  ];
  for (const [fact, change] of faults) {
    it(`that ${fact} is a fault of its behaviour, and refuses (row 70)`, async () => {
      const nodes = await pair([colour(), taste(change)], [colour(), taste()]);
      const seen = all(nodes.anna, 'fault');
      const error = await failure(nodes);
      expect(error.message).to.include('taste failed');
      expect(seen.map(({ behavior, callback, isFatal }) => ({ behavior, callback, isFatal }))).to.deep.equal([
        { behavior: 'taste', callback: 'handshakeSection', isFatal: false },
      ]);
      expect(nodes.anna.behavior(HandshakeBehavior).serviceId, 'the handshake runs on').to.equal(1);
    });
  }

  it('carry 4096 bytes, nothing, and what a name may be', async () => {
    const [mine, theirs] = [colour({ offered: new Uint8Array(4093), sectionName: '__proto__' }), colour({ sectionName: '__proto__' })];
    theirs.offered = undefined;
    await connect(await pair([mine], [theirs]));
    expect(mine.log[1]).to.match(/^accept undefined of /);
    expect(theirs.log).to.have.length(2);
  });

  it('are 32 at most; the behaviour of the 33rd is at fault', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => {
        class One extends Sectional {
          static readonly behavior = { serviceId: 100 + index, name: `one-${index}` };
        }
        return new One();
      });
    await connect(await pair(many(32), many(32)));
    await world.end();
    expect((await failure(await pair(many(33), []))).message).to.include('one-32 failed');
  });

  it('whose value is malformed refuse the remote, and are not asked', async () => {
    const section = colour();
    const honest = await world.node('honest', { behaviors: [section] });
    const me = { addresses: [] };
    const say = (value: Uint8Array) => {
      const initial = { stage: 1, me, sections: [['colour', value]] };
      return new Peer((send, heard) => send(heard === undefined ? initial : { stage: 2, me, accepted: ['colour'] }));
    };
    const bad = await world.node('bad', { builtins: [], behaviors: [say(Uint8Array.of(0xff))] });
    const refused = next(honest, 'refused');
    const faults = all(honest, 'fault');
    await bad.connect('mem://honest').catch(() => undefined);
    expect((await refused).reason.text).to.equal('malformed handshake section colour');
    expect(section.log.map((line) => line.split(' ')[0])).to.deep.equal(['offer', 'forget']);
    expect(faults).to.deep.equal([]);
    const good = await world.node('good', { builtins: [], behaviors: [say(encodeValue('red'))] });
    await good.connect('mem://honest');
    expect(section.log.at(-1)).to.match(/^accept "red"/);
  });

  it('are exchanged by a gate of an application, too: it has no privilege that this one lacks', async () => {
    class OwnGate extends NetworkBehavior {
      static readonly behavior = { serviceId: 77, name: 'own-gate', gate: true } as const;
      readonly seen: unknown[] = [];
      override onOutgoingConnectionConnected(...[agent, connection]: Parameters<NetworkBehavior['onOutgoingConnectionConnected']>): void {
        const { id } = connection;
        const lent = agent.ports('handshakeSection');
        this.seen.push(...lent.map(({ behavior, serviceId }) => [behavior, serviceId]));
        this.seen.push(...lent.map((port) => port.use((section) => section.offer(connection))));
        agent.admit(id);
      }
    }
    const gate = new OwnGate();
    const anna = await world.node('anna', { builtins: [], behaviors: [gate, taste({ offered: fails }), colour()] });
    await world.node('ben', { builtins: [] });
    const faults = all(anna, 'fault');
    await anna.connect('mem://ben');
    expect(gate.seen).to.deep.equal([['colour', 64], ['taste', 65], { answer: 'colour here' }, undefined]);
    expect(faults.map(({ behavior }) => behavior)).to.deep.equal(['taste']);
  });
});
