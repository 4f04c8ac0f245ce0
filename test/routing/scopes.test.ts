/**
 * @module Broadcasts with a scope (ATM-58): copies go to providers whose ids begin as the sender's does, over any relays, in every table
 * that knows providers.
 */
import { expect } from 'chai';
import { sharesPrefix } from '../../core/address/node-id.js';
import type { RouteFanout, RouterTable } from '../../core/api/router-table.js';
import { NetworkError, toServices } from '../../index.js';
import { DirectRouter } from '../../routing/direct-router.js';
import { StaticRouter } from '../../routing/static-router.js';
import { idOf } from './ids.js';
import { TableNet } from './path-vector/table-net.js';

const SELF = idOf('0a0b0c01');
const GROUP = idOf('0a0b0c02');
const PART = idOf('0a0b0d03');
const ZONE = idOf('0a0f0c04');
const OTHER = idOf('1a0b0c05');
const ALL = [GROUP, PART, ZONE, OTHER];

/** Scope by scope: global, zone, part of a zone, group (ATM-58); then everything but the last byte, and this node alone. */
const WITHIN = [ALL, [GROUP, PART, ZONE], [GROUP, PART], [GROUP]] as const;

const nodesOf = ({ next }: RouteFanout) => next.map(({ nodeId }) => nodeId).sort();

function neighboursOf(table: RouterTable): RouterTable {
  table.attach(SELF);
  table.registerService(64);
  for (const [index, nodeId] of ALL.entries()) {
    table.linkUp(index + 1, nodeId);
    table.linkServices(index + 1, [64]);
  }
  return table;
}

describe('A broadcast with a scope (ATM-58)', () => {
  const listed = { services: { 64: ALL } };
  const tables = {
    DirectRouter: () => new DirectRouter(),
    StaticRouter: () => new StaticRouter(),
    'StaticRouter with a list': () => new StaticRouter(listed),
  };
  for (const [name, make] of Object.entries(tables)) {
    it(`goes to the neighbours that share as many bytes with the sender: ${name}`, () => {
      const table = neighboursOf(make());
      for (const [scope, nodes] of WITHIN.entries()) expect(nodesOf(table.pathsToServices(64, scope)), `${scope}`).eql([...nodes]);
      expect(table.pathsToServices(64, 32)).eql({ local: true, next: [] });
      expect(nodesOf(table.pathsToServices(64, 1, 1))).eql([PART, ZONE]);
    });

    it(`is one of the sender's, wherever it passes: ${name}`, () => {
      const table = neighboursOf(make());
      expect(nodesOf(table.pathsToServices(64, 1, undefined, OTHER))).eql([OTHER]);
      expect(table.pathsToServices(64, 1, undefined, OTHER).local).equal(false);
      expect(nodesOf(table.pathsToServices(64, 1, 1, GROUP))).eql([PART, ZONE]);
      expect(table.pathsToServices(64, 1, 1, GROUP).local).equal(true);
      expect(table.pathsToServices(64, 255, undefined, GROUP)).eql({ local: false, next: [{ connectionId: 1, nodeId: GROUP }] });
    });
  }

  it('reaches providers within the scope over relays that are not, which take no copy themselves: PathVectorRouter', () => {
    const net = new TableNet([SELF, OTHER, PART, ZONE]).connectAll([
      [0, 1],
      [1, 2],
      [1, 3],
    ]);
    for (const node of net.nodes) net.offer(node, 64);
    net.settle();
    const [self, relay, part] = [net.node(0).table, net.node(1).table, net.node(2).table];
    for (const scope of [0, 1, 2]) expect(nodesOf(self.pathsToServices(64, scope)), `${scope}`).eql([OTHER]);
    expect(self.pathsToServices(64, 3)).eql({ local: true, next: [] });
    const from = net.connectionTo(net.node(1), net.node(0));
    expect(relay.pathsToServices(64, 0, from, SELF).local).equal(true);
    expect(relay.pathsToServices(64, 1, from, SELF).local).equal(false);
    expect(nodesOf(relay.pathsToServices(64, 1, from, SELF))).eql([PART, ZONE]);
    expect(nodesOf(relay.pathsToServices(64, 2, from, SELF))).eql([PART]);
    expect(part.pathsToServices(64, 2, net.connectionTo(net.node(2), net.node(1)), SELF)).eql({ local: true, next: [] });
  });

  it('has 0 to 32 bytes', () => {
    expect([0, 3, 32].map((scope) => toServices(64, scope))).eql([0, 3, 32].map((scope) => ({ type: 'services', serviceId: 64, scope })));
    for (const scope of [-1, 33, 1.5, Number.NaN])
      expect(() => toServices(64, scope))
        .to.throw(NetworkError)
        .with.property('code', 'ARGUMENT_INVALID');
  });
});

describe('sharesPrefix', () => {
  it('compares whole bytes', () => {
    expect([0, 1, 2, 3].map((count) => sharesPrefix(SELF, GROUP, count))).eql([true, true, true, true]);
    expect([1, 2].map((count) => sharesPrefix(SELF, ZONE, count))).eql([true, false]);
    expect([31, 32, 33].map((count) => sharesPrefix(SELF, SELF, count))).eql([true, true, true]);
    expect([3, 4, 32, 99].map((count) => sharesPrefix(SELF, GROUP, count))).eql([true, false, false, false]);
  });
});
