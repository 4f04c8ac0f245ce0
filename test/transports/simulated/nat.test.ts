/**
 * @module NATs of the simulator, between bare sockets: what each kind maps and lets in, time-outs, hairpins, NATs behind NATs, and the options.
 * Nodes behind them are in nat-nodes.test.ts.
 */
import { expect } from 'chai';
import { type Address, type NetworkError, parseAddress } from '../../../core/index.js';
import { type NatKind, type NatOptions, SimulatedNetwork } from '../../../simulation.js';
import { MAPPINGS_MAX, Nat } from '../../../transports/simulated/nat.js';

const AFTER_MS = 100;

/** A socket of a bare host, and from where it has heard. */
class Socket {
  heard: Address[] = [];
  readonly address: Address;
  private readonly handle;

  constructor(
    private readonly network: SimulatedNetwork,
    address: string,
  ) {
    this.address = parseAddress(address);
    this.handle = network.datagrams(this.address.host).bind(this.address, {
      onListening: () => {},
      onFailed: () => {},
      onDatagram: (_bytes, from) => void this.heard.push(from),
    });
  }

  /** From where `other` hears it at that address; `undefined`: not at all. */
  async reaches(other: Socket, at: Address = other.address): Promise<Address | undefined> {
    other.heard = [];
    this.handle.send([Uint8Array.of(1)], at);
    await this.network.run(AFTER_MS);
    return other.heard[0];
  }
}

/** Ada behind the NAT `home`, Bob with two ports and Eve outside. */
function worldOf(kind: NatKind, options: Partial<NatOptions> = {}) {
  const network = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
  network.addNat('home', { kind, ...options });
  const at = (address: string) => new Socket(network, address);
  const sockets = { ada: at('udp://ada:7400'), bob: at('udp://bob:1'), bobToo: at('udp://bob:2'), eve: at('udp://eve:1') };
  network.setNat('ada', 'home');
  return { network, at, ...sockets };
}

function refusals(network: SimulatedNetwork): string[] {
  return network.trace().flatMap(({ kind, detail }) => (kind === 'nat-refused' ? [detail] : []));
}

/** Whether Bob, Bob from another port, and Eve reach Ada where Bob has heard her; then whether all have heard her at one address. */
const KINDS: readonly (readonly [NatKind, bob: boolean, bobToo: boolean, eve: boolean, isOneAddress: boolean])[] = [
  ['open', true, true, true, true],
  ['full-cone', true, true, true, true],
  ['restricted', true, true, false, true],
  ['port-restricted', true, false, false, true],
  ['symmetric', true, false, false, false],
];

