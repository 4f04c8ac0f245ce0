/**
 * @module ShadowRouter (ATM-57): after any events, with what changed taken over at any times, the shadow answers as the table does.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import fc from 'fast-check';
import type { NodeId } from '../../../../core/address/node-id.js';
import type { RouterTable } from '../../../../core/api/router-table.js';
import { NetworkError } from '../../../../core/errors.js';
import { LayeredRouter } from '../../../../routing/layered/layered-router.js';
import { PathVectorRouter } from '../../../../routing/path-vector/path-vector-router.js';
import type { ShadowDelta } from '../../../../routing/path-vector/shadow/shadow-delta.js';
import { ShadowRouter } from '../../../../routing/path-vector/shadow/shadow-router.js';
import { forSeeds } from '../../../../testing/conformance/check-tools.js';
import { ANY_MESH, change, type MeshShape, ZONED_MESH } from '../../../../testing/conformance/router-table-meshes.js';
import { routerTableSuite } from '../../../../testing/conformance/router-table-suite.js';
import { measured, TableMesh } from '../../../../testing/conformance/table-mesh.js';
import { A, B, C, idOf, next, REJECT, SELF, STRANGER } from '../../ids.js';
import { linkCost } from '../table-net.js';
import { ShadowedTable } from './shadowed-table.js';

function answers(table: RouterTable, nodes: readonly NodeId[], excepts: Iterable<number>): string[] {
  return [undefined, ...excepts, 2 ** 40].flatMap((except) => [
    ...nodes.map((id) => JSON.stringify(['node', id, except, table.pathToNode(id, except)])),
    ...nodes.map((id) => JSON.stringify(['key', id, except, table.pathToKey(`${id.slice(0, 63)}5` as NodeId, except)])),
    ...[64, 65, 66].flatMap((service) => [
      JSON.stringify(['service', service, except, table.pathToService(service, 0, except), table.providerOf(service, 0)]),
      ...[0, 1, 32].map((scope) => {
        const { local, next: hops } = table.pathsToServices(service, scope, except, nodes[1]);
        return JSON.stringify(['services', service, scope, except, local, hops.map((hop) => hop.connectionId).sort()]);
      }),
    ]),
  ]);
}

function allEqual({ nodes }: TableMesh): void {
  const ids = [...nodes.map(({ id }) => id), STRANGER];
  for (const { table, ends } of nodes) {
    const { fresh, table: original } = table as ShadowedTable;
    expect(answers(fresh, ids, ends.keys())).eql(answers(original, ids, ends.keys()));
  }
}

describe('ShadowRouter (ATM-57)', () => {
  const kinds: readonly (readonly [string, () => PathVectorRouter | LayeredRouter, MeshShape])[] = [
    ['PathVectorRouter', () => new PathVectorRouter(), ANY_MESH],
    ['LayeredRouter', () => new LayeredRouter(), ZONED_MESH],
  ];
  for (const [name, make, shape] of kinds) {
    it(`answers as a ${name} does, after any events`, () => {
      forSeeds(1, 10, (random) => {
        const mesh = shape.build(() => new ShadowedTable(make()), random);
        allEqual(mesh);
        for (let step = 0; step < 8; step++) {
          change(mesh, random, random.below(3));
          if (random.once(3)) mesh.isolate(random.pick(mesh.nodes));
          allEqual(mesh);
        }
      });
    });
  }

  describe('of a PathVectorRouter, in the place of one', () => {
    routerTableSuite(() => new ShadowedTable(new PathVectorRouter()), { reach: 'mesh', runs: 4, cost: linkCost });
  });

  describe('of a LayeredRouter, in the place of one', () => {
    routerTableSuite(() => new ShadowedTable(new LayeredRouter()), { reach: 'zoned', runs: 4, cost: linkCost });
  });

  it('does so for links and services in any order, with deltas taken over now and then (property)', () => {
    const event = fc.record({
      kind: fc.constantFrom('up', 'down', 'metric', 'services', 'own', 'take'),
      link: fc.nat(4),
      node: fc.constantFrom(A, B, C),
      value: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const table = new PathVectorRouter({ balance: 'nearest' });
        table.attach(SELF);
        const feed = table.shadowFeed();
        const shadow = new ShadowRouter();
        const links = new Set<number>();
        for (const { kind, link, node, value } of [...events, { kind: 'take', link: 0, node: A, value: 0 }]) {
          if (kind === 'up' && !links.has(link)) table.linkUp(link, node);
          if (kind === 'up') links.add(link);
          if (kind === 'down') table.linkDown(link);
          if (kind === 'down') links.delete(link);
          if (kind === 'metric') table.linkMetric(link, measured(10 + 40 * value));
          if (kind === 'services') table.linkServices(link, [64, 65].slice(0, value));
          if (kind === 'own') value > 1 ? table.registerService(64) : table.unregisterService(64);
          if (kind !== 'take') continue;
          shadow.apply(structuredClone(feed.take()));
          expect(answers(shadow, [A, B, C, SELF, STRANGER], links)).eql(answers(table, [A, B, C, SELF, STRANGER], links));
        }
      }),
      { numRuns: 100, seed: 6 },
    );
  });

  it('gives everything the first time, then only what changed', () => {
    const table = new PathVectorRouter();
    const feed = table.shadowFeed();
    expect(feed.take()).eql([]);
    table.attach(SELF);
    table.linkUp(1, A);
    table.linkUp(2, B);
    table.registerService(64);
    expect(feed.take().map(({ type }) => type)).eql(['begin', 'set-link', 'set-link', 'set-service', 'set-node', 'set-node']);
    expect(feed.take()).eql([]);
    table.linkServices(2, [65]);
    expect(feed.take()).eql([
      { type: 'set-node', nodeId: B, connectionId: 2, cost: 1100, services: [65], detours: [{ from: 2, over: -1 }] },
    ]);
    table.linkDown(1);
    table.unregisterService(64);
    expect(feed.take()).eql([
      { type: 'del-link', connectionId: 1 },
      { type: 'del-service', serviceId: 64 },
      { type: 'del-node', nodeId: A },
    ]);
    feed.close();
    table.linkDown(2);
    expect(table['rib']?.watchers.size).equal(0);
  });

  it('knows the ways around a neighbour from the moment on that it is one, and until it is none', () => {
    const mesh = new TableMesh([SELF, A, B, C], () => new ShadowedTable(new PathVectorRouter())).connectAll([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    mesh.settle();
    const self = mesh.node(0);
    const toC = (except?: number) =>
      [(self.table as ShadowedTable).fresh, (self.table as ShadowedTable).table].map((table) => table.pathToNode(C, except).type);
    expect(toC()).eql(['next', 'next']);
    mesh.connect(self, mesh.node(2));
    const connectionId = mesh.connectionTo(self, mesh.node(2));
    expect(toC(connectionId)).eql(['reject', 'reject']);
    mesh.cut(self, mesh.node(2));
    expect(toC(connectionId)).eql(['next', 'next']);
  });

  it('forgets a node whose number means another one by now', () => {
    const table = new PathVectorRouter();
    table.attach(SELF);
    const [feed, shadow] = [table.shadowFeed(), new ShadowRouter()];
    table.linkUp(1, A);
    table.linkUp(3, C);
    shadow.apply(feed.take());
    table.linkDown(1);
    for (let round = 0; round < 6; round++) table.createSync(C);
    table.linkUp(2, B);
    shadow.apply(feed.take());
    expect([A, B, C].map((id) => shadow.pathToNode(id))).eql([REJECT, next(2, B), next(3, C)]);
    expect(shadow.pathToKey(A)).eql(table.pathToKey(A));
  });

  it('may follow a table that is old already, and several may follow one', () => {
    const table = new PathVectorRouter();
    table.attach(SELF);
    table.linkUp(1, A);
    const [one, other] = [new ShadowRouter(), new ShadowRouter()];
    const feed = table.shadowFeed();
    one.apply(feed.take());
    table.linkUp(2, B);
    other.apply(table.shadowFeed().take());
    one.apply(feed.take());
    for (const shadow of [one, other]) expect([A, B].map((id) => shadow.pathToNode(id))).eql([next(1, A), next(2, B)]);
  });

  it('is begun anew by a feed of another table of the node, and refuses one of another node, or deltas without a beginning', () => {
    const feedOf = (self: NodeId, peer: NodeId) => {
      const table = new PathVectorRouter();
      table.attach(self);
      table.linkUp(1, peer);
      return table.shadowFeed();
    };
    const shadow = new ShadowRouter();
    const late: ShadowDelta[] = [{ type: 'del-link', connectionId: 1 }];
    const refused = (act: () => void) => expect(act).to.throw(NetworkError).with.property('code', 'ARGUMENT_INVALID');
    refused(() => shadow.apply(late));
    shadow.apply(feedOf(SELF, A).take());
    shadow.apply(feedOf(SELF, B).take());
    expect([A, B].map((id) => shadow.pathToNode(id).type)).eql(['reject', 'next']);
    refused(() => shadow.apply(feedOf(C, B).take()));
    expect(shadow.pathToNode(B)).eql(next(1, B));
  });

  it('answers in a worker', async () => {
    const table = new LayeredRouter();
    table.attach(SELF);
    table.linkUp(7, idOf('a1'));
    const source = `
      import { parentPort } from 'node:worker_threads';
      import { ShadowRouter } from ${JSON.stringify(new URL('../../../../routing/index.js', import.meta.url).href)};
      const shadow = new ShadowRouter();
      parentPort.once('message', ({ deltas, nodeId }) => {
        shadow.apply(deltas);
        parentPort.postMessage(shadow.pathToNode(nodeId));
      });`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
    worker.postMessage({ deltas: table.shadowFeed().take(), nodeId: idOf('a1') });
    expect(await once(worker, 'message')).eql([next(7, idOf('a1'))]);
    await worker.terminate();
  });
});
