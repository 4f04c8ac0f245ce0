/** @module What lasts is in the log once, at the default level, and once when it is over. */
import { expect } from 'chai';
import type { Logger } from '../../../core/index.js';
import { DirectRouter, PathVectorRouter } from '../../../routing/index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { seededIdentity } from '../../../testing/index.js';
import { bookOf, Mesh } from '../../behaviours/addressbook/support.js';

interface Line extends Readonly<Record<string, unknown>> {
  readonly msg: string;
}

/** Keeps what a node logs at `warn` and above. */
function keeping(bound: object = {}, lines: Line[] = []): { readonly lines: Line[]; readonly logger: Logger } {
  const silent = () => undefined;
  const keep = (fields: object, msg: string) => void lines.push({ ...bound, ...fields, msg });
  const logger: Logger = {
    ...{ trace: silent, debug: silent, info: silent, warn: keep, error: keep },
    child: (fields) => keeping({ ...bound, ...fields }, lines).logger,
  };
  return { lines, logger };
}

const textsOf = (lines: readonly Line[]) => lines.map(({ msg }) => msg);

/** A table whose syncs are none. */
class Garbage extends DirectRouter {
  override readonly kind = new PathVectorRouter().kind;

  override createSync(): Uint8Array {
    return Uint8Array.of(1, 2, 3);
  }
}

describe('conditions that last', () => {
  it('kind 6: syncs of a neighbour that are refused again and again are one line, and counted', async () => {
    const sim = new SimulatedNetwork({ seed: 64, latencyMs: 10 });
    const { lines, logger } = keeping();
    const node = await sim.createNode({ name: 'a', logger });
    const neighbour = await sim.createNode({ name: 'b', router: Garbage, seeds: ['sim://a'] });
    await sim.start(node, neighbour);
    await sim.run(9_000);
    expect(lines).to.deep.equal([]);
    await sim.run(60_000);
    expect(textsOf(lines)).to.deep.equal(['syncs of a neighbour are refused again and again']);
    expect(lines[0]).to.include({ peer: neighbour.id.slice(0, 8) });
    expect(node.metrics()['router_sync_syncs_refused_total']).to.be.above(50);
    neighbour.useRouter(PathVectorRouter);
    await sim.run(80_000);
    expect(textsOf(lines)[1]).to.equal('syncs of a neighbour are no longer refused');
  });

  it('kind 6, row 107: records of a neighbour that are refused again and again are one line, and counted', async () => {
    const mesh = new Mesh('refused');
    const { lines, logger } = keeping();
    const node = await mesh.node('a', { logger });
    const { node: neighbour, liar } = await mesh.liar('b', { seeds: ['sim://a'] });
    await mesh.net.runUntil(() => neighbour.connections().length === 1);
    const tell = () => liar.say({ type: 1, records: [Uint8Array.of(1)] });
    tell();
    await mesh.net.run(9_900);
    tell();
    expect(lines).to.deep.equal([]);
    await mesh.net.run(200);
    for (let count = 0; count < 5; count++) tell();
    await mesh.net.run(50_000);
    expect(lines.map(({ msg, verdict }) => [msg, verdict])).to.deep.equal([
      ['records of a neighbour are refused again and again', 'malformed'],
    ]);
    expect([node.metrics()['addressbook_records_refused_total'], bookOf(node).counters.recordsRefused]).to.deep.equal([7, 7]);
    await mesh.net.run(20_000);
    expect(textsOf(lines)[1]).to.equal('records of a neighbour are no longer refused');
  });

  for (const builtins of [undefined, ['handshake'] as const]) {
    const who = builtins === undefined ? 'with an address book' : 'without an address book';

    it(`kind 6: a seed that is not reached for 10 s is one line with the last reason, and one when it is, ${who}`, async () => {
      const sim = new SimulatedNetwork({ seed: 61, latencyMs: 10 });
      const { lines, logger } = keeping();
      const node = await sim.createNode({ name: 'a', seeds: ['sim://late'], logger, ...(builtins && { builtins }) });
      await node.start();
      await sim.run(9_900);
      expect(lines).to.deep.equal([]);
      await sim.run(110_000);
      expect(textsOf(lines)).to.deep.equal(['a kept peer is not reached']);
      expect(lines[0]).to.include({ address: 'sim://late', code: 'HOST_UNRESOLVED' });
      const late = await sim.createNode({ name: 'late', ...(builtins && { builtins }) });
      await late.start();
      await sim.run(120_000);
      expect(textsOf(lines)).to.deep.equal(['a kept peer is not reached', 'a kept peer is reached']);
      expect(lines[1]).to.include({ peer: late.id.slice(0, 8) });
    });
  }

  it('kind 6: a seed of another space is one line', async () => {
    const sim = new SimulatedNetwork({ seed: 62, latencyMs: 10 });
    const { lines, logger } = keeping();
    const server = await sim.createNode({ name: 'b', network: 'home' });
    const node = await sim.createNode({ name: 'a', network: 'hone', seeds: ['sim://b'], logger });
    await sim.start(server, node);
    await sim.run(300_000);
    expect(textsOf(lines)).to.deep.equal(['a kept peer is not reached']);
    expect(lines[0]).to.include({ address: 'sim://b', code: 'HANDSHAKE_FAILED' });
  });

  it('kind 6: two processes with one key are one line in the log of the node that they displace each other at, and one when it is over', async () => {
    const sim = new SimulatedNetwork({ seed: 63, latencyMs: 10 });
    const hub = keeping();
    const twins = [keeping(), keeping()];
    const server = await sim.createNode({ name: 'hub', logger: hub.logger });
    await server.start();
    const identity = seededIdentity('twin');
    const nodes = await Promise.all(
      twins.map(({ logger }, index) => sim.createNode({ name: `t${index}`, identity, seeds: ['sim://hub'], logger })),
    );
    for (const node of nodes) await node.start();
    await sim.run(300_000);
    const key = identity.nodeId.slice(0, 8);
    const shared = 'two processes seem to use one key';
    expect(hub.lines.map(({ msg, key, isOwn }) => [msg, key, isOwn])).to.deep.equal([[shared, key, false]]);
    const told = twins.flatMap(({ lines }) => lines).filter(({ msg }) => msg === shared);
    expect(told.length).to.be.within(1, 2);
    for (const line of told) expect(line).to.include({ key, isOwn: true });
    await nodes[0]?.stop();
    await sim.run(400_000);
    expect(textsOf(hub.lines)).to.deep.equal([shared, 'a key seems to be used by one process again']);
  });

  it('kind 6: connections that come and go are lines at info, and none at the default level', async () => {
    const sim = new SimulatedNetwork({ seed: 65, latencyMs: 10 });
    const { lines, logger } = keeping();
    const infos: string[] = [];
    const told: Logger = { ...logger, info: (_fields: object, msg: string) => void infos.push(msg), child: () => told };
    const node = await sim.createNode({ name: 'a', logger: told });
    const neighbour = await sim.createNode({ name: 'b' });
    await sim.start(node, neighbour);
    await neighbour.connect('sim://a');
    await neighbour.stop();
    await sim.run(1_000);
    expect(infos.filter((msg) => msg.includes('connected'))).to.deep.equal(['connected', 'disconnected']);
    expect(lines).to.deep.equal([]);
  });
});