describe('a simulated NAT', () => {
  for (const [kind, bob, bobToo, eve, isOneAddress] of KINDS)
    it(`of kind ${kind} lets in the same address, another port, another host: ${[bob, bobToo, eve].join(', ')}`, async () => {
      const world = worldOf(kind);
      expect((await world.bob.reaches(world.ada)) !== undefined).to.equal(kind === 'open');
      const seen = (await world.ada.reaches(world.bob)) as Address;
      expect(seen.host).to.equal(kind === 'open' ? 'ada' : 'home');
      const reached = [];
      for (const remote of [world.bob, world.bobToo, world.eve]) reached.push((await remote.reaches(world.ada, seen)) !== undefined);
      expect(reached).to.deep.equal([bob, bobToo, eve]);
      const others = [await world.ada.reaches(world.bobToo), await world.ada.reaches(world.eve), await world.ada.reaches(world.bob)];
      expect(new Set(others.map((address) => address?.text)).size).to.equal(isOneAddress ? 1 : 3);
      expect(others[2]?.text).to.equal(seen.text);
      expect((await world.eve.reaches(world.ada, seen)) !== undefined, 'Eve, after Ada has sent to her').to.equal(kind !== 'symmetric');
    });

  it('of kind blocked lets no datagram out or in, and hosts behind it reach each other', async () => {
    const { network, at, ada, bob } = worldOf('blocked');
    const ann = at('udp://ann:1');
    network.setNat('ann', 'home');
    expect(await ada.reaches(bob)).to.equal(undefined);
    expect(await bob.reaches(ada, parseAddress('udp://home:32768'))).to.equal(undefined);
    expect(refusals(network)).to.deep.equal(['blocked at home', 'blocked at home']);
    expect((await ada.reaches(ann))?.text).to.equal('udp://ada:7400');
  });

  it('answers nobody at a port without mapping, and the trace says why a datagram was refused', async () => {
    const { network, ada, bob, eve } = worldOf('restricted');
    expect(await bob.reaches(ada)).to.equal(undefined);
    expect(await bob.reaches(ada, parseAddress('udp://home:32768'))).to.equal(undefined);
    const seen = (await ada.reaches(bob)) as Address;
    expect(await eve.reaches(ada, seen)).to.equal(undefined);
    expect(await bob.reaches(ada, parseAddress(`sim://home:${seen.port}`))).to.equal(undefined);
    expect(refusals(network)).to.deep.equal(['private at home', 'no-mapping at home', 'filtered at home', 'no-mapping at home']);
  });

  it('forgets a mapping that nothing from within has used for its time, whatever comes from outside', async () => {
    const { network, ada, bob } = worldOf('full-cone', { mappingTimeoutMs: 5_000 });
    const first = (await ada.reaches(bob)) as Address;
    await network.run(4_000);
    expect((await ada.reaches(bob))?.text).to.equal(first.text);
    await network.run(4_000);
    expect(await bob.reaches(ada, first)).to.not.equal(undefined);
    await network.run(1_000);
    expect(await bob.reaches(ada, first)).to.equal(undefined);
    const second = (await ada.reaches(bob)) as Address;
    expect(second.text).to.not.equal(first.text);
    expect(await bob.reaches(ada, second)).to.not.equal(undefined);
  });

  it('forgets the permission of a remote apart from the mapping, which others keep', async () => {
    const { network, ada, bob, eve } = worldOf('restricted', { mappingTimeoutMs: 5_000 });
    const seen = (await ada.reaches(bob)) as Address;
    await network.run(4_000);
    await ada.reaches(eve);
    await network.run(4_000);
    expect(await bob.reaches(ada, seen)).to.equal(undefined);
    expect((await eve.reaches(ada, seen))?.text).to.equal('udp://eve:1');
  });

  it('keeps a mapping for two minutes by default', async () => {
    const { network, ada, bob } = worldOf('full-cone');
    const seen = (await ada.reaches(bob)) as Address;
    await network.run(119_000);
    expect(await bob.reaches(ada, seen)).to.not.equal(undefined);
    await network.run(1_000);
    expect(await bob.reaches(ada, seen)).to.equal(undefined);
  });

  it('turns datagrams between its own hosts round with hairpin alone; at their own addresses they reach each other without it', async () => {
    for (const hairpin of [false, true]) {
      const { network, at, ada, bob } = worldOf('port-restricted', { hairpin });
      const ann = at('udp://ann:1');
      network.setNat('ann', 'home');
      expect((await ann.reaches(ada))?.text).to.equal('udp://ann:1');
      const [adaAt, annAt] = [(await ada.reaches(bob)) as Address, (await ann.reaches(bob)) as Address];
      await ada.reaches(ann, annAt);
      const heard = await ann.reaches(ada, adaAt);
      expect(heard?.text, 'the source is the public one').to.equal(hairpin ? annAt.text : undefined);
      expect(refusals(network)).to.deep.equal(hairpin ? ['filtered at home'] : ['no-hairpin at home', 'no-hairpin at home']);
    }
  });

  it('translates once more behind another NAT, whose filter counts too', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    network.addNat('carrier', { kind: 'port-restricted' });
    network.addNat('home', { kind: 'full-cone', behind: 'carrier' });
    const [ada, bob, eve, cid] = ['ada', 'bob', 'eve', 'cid'].map((name) => new Socket(network, `udp://${name}:1`)) as [
      ...[Socket, Socket, Socket, Socket],
    ];
    network.setNat('ada', 'home');
    network.setNat('cid', 'carrier');
    const outer = (await ada.reaches(bob)) as Address;
    expect(outer.host).to.equal('carrier');
    expect((await bob.reaches(ada, outer))?.text).to.equal('udp://bob:1');
    expect(await eve.reaches(ada, outer)).to.equal(undefined);
    const between = (await ada.reaches(cid)) as Address;
    expect(between.host).to.equal('home');
    expect((await cid.reaches(ada, between))?.text).to.equal('udp://cid:1');
    expect(await bob.reaches(ada, between), 'an address of the realm of the carrier').to.equal(undefined);
  });

  it('opens to a remote behind another NAT when both send at once, and not where both are symmetric', async () => {
    for (const kind of ['port-restricted', 'symmetric'] as const) {
      const { network, ada, bob, eve } = worldOf(kind);
      network.addNat('office', { kind });
      network.setNat('bob', 'office');
      const [adaAt, bobAt] = [(await ada.reaches(eve)) as Address, (await bob.reaches(eve)) as Address];
      const [atBob, atAda] = await Promise.all([ada.reaches(bob, bobAt), bob.reaches(ada, adaAt)]);
      const isOpen = kind === 'port-restricted';
      expect([atBob?.text, atAda?.text]).to.deep.equal(isOpen ? [adaAt.text, bobAt.text] : [undefined, undefined]);
    }
  });

  it('asks its filter when a datagram arrives, and a host that has gone elsewhere is not found', async () => {
    const { network, ada, bob, eve } = worldOf('restricted');
    const seen = (await ada.reaches(bob)) as Address;
    network.after(5, () => void ada.reaches(eve));
    expect((await eve.reaches(ada, seen))?.text, 'sent before Ada has sent to Eve').to.equal('udp://eve:1');
    network.setNat('ada');
    expect(await eve.reaches(ada, seen)).to.equal(undefined);
    expect((await eve.reaches(ada))?.text).to.equal('udp://eve:1');
    expect((await ada.reaches(bob))?.host).to.equal('ada');
  });

  it(`keeps ${MAPPINGS_MAX} mappings: the one that was idle for longest gives way`, () => {
    const nat = new Nat('home', 'full-cone');
    const remote = parseAddress('udp://bob:1');
    const ports = Array.from({ length: MAPPINGS_MAX + 1 }, (_, index) => {
      const answer = nat.outbound(parseAddress(`udp://ada:${index + 1}`), remote, index);
      return answer.type === 'passes' ? answer.address : remote;
    });
    expect([nat.mappingCount, new Set(ports.map(({ port }) => port)).size]).to.deep.equal([MAPPINGS_MAX, MAPPINGS_MAX + 1]);
    const answers = [0, 1, MAPPINGS_MAX].map((index) => nat.inbound(ports[index] as Address, remote, 5_000).type);
    expect(answers).to.deep.equal(['refused', 'passes', 'passes']);
    nat.outbound(parseAddress('udp://ada:1'), remote, 200_000);
    expect(nat.mappingCount).to.equal(1);
  });
});

