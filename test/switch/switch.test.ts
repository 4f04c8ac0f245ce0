/** @module The switch in virtual time: spaces and hashnames are installed, find each other, and hand on what nothing else takes. */
import { expect } from 'chai';
import { OperatorBehavior, type Packet } from '../../behaviours/index.js';
import { type NetworkError, toNode } from '../../index.js';
import type { HashnameState, Hosted, ServiceRecord, SwitchHost } from '../../switch/index.js';
import { authorityOf, identityOf, operatorAddress, SwitchWorld } from './support.js';

describe('a switch', () => {
  let world: SwitchWorld;
  beforeEach(() => {
    world = new SwitchWorld();
  });
  afterEach(() => world.end());

  const wait = <T>(promise: Promise<T>) => world.net.waitFor(promise);
  const failure = async (promise: Promise<unknown>): Promise<NetworkError> =>
    (await wait(promise).catch((cause: unknown) => cause)) as NetworkError;
  /** An operator of the open space `plaza`, and hashnames that know it alone. */
  const plaza = async (...names: readonly string[]): Promise<{ hub: SwitchHost; operator: Hosted; hosted: Hosted[] }> => {
    const hub = world.switch();
    await hub.installSpace({ name: 'plaza', operators: [operatorAddress('operator')] });
    const operator = await world.install(hub, 'operator', { space: 'plaza' }, { operator: true });
    const hosted: Hosted[] = [];
    for (const name of names)
      hosted.push(await world.install(hub, name, { space: 'plaza', node: { builtins: ['handshake', 'router-sync', 'rpc', 'streams'] } }));
    await world.net.run(500);
    return { hub, operator, hosted };
  };

  it('installs spaces by name, with operators, open or with an authority (TH-06, TH-07)', async () => {
    const hub = world.switch();
    const authority = authorityOf('shop.example').publicKey;
    await hub.installSpace({ name: 'plaza' });
    await hub.installSpace({
      name: 'shop.example',
      authority,
      operators: ['tcp://192.0.2.1:7400'].map((text) => text.replace('//', `//${identityOf('op').nodeId}@`)),
    });
    expect(hub.spaces().map(({ name, isOpen, operators, hosted }) => [name, isOpen, operators.length, hosted])).to.deep.equal([
      ['plaza', true, 0, []],
      ['shop.example', false, 1, []],
    ]);
    const wrong: readonly object[] = [
      { name: 'plaza' },
      { name: '' },
      { name: 'x'.repeat(65) },
      { name: 'a', operators: ['tcp://192.0.2.1:7400'] },
      { name: 'b', authority: new Uint8Array(31) },
      { name: 'c', other: 1 },
    ];
    for (const each of wrong)
      expect((await failure(hub.installSpace(each as { name: string }))).code, JSON.stringify(each)).to.equal('OPTION_INVALID');
  });

  it('finds operators by DNS service records, in their order; names without a hashname are passed over (TH-07)', async () => {
    const target = (name: string, host: string) => `${identityOf(name).nodeId.slice(0, 32)}.${identityOf(name).nodeId.slice(32)}.${host}`;
    const records: readonly ServiceRecord[] = [
      { name: target('third', 'c.example.'), port: 3, priority: 20, weight: 0 },
      { name: target('second', 'B.example'), port: 2, priority: 10, weight: 1 },
      { name: 'plain.example', port: 9, priority: 1, weight: 1 },
      { name: target('first', 'a.example'), port: 1, priority: 10, weight: 5 },
    ];
    const asked: string[] = [];
    const hub = world.switch((name) => {
      asked.push(name);
      return name.endsWith('none') ? Promise.resolve(records.slice(2, 3)) : Promise.resolve(records);
    });
    const { operators } = await hub.installSpace({ name: 'shop.example', operators: 'dns' });
    expect(asked).to.deep.equal(['_meshwright._tcp.shop.example']);
    expect(operators.map(({ nodeId, port }) => [nodeId, port])).to.deep.equal(
      ['first', 'second', 'third'].map((name, at) => [identityOf(name).nodeId, at + 1]),
    );
    expect(operators[0]?.host).to.equal(target('first', 'a.example'));
    expect((await failure(hub.installSpace({ name: 'none', operators: 'dns' }))).code).to.equal('HOST_UNRESOLVED');
    expect(await failure(world.switch().installSpace({ name: 'a', operators: 'dns' }))).to.have.property('message', 'no name server');
  });

  it('finds operators by DNS anew, by one look-up for all hashnames of a space; those of before stay where there are none (TH-07)', async () => {
    const target = (name: string) => `${identityOf(name).nodeId.slice(0, 32)}.${identityOf(name).nodeId.slice(32)}.example`;
    const asked: ((records: readonly ServiceRecord[]) => void)[] = [];
    const hub = world.switch(() => new Promise((resolve) => asked.push(resolve)));
    const answer = (...names: readonly string[]) => {
      for (const resolve of asked.splice(0)) resolve(names.map((name) => ({ name: target(name), port: 7_400, priority: 1, weight: 1 })));
      return world.net.run(100);
    };
    const installing = hub.installSpace({ name: 'shop.example', operators: 'dns' });
    await answer('first');
    await wait(installing);
    const hosted: Hosted[] = [];
    // Their operators are no seeds, which are dialled for ever: this network, which knows none but simulated addresses, would refuse to start.
    for (const name of ['one', 'two']) hosted.push(await world.install(hub, name, { space: 'shop.example' }));
    const known = () => [
      hub.spaces()[0]?.operators.map((text) => text.slice(6, 14)),
      ...hosted.map(({ node }) => node.behavior(OperatorBehavior).operators.map(({ nodeId }) => nodeId?.slice(0, 8))),
    ];
    const idOf = (name: string) => identityOf(name).nodeId.slice(0, 8);
    await world.net.run(12 * 60_000);
    expect(asked.length, 'both wait for one').to.equal(1);
    expect(known()).to.deep.equal([[idOf('first')], [idOf('first')], [idOf('first')]]);
    await answer('second', 'third');
    const both = [idOf('second'), idOf('third')];
    expect(known()).to.deep.equal([both, both, both]);
    await world.net.run(12 * 60_000);
    expect(asked.length).to.equal(1);
    await answer();
    expect(known(), 'there is none').to.deep.equal([both, both, both]);
  });

  it('hosts hashnames of several spaces, checks their keys against the space, and reads their flags once (TH-05, TH-08)', async () => {
    const hub = world.switch();
    const authority = authorityOf('shop.example').publicKey;
    await hub.installSpace({ name: 'plaza' });
    await hub.installSpace({ name: 'shop.example', authority });
    const flags = { operator: false };
    const one = await world.install(hub, 'one', { space: 'plaza' }, flags);
    flags.operator = true;
    const two = await world.install(
      hub,
      'two',
      { space: 'shop.example', certificate: world.certificateOf('two', 'shop.example') },
      { spacer: true },
    );
    expect([one.flags.operator, Object.isFrozen(one.flags)]).to.deep.equal([false, true]);
    expect(one.hashname, 'SHA-256 of the key, 64 digits, whatever the space').to.equal(identityOf('one').nodeId);
    expect(hub.hosted()).to.deep.equal([one, two]);
    expect(hub.get(two.hashname)).to.equal(two);
    expect(two.addresses.map(({ text }) => text)).to.deep.equal(['sim://two']);
    expect(hub.spaces().map(({ hosted, index }) => [hosted, index.length])).to.deep.equal([
      [[one.hashname], 0],
      [[two.hashname], 1],
    ]);
    expect((await failure(world.install(hub, 'three', { space: 'nowhere' }))).code).to.equal('OPTION_INVALID');
    expect((await failure(world.install(hub, 'three', { space: 'shop.example' }))).code).to.equal('MEMBERSHIP_INVALID');
    const foreign = { space: 'shop.example', certificate: world.certificateOf('two', 'shop.example') };
    expect((await failure(world.install(hub, 'three', foreign))).code).to.equal('MEMBERSHIP_INVALID');
    expect((await failure(world.install(hub, 'again', { space: 'plaza', identity: identityOf('one') }))).code).to.equal('OPTION_INVALID');
    expect((await failure(world.install(hub, 'three', { space: 'plaza' }, { spacer: 1 } as never))).code).to.equal('OPTION_INVALID');
    expect(hub.hosted()).to.have.lengthOf(2);
    await wait(hub.remove(one.hashname));
    expect([one.node.state, hub.hosted().length]).to.deep.equal(['stopped', 1]);
    await wait(hub.stop());
    await wait(hub.stop());
    expect(two.node.state).to.equal('stopped');
    expect((await failure(world.install(hub, 'four', { space: 'plaza' }))).code).to.equal('NOT_STARTED');
  });

  it('to(hashname).stream asks for the key, connects, and opens a stream by itself (TH-12, TH-16)', async () => {
    const got: string[] = [];
    const { hub, hosted } = await plaza('one');
    const two = await world.install(hub, 'two', {
      space: 'plaza',
      node: { builtins: ['handshake', 'router-sync', 'rpc', 'streams'] },
      onStream: (stream) => void new Response(stream.readable).text().then((text) => got.push(`${stream.name}: ${text}`)),
    });
    await world.net.run(500);
    const [one] = hosted as [Hosted];
    const remote = one.to(two.hashname);
    expect([remote.state, one.to(two.hashname.toUpperCase())]).to.deep.equal(['unknown', remote]);
    const opened: unknown[] = [];
    const stream = await wait(remote.stream((each) => opened.push(each), { name: 'greeting' }));
    expect(opened).to.deep.equal([stream]);
    expect(one.tables().hashnames.find(({ hashname }) => hashname === two.hashname)).to.include({ state: 'connected', streams: 1 });
    const writer = stream.writable.getWriter();
    await wait(writer.write(new TextEncoder().encode('hello')).then(() => writer.close()));
    await world.net.runUntil(() => got.length === 1, 5_000);
    expect(got).to.deep.equal(['greeting: hello']);
    const refused = await failure(
      two
        .to(one.hashname)
        .stream()
        .then(({ closed }) => closed),
    );
    expect(refused.message, 'nobody takes streams at one').to.include('nobody takes streams here');
  });

  it('waits for its first operator before it asks for a key', async () => {
    const { hub, hosted } = await plaza('one');
    const [one] = hosted as [Hosted];
    const fresh = await world.install(hub, 'fresh', { space: 'plaza' });
    expect(fresh.node.connections()).to.deep.equal([]);
    const line = await wait(fresh.to(one.hashname).line());
    expect(line.hashname).to.equal(one.hashname);
  });

  it('moves from state to state in their order, and back when the line is lost (TH-14, TH-15)', async () => {
    const { hosted } = await plaza('one', 'two');
    const [one, two] = hosted as [Hosted, Hosted];
    const seen: HashnameState[] = [];
    const look = () => void (seen.at(-1) !== one.state(two.hashname) && seen.push(one.state(two.hashname)));
    look();
    const asked: number[] = [];
    const line = one.to(two.hashname).line();
    line.catch(() => {});
    for (let count = 0; count < 200; count++) {
      await world.net.run(1);
      look();
      asked.push(one.tables().ops.length);
    }
    expect(seen).to.deep.equal(['unknown', 'resolving', 'connecting', 'connected']);
    expect(Math.max(...asked), 'the op request is in its table as long as it runs').to.equal(1);
    const entry = () => one.tables().hashnames.find(({ hashname }) => hashname === two.hashname);
    const { connection } = await wait(line);
    expect(entry()).to.deep.include({
      state: 'connected',
      space: 'plaza',
      addresses: ['sim://two'],
      key: identityOf('two').publicKey,
      line: connection.id,
    });
    expect(one.tables().lines).to.deep.include({ line: connection.id, hashname: two.hashname });
    one.to(two.hashname).disconnect();
    await world.net.run(100);
    expect(entry()).to.deep.include({ state: 'resolved', line: undefined, streams: 0 });
    expect(one.tables().lines.some(({ hashname }) => hashname === two.hashname)).to.equal(false);
    const nobody = identityOf('nobody').nodeId;
    const lost = failure(one.to(nobody).line());
    expect(one.state(nobody)).to.equal('resolving');
    expect((await lost).code).to.equal('KEY_UNKNOWN');
    expect(one.state(nobody), 'back on failure').to.equal('unknown');
  });

  it('gives a packet in a line to the line that was opened here, else to onLine; without a line to onAnon with its mark (TH-09, TH-20, TH-22, TH-28)', async () => {
    const levels: string[] = [];
    const note = (level: string) => (packet: Packet) => void levels.push(`${level} ${packet.trust} ${packet.value}`);
    const { hub, hosted } = await plaza('one');
    const [one] = hosted as [Hosted];
    const installation = { space: 'plaza', node: { builtins: ['handshake', 'router-sync', 'rpc', 'streams'] as const } };
    const two = await world.install(hub, 'two', { ...installation, onLine: note('onLine'), onAnon: note('onAnon') });
    await world.net.run(1_000);
    const far = one.to(two.hashname);
    await one.node.whenReachable(toNode(two.hashname));
    const operator = one.node.behavior(OperatorBehavior);
    operator.sendPacket(two.hashname, 'stranger');
    operator.sendPacket(two.hashname, 'writer', { isSigned: true });
    await world.net.run(3_000);
    const line = await wait(far.line());
    line.send('neighbour');
    await world.net.run(100);
    const back = await wait(two.to(one.hashname).line(note('line')));
    line.send('expected');
    await world.net.run(100);
    back.close();
    back.close();
    line.send('again');
    await world.net.run(100);
    expect(levels).to.deep.equal([
      'onAnon none stranger',
      'onAnon signed writer',
      'onLine line neighbour',
      'line line expected',
      'onLine line again',
    ]);
  });

  it('onOp is asked at operators alone, for what the store does not answer (TH-09, TH-10)', async () => {
    const hub = world.switch();
    await hub.installSpace({ name: 'plaza', operators: [operatorAddress('operator')] });
    const asked: string[] = [];
    const onOp =
      (name: string) => (request: { who: string }, answer: (found: { key: Uint8Array; addresses: string[] } | undefined) => void) => {
        asked.push(`${name} ${request.who.slice(0, 8)}`);
        answer({ key: identityOf('known').publicKey, addresses: [] });
      };
    await world.install(hub, 'operator', { space: 'plaza', onOp: onOp('operator') }, { operator: true });
    const one = await world.install(hub, 'one', { space: 'plaza', onOp: onOp('one') });
    await world.net.run(500);
    const known = identityOf('known').nodeId;
    expect((await wait(one.lookUp(known))).by).to.equal(identityOf('operator').nodeId);
    expect(asked).to.deep.equal([`operator ${known.slice(0, 8)}`]);
  });

  it('resolves keys and texts to the closest hashnames with the flag spacer, and shows the seek meanwhile (TH-12, TH-13)', async () => {
    const hub = world.switch();
    await hub.installSpace({ name: 'plaza', operators: [operatorAddress('operator')] });
    const spacer = { spacer: true };
    await world.install(hub, 'operator', { space: 'plaza' }, { operator: true, spacer: true });
    const one = await world.install(hub, 'one', { space: 'plaza' }, spacer);
    for (const name of ['two', 'three', 'four']) await world.install(hub, name, { space: 'plaza' }, spacer);
    await world.net.run(5_000);
    const found = one.resolve('a text');
    expect(one.tables().sees).to.have.lengthOf(1);
    expect((await wait(found)).length).to.be.at.least(3);
    expect(one.tables().sees).to.deep.equal([]);
    const [closest] = await wait(one.resolve(identityOf('three').nodeId));
    expect(closest?.nodeId).to.equal(identityOf('three').nodeId);
    expect(hub.spaces()[0]?.index.map(({ contacts }) => contacts.reduce((sum, count) => sum + count, 0) > 0)).to.deep.equal([
      true,
      true,
      true,
      true,
      true,
    ]);
    const plain = await world.install(hub, 'plain', { space: 'plaza' });
    expect((await failure(plain.resolve('a text'))).code).to.equal('BEHAVIOR_MISSING');
    expect(one.state(identityOf('two').nodeId)).to.equal('connected');
  });
});
