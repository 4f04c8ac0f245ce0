/**
 * @module Tests of LAN discovery against hostile company on the link: bounded memory and dials, and honest nodes that meet all the same.
 */
import { expect } from 'chai';
import { AddressBookBehavior } from '../../../behaviours/addressbook/index.js';
import { LAN_LIMITS, LanBehavior } from '../../../behaviours/lan/index.js';
import { LAN_PORT, type LanPort, type LanSink, type Logger, NetworkError, type NodeOptions } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { bookOf, idOf, isConnected } from '../addressbook/support.js';
import { lanOf, Member } from './support.js';

describe('LAN discovery in hostile company', () => {
  let net: SimulatedNetwork;
  beforeEach(() => {
    net = new SimulatedNetwork({ seed: 'hostile', latencyMs: 1 });
  });
  afterEach(() => net.stop());

  async function node(options: NodeOptions = {}): Promise<SimulatedNode> {
    const made = await net.createNode({ lan: true, builtins: ['handshake'], behaviors: [AddressBookBehavior], ...options });
    await made.start();
    return made;
  }

  it("invented nodes of one host fill that host's share; an honest node is found at once", async () => {
    const eve = new Member(net, 'eve', 'public');
    const a = await node();
    for (let index = 0; index < 10_000; index++) {
      eve.announce(idOf(index), [`sim://eve:${index % 60_000}`]);
      if (index % 100 === 0) await net.run(1);
    }
    await net.run(1_000);
    const { announcementsReceived: heard, ignored, hints } = lanOf(a).counters;
    expect([heard, lanOf(a).neighbours.length, hints]).to.deep.equal([10_000, LAN_LIMITS.perHostMax, LAN_LIMITS.perHostMax]);
    expect(ignored).to.equal(heard - hints);
    expect(bookOf(a).entries().length).to.equal(LAN_LIMITS.perHostMax);
    const b = await node();
    await net.runUntil(() => lanOf(a).neighbours.some(({ nodeId }) => nodeId === b.id), 1_000);
    await net.runUntil(() => isConnected(a, b), 15_000);
  });

  it('invented nodes of many hosts fill the list, and it empties by itself', async () => {
    const a = await node({ behaviors: [[AddressBookBehavior, { isDialling: false }]] });
    const members = Array.from({ length: 20 }, (_, index) => new Member(net, `eve-${index}`, 'public'));
    for (let index = 0; index < 4_000; index++) {
      members[index % 20]?.announce(idOf(index), ['sim://x']);
      if (index % 500 === 499) await net.run(10);
    }
    await net.run(1_000);
    expect(lanOf(a).neighbours.length).to.equal(LAN_LIMITS.neighboursMax);
    await net.run(600_000);
    expect(lanOf(a).neighbours).to.deep.equal([]);
  });

  it('what no member has sealed, and what is no announcement, is counted and leaves nothing', async () => {
    const a = await node();
    const eve = new Member(net, 'eve', 'public');
    for (let length = 0; length < 200; length++) eve.say(new Uint8Array(length).fill(length));
    await net.run(100);
    for (let length = 0; length < 50; length++) eve.sealed(new Uint8Array(length).fill(0xa1));
    await net.run(100);
    const { foreign, malformed, hints } = lanOf(a).counters;
    expect([foreign, malformed, hints, bookOf(a).entries()]).to.deep.equal([200, 50, 0, []]);
  });

  it('questions, however many, are answered once a second', async () => {
    const a = await node();
    const eve = new Member(net, 'eve', 'public');
    await net.run(5_000);
    const { announcementsSent: told } = lanOf(a).counters;
    for (let round = 0; round < 1_000; round++) {
      for (let count = 0; count < 10; count++) eve.ask();
      await net.run(10);
    }
    expect(lanOf(a).counters.announcementsSent - told).to.be.within(8, 11);
  });

  it("row 47: whoever announces an honest node's id is found out, and the honest node is met", async () => {
    const eve = await net.createNode({ name: 'eve-node', builtins: ['handshake'], behaviors: [AddressBookBehavior] });
    await eve.start();
    const a = await node();
    const b = await net.createNode({ lan: true, builtins: ['handshake'], behaviors: [AddressBookBehavior] });
    const liar = new Member(net, 'eve-node', 'public');
    for (let count = 0; count < 5; count++) liar.announce(b.id, ['sim://eve-node']);
    await net.run(10_000);
    expect(isConnected(a, b)).to.equal(false);
    await b.start();
    await net.runUntil(() => isConnected(a, b), 5_000);
    const proven = bookOf(a)
      .entry(b.id)
      ?.addresses.filter(({ succeededMs }) => succeededMs !== undefined);
    expect(proven?.some(({ text }) => text === 'sim://eve-node')).not.to.equal(true);
  });

  it('row 46: an announcement sends nobody to a third host', async () => {
    const victim = await net.createNode({ name: 'victim', builtins: ['handshake'] });
    await victim.start();
    const a = await node();
    const eve = new Member(net, 'eve', 'public');
    eve.announce(idOf('ghost'), ['sim://victim', 'tcp://192.0.2.1:53']);
    await net.run(60_000);
    expect(
      bookOf(a)
        .entry(idOf('ghost'))
        ?.addresses.map(({ text }) => text),
    ).to.deep.equal(['sim://eve']);
    expect(victim.metrics()['connections_accepted_total'] ?? 0).to.equal(0);
    expect(net.trace().filter(({ kind, to }) => kind === 'dial-failed' && to === 'victim')).to.deep.equal([]);
  });

  it('a goodbye in the name of another host takes nothing back', async () => {
    const [a, b] = [await node(), await node()];
    await net.runUntil(() => lanOf(a).neighbours.length === 1, 3_000);
    new Member(net, 'eve', 'public').announce(b.id, ['sim://x'], 0);
    await net.run(100);
    expect(lanOf(a).neighbours.length).to.equal(1);
  });

  it('the announcement of a node itself, from elsewhere too, is not its neighbour', async () => {
    const a = await node();
    new Member(net, 'eve', 'public').announce(a.id, ['sim://x']);
    await net.run(1_000);
    expect([lanOf(a).neighbours, bookOf(a).entries()]).to.deep.equal([[], []]);
  });

  it('a link that cannot be used is one warning, and the node runs; when it can, discovery begins', async () => {
    const warnings: string[] = [];
    const logger = recorder(warnings);
    let sink: LanSink | undefined;
    const broken: LanPort = {
      open: (_opening, given) => {
        sink = given;
        return { query() {}, announce() {}, close() {} };
      },
    };
    const a = await node({ provide: [{ token: LAN_PORT, useValue: broken }], logger });
    sink?.onFailed(new NetworkError('LAN_UNAVAILABLE', 'no multicast from 10.0.0.1: EADDRINUSE'));
    await net.run(60_000);
    expect(warnings).to.deep.equal(['LAN discovery does not work; the node runs on without']);
    expect([lanOf(a).error?.code, lanOf(a).localHosts]).to.deep.equal(['LAN_UNAVAILABLE', []]);
    expect(lanOf(a).counters.queriesSent).to.equal(0);
    sink?.onHosts(['node-1']);
    await net.run(1_000);
    expect([lanOf(a).error, lanOf(a).localHosts, lanOf(a).counters.queriesSent > 0]).to.deep.equal([undefined, ['node-1'], true]);
  });

  it('what goes wrong with what was heard is a fault of the behaviour, which ends it in the end, and never the node', async () => {
    const a = await node();
    const [faults, stopped]: [string[], string[]] = [[], []];
    a.on('fault', ({ behavior, cause }) => void faults.push(`${behavior}: ${cause}`));
    a.on('behavior-stopped', ({ name }) => void stopped.push(name));
    bookOf(a).addHint = () => {
      throw new Error('the book is closed');
    };
    const eve = new Member(net, 'eve', 'public');
    for (let index = 0; index < 20; index++) {
      eve.announce(idOf(index), ['sim://eve']);
      await net.run(50);
    }
    expect(new Set(faults)).to.deep.equal(new Set(['lan: Error: the book is closed']));
    expect([stopped, faults.length]).to.deep.equal([['lan'], 11]);
    const b = await node();
    await b.connect(`sim://${a.name}`);
    await net.runUntil(() => isConnected(a, b), 1_000);
  });

  it('after a fault it goes on asking and listening, also when the link is silent', async () => {
    const a = await node();
    const book = bookOf(a);
    book.addHint = () => {
      throw new Error('not now');
    };
    new Member(net, 'eve', 'public').announce(idOf(1), ['sim://eve']);
    await net.run(1_000);
    Reflect.deleteProperty(book, 'addHint');
    const before = lanOf(a).counters.queriesSent;
    await net.run(600_000);
    expect(lanOf(a).counters.queriesSent).to.be.above(before);
    const b = await node();
    await net.runUntil(() => isConnected(a, b), 15_000);
  });

  it('when the node has ended without a word, what is heard harms nobody, and the channel is closed', async () => {
    let sink: LanSink | undefined;
    let closed = 0;
    const port: LanPort = {
      open: (_opening, given) => {
        sink = given;
        return { query() {}, announce() {}, close: () => void closed++ };
      },
    };
    const a = await node({ provide: [{ token: LAN_PORT, useValue: port }] });
    a.kill();
    for (let count = 0; count < 3; count++) sink?.onAnnouncement(new Uint8Array(40), 600, '10.0.0.1');
    sink?.onHosts(['10.0.0.2']);
    expect(closed).to.be.above(0);
  });

  it('more than can be looked at is ignored', async () => {
    const a = await node();
    const eve = new Member(net, 'eve', 'public');
    await net.run(1_000);
    net.stall(a, 1_000);
    for (let index = 0; index < 10_000; index++) eve.announce(idOf(1), ['sim://eve']);
    await net.run(3_000);
    const { announcementsReceived: heard, ignored } = lanOf(a).counters;
    expect([heard < 2_000, heard + ignored >= 2_000]).to.deep.equal([true, true]);
    expect(lanOf(a).neighbours.some(({ nodeId }) => nodeId === idOf(1))).to.equal(true);
  });

  it('options are checked when they are given', () => {
    const book = {} as AddressBookBehavior;
    const make = (options: object) => () => new LanBehavior(book, {} as LanPort, {} as never, options);
    for (const interfaces of [[], [''], [7], 'eth0', {}]) expect(make({ interfaces })).to.throw(NetworkError, 'interfaces');
    expect(make({ interface: ['eth0'] })).to.throw(NetworkError, 'option interface is unknown');
    expect(make({ interfaces: ['eth0'] })).not.to.throw();
    expect(make({})).not.to.throw();
  });
});

function recorder(warnings: string[]): Logger {
  const logger: Logger = {
    ...{ trace() {}, debug() {}, info() {}, error() {} },
    warn: (_fields, message) => void warnings.push(message),
    child: () => logger,
  };
  return logger;
}
