/** @module Tests of credentials: sections that both sides exchange and accept before anything else of the handshake is sent. */
import { expect } from 'chai';
import { type HandshakeSection, type MeshNode, NetworkBehavior, NetworkError } from '../../../index.js';
import { handshakeOf, next, onlyConnection, type Part, Peer, World } from './support.js';

/** Presents a word, and wants one. */
class Password extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'password' } as const;
  readonly log: string[] = [];
  word = 'sesame';

  override get ports() {
    const handshakeSection: HandshakeSection = {
      name: 'password',
      offer: () => this.note('offer', this.word),
      accept: (_agent, value) => this.note(`accept ${value}`, value === 'sesame' ? undefined : 'that is not the word'),
      missing: () => this.note('missing', 'no word was presented'),
      forget: () => this.log.push('forget'),
    };
    return { handshakeSection };
  }

  private note<T>(line: string, answer: T): T {
    this.log.push(line);
    return answer;
  }
}

const password = (word = 'sesame') => Object.assign(new Password(), { word });

describe('handshake credentials', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  const node = (name: string, behaviors: NetworkBehavior[] = []) => world.node(name, { behaviors });
  const failure = async (dialer: MeshNode, acceptor: MeshNode): Promise<string> => {
    const ends = [next(dialer, 'refused'), next(acceptor, 'refused')];
    const error = await dialer.connect('mem://ben').catch((cause: unknown) => cause);
    await Promise.all(ends);
    expect(error).to.be.instanceOf(NetworkError);
    return (error as NetworkError).message;
  };

  it('are presented and accepted once on both sides, before the addresses are exchanged', async () => {
    const [annas, bens] = [password(), password()];
    const [anna, ben] = [await node('anna', [annas]), await node('ben', [bens])];
    const accepted = next(ben, 'connected');
    await anna.connect('mem://ben');
    await accepted;
    expect([annas.log, bens.log]).to.deep.equal([
      ['offer', 'accept sesame'],
      ['offer', 'accept sesame'],
    ]);
    const learnt = handshakeOf(ben).remoteAddresses(onlyConnection(ben).id);
    expect(learnt.map(({ text }) => text)).to.deep.equal(['mem://anna']);
  });

  it('that are wrong or missing refuse the dialer, and the acceptor, with the reason', async () => {
    const ben = await node('ben', [password()]);
    expect(await failure(await node('wrong', [password('mellon')]), ben)).to.include('that is not the word');
    expect(await failure(await node('none'), ben)).to.include('no word was presented');
    await ben.stop();
    const plain = await node('ben');
    const anna = password();
    expect(await failure(await node('anna', [anna]), plain)).to.include('no word was presented');
    expect(anna.log).to.deep.equal(['offer', 'missing', 'forget']);
  });

  /** Whatever the peer says, and what it has heard of a node that wants the word. */
  const heardBy = async (part: Part, dials: boolean): Promise<readonly unknown[]> => {
    const peer = new Peer(part);
    const stranger = await world.node('ben', { builtins: [], behaviors: [peer] });
    const honest = await node('anna', [password()]);
    const refused = next(honest, 'refused');
    await (dials ? stranger.connect('mem://anna') : honest.connect('mem://ben')).catch(() => undefined);
    await refused;
    return peer.heard;
  };
  const INITIAL = { stage: 1, me: { addresses: [] }, sections: [] };

  it('keep addresses and all other sections from those who have none', async () => {
    const atOnce: Part = (say, heard) => heard === undefined && say(INITIAL);
    expect(await heardBy(atOnce, true), 'a dialer').to.deep.equal([]);
    const empty: Part = (say, heard) => heard === undefined && say({ stage: 4, sections: [] });
    await world.end();
    expect(await heardBy(empty, true), 'a dialer that presents nothing').to.deep.equal([]);
    const skips: Part = (say, heard) => heard !== undefined && say(INITIAL);
    await world.end();
    const stages = (await heardBy(skips, false)).map((heard) => Object.keys(heard as object));
    expect(stages, 'an acceptor').to.deep.equal([['stage', 'sections']]);
  });

  it('are demanded also after the behaviour that demands them was stopped: nobody passes any more', async () => {
    const [anna, ben] = [await node('anna', [password()]), await node('ben', [password()])];
    await anna.connect('mem://ben');
    anna.disconnectNode(ben.id);
    ben.removeBehavior(Password);
    expect(await failure(anna, ben)).to.include('what demands the credential password was stopped');
  });

  it('that come twice are no progress, and after INITIAL refuse', async () => {
    const good = { stage: 4, sections: [['password', Uint8Array.of(0x66, ...new TextEncoder().encode('sesame'))]] };
    const ben = await node('ben', [password()]);
    const twice = new Peer((say, heard) => {
      if (heard === undefined) for (const message of [good, good, INITIAL]) say(message);
      else if ((heard as { stage: number }).stage === 2) say({ stage: 2, me: { addresses: [] }, accepted: [] });
    });
    const peer = await world.node('peer', { builtins: [], behaviors: [twice] });
    const opened = next(ben, 'connected');
    await peer.connect('mem://ben');
    await opened;
    expect(handshakeOf(ben).ignoredCount).to.equal(1);
  });
});