describe('the options of a simulated NAT', () => {
  const REFUSED: readonly (readonly [option: string, name: string, options: object])[] = [
    ['name', 'Home', { kind: 'open' }],
    ['name', 'ho me', { kind: 'open' }],
    ['name', 'taken', { kind: 'open' }],
    ['name', 'ada', { kind: 'open' }],
    ['kind', 'home', { kind: 'cone' }],
    ['kind', 'home', {}],
    ['hairpin', 'home', { kind: 'symmetric', hairpin: 1 }],
    ['hairpin', 'home', { kind: 'blocked', hairpin: true }],
    ['mappingTimeoutMs', 'home', { kind: 'symmetric', mappingTimeoutMs: 0 }],
    ['mappingTimeoutMs', 'home', { kind: 'symmetric', mappingTimeoutMs: 3_600_001 }],
    ['mappingTimeoutMs', 'home', { kind: 'open', mappingTimeoutMs: 1 }],
    ['behind', 'home', { kind: 'symmetric', behind: 'home' }],
    ['behind', 'home', { kind: 'symmetric', behind: 'ada' }],
  ];

  async function codeOf(work: () => unknown): Promise<readonly [unknown, unknown]> {
    try {
      await work();
      return ['none', ''];
    } catch (thrown) {
      const { code, details } = thrown as NetworkError;
      return [code, details['option']];
    }
  }

  for (const [option, name, options] of REFUSED)
    it(`are refused by name: ${option} of ${name} with ${JSON.stringify(options)}`, async () => {
      const network = new SimulatedNetwork({ seed: 1 });
      network.addNat('taken', { kind: 'open' });
      network.datagrams('ada');
      expect(await codeOf(() => network.addNat(name, options as NatOptions))).to.deep.equal(['OPTION_INVALID', option]);
      expect(await codeOf(() => network.addNat('home', { kind: 'symmetric', mappingTimeoutMs: 3_600_000 }))).to.deep.equal(['none', '']);
    });

  it('are refused by name where a host is put behind one that is not there, or takes its name', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    network.addNat('home', { kind: 'open' });
    network.datagrams('ada');
    expect(await codeOf(() => network.setNat('ada', 'away'))).to.deep.equal(['OPTION_INVALID', 'nat']);
    expect(await codeOf(() => network.createNode({ name: 'bob', nat: 'away' }))).to.deep.equal(['OPTION_INVALID', 'nat']);
    expect(await codeOf(() => network.createNode({ name: 'home' }))).to.deep.equal(['OPTION_INVALID', 'name']);
    expect(await codeOf(() => network.createNode({ name: 'bob', nat: 'home' }))).to.deep.equal(['none', '']);
  });
});
