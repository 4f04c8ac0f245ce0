/** @module What a hosted hashname bounds, in virtual time: dials at once, and lines that were opened by it. */
import { expect } from 'chai';
import type { Packet } from '../../behaviours/index.js';
import type { NetworkError, NodeId } from '../../index.js';
import type { Hosted } from '../../switch/index.js';
import { identityOf, operatorAddress, SwitchWorld } from './support.js';

const DIALS_MAX = 256;
const LINES_MAX = 4_096;

describe('a hosted hashname at its bounds', () => {
  let world: SwitchWorld;
  beforeEach(() => {
    world = new SwitchWorld();
  });
  afterEach(() => world.end());

  const wait = <T>(promise: Promise<T>) => world.net.waitFor(promise);
  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'done',
      (error: NetworkError) => error.code,
    );
  /** An operator that knows the key of every name, and a hashname that is connected to it. */
  const plaza = async (names: readonly string[] = []): Promise<{ operator: Hosted; one: Hosted }> => {
    const hub = world.switch();
    await hub.installSpace({ name: 'plaza', operators: [operatorAddress('operator')] });
    const keys = new Map(names.map((name) => [identityOf(name).nodeId, identityOf(name).publicKey]));
    const onOp = ({ who }: { who: NodeId }, answer: (found: { key: Uint8Array; addresses: string[] } | undefined) => void) => {
      const key = keys.get(who);
      answer(key && { key, addresses: [] });
    };
    const operator = await world.install(hub, 'operator', { space: 'plaza', onOp }, { operator: true });
    const one = await world.install(hub, 'one', { space: 'plaza' });
    await world.net.runUntil(() => [one, operator].every(({ node }) => node.connections().length > 0), 5_000);
    return { operator, one };
  };

  it(`begins ${DIALS_MAX} dials at once and refuses one more; what is connected already needs none`, async () => {
    const names = Array.from({ length: DIALS_MAX + 1 }, (_, at) => `far ${at}`);
    const { operator, one } = await plaza(names);
    const far = names.map((name) => identityOf(name).nodeId);
    for (const hashname of far) await wait(one.lookUp(hashname));
    const fails: (() => void)[] = [];
    one.node.connect = () => new Promise((_, reject) => fails.push(() => reject(new Error('nobody is there'))));
    const lines = far.map((hashname) => one.to(hashname).line());
    const ends = Promise.allSettled(lines);
    expect(await codeOf(wait(lines[DIALS_MAX] as Promise<unknown>)), 'all were wished for in one turn').to.equal('LIMIT_EXCEEDED');
    expect([fails.length, one.state(far[0] as NodeId)]).to.deep.equal([DIALS_MAX, 'connecting']);
    expect(await codeOf(wait(one.to(operator.hashname).line())), 'there is a line').to.equal('done');
    const joins = codeOf(one.to(far[0] as NodeId).line());
    fails[0]?.();
    expect(await joins, 'it waits for the dial that runs').to.equal(undefined);
    one
      .to(far[0] as NodeId)
      .line()
      .catch(() => {});
    await world.net.run(1);
    expect(fails, 'one that has ended makes room for one').to.have.lengthOf(DIALS_MAX + 1);
    for (const fail of fails) fail();
    await ends;
  });

  it(`opens ${LINES_MAX} lines, whoever they lead to, and one more when one is closed`, async () => {
    const { operator, one } = await plaza();
    const far = one.to(operator.hashname);
    const [first] = await wait(Promise.all(Array.from({ length: LINES_MAX }, () => far.line())));
    expect(await codeOf(far.line())).to.equal('LIMIT_EXCEEDED');
    first?.close();
    first?.close();
    expect([await codeOf(far.line()), await codeOf(far.line())]).to.deep.equal(['done', 'LIMIT_EXCEEDED']);
  });

  it('two lines of one callback are two: each gets the packets until it is closed', async () => {
    const { operator, one } = await plaza();
    const got: unknown[] = [];
    const note = ({ value }: Packet) => void got.push(value);
    const back = await wait(operator.to(one.hashname).line());
    const lines = [await wait(one.to(operator.hashname).line(note)), await wait(one.to(operator.hashname).line(note))];
    back.send('to both');
    await world.net.run(100);
    lines[0]?.close();
    back.send('to one');
    await world.net.run(100);
    lines[1]?.close();
    back.send('to none');
    await world.net.run(100);
    expect(got).to.deep.equal(['to both', 'to both', 'to one']);
  });
});
