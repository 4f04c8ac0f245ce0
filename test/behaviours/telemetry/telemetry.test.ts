/** @module Tests of telemetry: nodes that are watched, from link to link, and what they send when nobody does (ATM-99, USERS 13, 19). */
import { expect } from 'chai';
import { type ObservedNode, TelemetryBehavior, type TelemetryEvent, type TelemetryOptions } from '../../../behaviours/index.js';
import { NetworkBehavior, type NetworkError, type NodeId, toNode } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

const SERVICE = 16;

class Thrower extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'thrower' } as const;
  override onMessage(): void {
    throw new Error('as planned');
  }
}

/** alice - bob - carol, and what alice may choose. */
async function line(options: TelemetryOptions = {}, others: TelemetryOptions = {}) {
  const network = new SimulatedNetwork({ seed: 16, latencyMs: 10, onFault: 'list' });
  const make = (name: string, own: TelemetryOptions) =>
    network.createNode({
      name,
      builtins: ['handshake', 'router-sync', 'rpc'],
      behaviors: [[TelemetryBehavior, { label: name, ...own }], Thrower],
      connections: { min: 0 },
    });
  const [alice, bob, carol] = [await make('alice', options), await make('bob', others), await make('carol', others)];
  await network.start(alice, bob, carol);
  await alice.connect('sim://bob');
  await carol.connect('sim://bob');
  await network.run(2_000);
  return { network, alice, bob, carol };
}

const telemetryOf = (node: SimulatedNode) => node.behavior(TelemetryBehavior);
const byLabel = (nodes: readonly ObservedNode[]) => Object.fromEntries(nodes.map((node) => [node.label, node]));

describe('a watch', () => {
  it('finds every node from link to link, and what its links measure', async () => {
    const { network, alice, bob, carol } = await line();
    const watch = telemetryOf(alice).watch();
    await network.run(10_000);
    const seen = byLabel(watch.nodes());
    expect(Object.keys(seen).sort()).to.deep.equal(['alice', 'bob', 'carol']);
    expect(Object.values(seen).map(({ state }) => state)).to.deep.equal(['alive', 'alive', 'alive']);
    const neighbours = seen['bob']?.links.map(({ nodeId }) => nodeId);
    expect(neighbours).to.have.members([alice.id, carol.id]);
    const [link] = seen['carol']?.links ?? [];
    expect(link).to.include({ nodeId: bob.id, direction: 'outgoing', lossRatio: 0, remoteAddress: 'sim://bob' });
    expect(link?.rttMs).to.be.within(20, 21);
    expect(seen['carol']?.behaviors).to.deep.include({ serviceId: SERVICE, name: 'telemetry' });
    for (let count = 0; count < 40; count++) {
      carol.send(toNode(bob.id), 71, new Uint8Array(1_000));
      await network.run(100);
    }
    const rates = watch.node(carol.id)?.links.map(({ sentPerSecond, receivedPerSecond }) => [sentPerSecond, receivedPerSecond]);
    expect(rates?.[0]?.[0]).to.be.within(8_000, 12_000);
    expect(rates?.[0]?.[1]).to.be.within(0, 1_000);
    await network.stop();
  });

  it('has queues, metrics and events of the nodes of which it wants details, and of no other one', async () => {
    const { network, alice, bob, carol } = await line();
    const watch = telemetryOf(alice).watch(() => {}, { detailed: [carol.id] });
    await network.run(5_000);
    alice.send(toNode(carol.id), 70, 'x');
    await network.run(5_000);
    const detailed = watch.node(carol.id);
    expect(detailed?.metrics).to.include({ faults_total: 1, connections_open: 1 });
    expect(detailed?.metrics).to.include.keys('round_trip_ms_count', 'round_trip_ms_sum');
    expect(detailed?.queues.map(({ name }) => name)).to.include.members(['control', 'normal', 'bulk']);
    const [fault] = detailed?.events.filter(({ kind }) => kind === 'fault') ?? [];
    expect(fault?.text).to.equal('thrower.onMessage: as planned');
    expect(fault?.agoMs).to.be.within(1_000, 6_000);
    expect([watch.node(bob.id)?.metrics, watch.node(bob.id)?.queues]).to.deep.equal([{}, []]);
    watch.setDetailed([bob.id]);
    await network.run(6_000);
    expect(watch.node(bob.id)?.metrics).to.include({ connections_open: 2 });
    expect(watch.node(carol.id)?.metrics).to.deep.equal({});
    await network.stop();
  });

  it('shows a node that has crashed as dead within 10 s of its last report, forgets it after a minute, and finds it again (ATM-99)', async () => {
    const { network, alice, bob, carol } = await line();
    const events: TelemetryEvent[] = [];
    const watch = telemetryOf(alice).watch((event) => events.push(event));
    await network.run(5_000);
    network.crash(carol);
    await network.run(10_000);
    expect(watch.node(carol.id)?.state).to.equal('dead');
    expect(watch.node(bob.id)?.state).to.equal('alive');
    await network.run(80_000);
    expect(watch.node(carol.id)).to.equal(undefined);
    expect(events).to.deep.include({ type: 'node-removed', nodeId: carol.id });
    const again = await network.restart(carol);
    await again.connect('sim://bob');
    await network.run(10_000);
    expect(watch.node(carol.id)?.state).to.equal('alive');
    await network.stop();
  });

  it('sees a partition from its own side, and what happened after it', async () => {
    const { network, alice, bob, carol } = await line();
    const watch = telemetryOf(alice).watch();
    await network.run(5_000);
    network.partition([alice], [bob, carol]);
    await network.run(16_000);
    expect(watch.nodes().map(({ label, state }) => `${label} ${state}`)).to.deep.equal(['alice alive', 'bob dead', 'carol dead']);
    network.heal();
    await alice.connect('sim://bob');
    await network.run(8_000);
    expect(watch.nodes().every(({ state }) => state === 'alive')).to.equal(true);
    await network.stop();
  });

  it('of given nodes goes to no other one', async () => {
    const { network, alice, carol } = await line();
    const watch = telemetryOf(alice).watch(() => {}, { nodes: [carol.id] });
    await network.run(5_000);
    expect(watch.nodes().map(({ id }) => id)).to.deep.equal([carol.id]);
    await network.stop();
  });

  it('calls nobody after its close, and logs what a listener throws', async () => {
    const { network, alice, carol } = await line();
    let calls = 0;
    const watch = telemetryOf(alice).watch(() => {
      calls++;
      throw new Error('of the listener');
    });
    await network.run(5_000);
    expect([calls > 3, alice.metrics()['faults_total']]).to.deep.equal([true, 0]);
    watch.close();
    const before = calls;
    await network.run(1_000);
    expect(telemetryOf(carol).watcherCount).to.equal(0);
    await network.run(10_000);
    expect(calls).to.equal(before);
    await network.stop();
  });
});

describe('a node that nobody watches', () => {
  it('sends no message of telemetry in ten minutes', async () => {
    const { network, alice, bob, carol } = await line();
    await network.run(600_000);
    for (const node of [alice, bob, carol])
      expect(
        Object.values(telemetryOf(node).counters).every((count) => count === 0),
        node.id,
      ).to.equal(true);
    await network.stop();
  });

  it('sends none any more when its lease of 15 s has ended: the watcher has crashed', async () => {
    const { network, alice, bob, carol } = await line();
    telemetryOf(alice).watch();
    await network.run(10_000);
    expect(telemetryOf(carol).watcherCount).to.equal(1);
    network.crash(alice);
    await network.run(16_000);
    const { reportsSent } = telemetryOf(carol).counters;
    await network.run(60_000);
    expect([telemetryOf(carol).watcherCount, telemetryOf(bob).watcherCount]).to.deep.equal([0, 0]);
    expect(telemetryOf(carol).counters.reportsSent).to.equal(reportsSent);
    await network.stop();
  });
});

describe('a node that is watched', () => {
  it('reports to those whom it authorizes, and to no others', async () => {
    const asked: [NodeId, boolean][] = [];
    let isAllowed = false;
    const authorize = (nodeId: NodeId, isVerified: boolean) => {
      asked.push([nodeId, isVerified]);
      return isAllowed;
    };
    const { network, alice, bob, carol } = await line({}, { authorize });
    const watch = telemetryOf(alice).watch(() => {}, { nodes: [bob.id, carol.id] });
    await network.run(3_000);
    expect(watch.nodes().map(({ state, refusal }) => [state, refusal])).to.deep.equal([
      ['refused', 'not-authorized'],
      ['refused', 'not-authorized'],
    ]);
    expect(asked).to.deep.include.members([
      [alice.id, true],
      [alice.id, false],
    ]);
    const explained = alice.client(TelemetryBehavior, toNode(carol.id)).explain({ nodeId: bob.id });
    const [outcome] = await Promise.all([explained.catch(({ code }: NetworkError) => code), network.run(1_000)]);
    expect(outcome).to.equal('NOT_AUTHORIZED');
    isAllowed = true;
    await network.run(6_000);
    expect(watch.nodes().map(({ state }) => state)).to.deep.equal(['alive', 'alive']);
    await network.stop();
  });

  it('reports to so many at once, and refuses the next with the limit, its value and its option (kind 4)', async () => {
    const { network, alice, bob, carol } = await line({}, { watchersMax: 1 });
    const first = telemetryOf(alice).watch(() => {}, { nodes: [bob.id] });
    await network.run(1_000);
    const second = telemetryOf(carol).watch(() => {}, { nodes: [bob.id] });
    await network.run(1_000);
    expect(first.nodes()[0]?.state).to.equal('alive');
    expect([second.nodes()[0]?.state, second.nodes()[0]?.refusal]).to.deep.equal(['refused', 'too-many']);
    expect(second.nodes()[0]?.refusalText).to.equal('limit watchersMax of its telemetry is reached (1, option watchersMax)');
    first.close();
    await network.run(6_000);
    expect([second.nodes()[0]?.state, second.nodes()[0]?.refusalText]).to.deep.equal(['alive', undefined]);
    await network.stop();
  });

  it('sends few complete reports to one who asks and ends, again and again: an ask is small, and its source may be a claim', async () => {
    const { network, alice, bob } = await line();
    for (let watch = 0; watch < 400; watch++) {
      alice.send(toNode(bob.id), SERVICE, [1, watch, 500, true, 0]);
      alice.send(toNode(bob.id), SERVICE, [2, watch]);
      if (watch % 40 === 0) await network.run(100);
    }
    await network.run(1_000);
    expect(telemetryOf(bob).counters.asksReceived).to.equal(400);
    expect(telemetryOf(bob).counters.reportsSent).to.be.within(1, 16 + 4 * 3);
    await network.stop();
  });

  it('sends no more to a node that has not asked: it says so', async () => {
    const { network, alice, bob } = await line();
    alice.send(toNode(bob.id), SERVICE, [1, 7, 500, true, 0]);
    await network.run(10_000);
    expect(telemetryOf(bob).counters.reportsSent).to.equal(1);
    expect(telemetryOf(bob).watcherCount).to.equal(0);
    await network.stop();
  });

  it('explains its routes', async () => {
    const { network, alice, bob, carol } = await line();
    const explained = alice.client(TelemetryBehavior, toNode(carol.id)).explain({ nodeId: alice.id });
    const [{ action, lines }] = await Promise.all([explained, network.run(1_000)]);
    expect(action).to.equal('next');
    expect(lines[0]).to.contain(bob.id.slice(0, 8));
    await network.stop();
  });

  it('counts what is no message, and goes on', async () => {
    const { network, alice, bob } = await line();
    const wrong = [null, [], [1], [1, 2, 3, true], [9, 1], [1, -1, 2_000, false, 0], [3, 1, 1, 0, 1, { a: [[]] }, []], [4, 1, 'mood'], 'x'];
    for (const one of wrong) alice.send(toNode(bob.id), SERVICE, one, {});
    alice.send(toNode(bob.id), SERVICE, new Uint8Array([0xff, 0xff]));
    await network.run(1_000);
    expect(telemetryOf(bob).counters).to.include({ malformed: wrong.length + 1, asksReceived: 0 });
    await network.stop();
  });
});

describe('wrong arguments of telemetry', () => {
  it('are typed errors', async () => {
    const { network, alice } = await line();
    const telemetry = telemetryOf(alice);
    const codeOf = (work: () => unknown) => {
      try {
        work();
      } catch (error) {
        return (error as NetworkError).code;
      }
      return 'none';
    };
    expect(codeOf(() => telemetry.watch('x' as never))).to.equal('ARGUMENT_INVALID');
    expect(codeOf(() => telemetry.watch(() => {}, { nodes: ['x' as NodeId] }))).to.equal('ARGUMENT_INVALID');
    const made = Array.from({ length: 17 }, () => codeOf(() => telemetry.watch()));
    expect([made[15], made[16]]).to.deep.equal(['none', 'LIMIT_EXCEEDED']);
    const wrong = await network.createNode({ behaviors: [[TelemetryBehavior, { label: '' }]] }).catch(({ code }: NetworkError) => code);
    expect(wrong).to.equal('OPTION_INVALID');
    await network.stop();
  });
});
