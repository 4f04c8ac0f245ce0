/** @module StaticRouter: the contract, the order in which entries win, and the options that are refused. */
import { expect } from 'chai';
import { NetworkError } from '../../core/errors.js';
import { StaticRouter, type StaticRouterOptions } from '../../routing/index.js';
import { routerTableSuite } from '../../testing/conformance/router-table-suite.js';
import { A, B, C, idOf, LOCAL, next, REJECT, SELF, STRANGER } from './ids.js';

const FAR = idOf('e');

/** A router with these options and the neighbours A and B on connections 1 and 2. */
function withNeighbours(options: StaticRouterOptions): StaticRouter {
  const table = new StaticRouter(options);
  table.attach(SELF);
  table.linkUp(1, A);
  table.linkUp(2, B);
  return table;
}

describe('StaticRouter', () => {
  routerTableSuite(() => new StaticRouter(), { reach: 'neighbours' });

  describe('to a node', () => {
    it('goes over the neighbour of its entry, while a link to it is open', () => {
      const table = withNeighbours({ nodes: { [FAR]: B } });
      expect(table.pathToNode(FAR)).eql(next(2, B));
      table.linkDown(2);
      expect(table.pathToNode(FAR)).eql(REJECT);
      table.linkUp(3, B);
      expect(table.pathToNode(FAR)).eql(next(3, B));
    });

    it('prefers the entry to the own link, the own link to the default, the default to nothing', () => {
      const table = withNeighbours({ nodes: { [A]: B }, default: C });
      expect(table.pathToNode(A)).eql(next(2, B));
      table.linkDown(2);
      expect(table.pathToNode(A)).eql(next(1, A));
      expect(table.pathToNode(STRANGER)).eql(REJECT);
      table.linkUp(3, C);
      expect(table.pathToNode(STRANGER)).eql(next(3, C));
      table.linkDown(1);
      expect(table.pathToNode(A)).eql(next(3, C));
    });

    it('never goes back where the message came from (H-25)', () => {
      const table = withNeighbours({ nodes: { [FAR]: B }, default: A });
      expect(table.pathToNode(FAR, 2)).eql(next(1, A));
      expect(table.pathToNode(STRANGER, 1)).eql(REJECT);
    });

    it('answers local for this node, whatever the table says of it', () => {
      expect(withNeighbours({ nodes: { [SELF]: A }, default: B }).pathToNode(SELF)).eql(LOCAL);
      expect(withNeighbours({ nodes: { [FAR]: SELF } }).pathToNode(FAR)).eql(REJECT);
    });
  });

  it('sends a key to the closest of this node, the neighbours and the nodes with an open entry', () => {
    const table = withNeighbours({ nodes: { [FAR]: B } });
    expect(table.pathToKey(FAR)).eql(next(2, B));
    expect(table.pathToKey(FAR, 2)).eql(next(1, A));
    expect(table.pathToKey(SELF)).eql(LOCAL);
    expect(table.pathToKey(A)).eql(next(1, A));
    table.linkDown(2);
    expect(table.pathToKey(FAR)).eql(next(1, A));
  });

  describe('to a service', () => {
    it('fails over along the list, in its order, and back', () => {
      const table = withNeighbours({ services: { 64: [B, FAR, A] }, nodes: { [FAR]: C } });
      expect(table.pathToService(64, 0)).eql(next(2, B));
      table.linkDown(2);
      expect(table.pathToService(64, 0)).eql(next(1, A));
      table.linkUp(3, C);
      expect(table.pathToService(64, 0)).eql(next(3, C));
      table.linkUp(4, B);
      expect(table.pathToService(64, 0)).eql(next(4, B));
    });

    it('skips the provider that the message came from', () => {
      expect(withNeighbours({ services: { 64: [B, A] } }).pathToService(64, 0, 2)).eql(next(1, A));
    });

    it('stays here when this node offers it', () => {
      const table = withNeighbours({ services: { 64: [B] } });
      table.registerService(64);
      expect(table.pathToService(64, 0)).eql(LOCAL);
    });

    it('goes to nobody but the listed, not even the default; an empty list is nobody', () => {
      const table = withNeighbours({ services: { 64: [C], 65: [] }, default: A });
      table.linkServices(1, [64, 65]);
      expect(table.pathToService(64, 0)).eql(REJECT);
      expect(table.pathToService(65, 0)).eql(REJECT);
      expect(table.pathsToServices(64, 0)).eql({ local: false, next: [] });
    });

    it('that is not listed goes to a neighbour that offers it, else to the default', () => {
      const table = withNeighbours({ services: { 64: [C] }, default: A });
      expect(table.pathToService(65, 0)).eql(next(1, A));
      table.linkServices(2, [65]);
      expect(table.pathToService(65, 0)).eql(next(2, B));
      expect(table.pathToService(65, 0, 2)).eql(next(1, A));
      expect(withNeighbours({}).pathToService(65, 0)).eql(REJECT);
    });

    it('takes no way to itself as a listed provider that does not offer it', () => {
      expect(withNeighbours({ services: { 64: [SELF, A] }, nodes: { [SELF]: B } }).pathToService(64, 0)).eql(next(1, A));
    });
  });

  it('gives one copy on each connection that leads to listed providers, and none back', () => {
    const table = withNeighbours({ services: { 64: [A, FAR, B] }, nodes: { [FAR]: B } });
    table.registerService(64);
    const hops = [
      { connectionId: 1, nodeId: A },
      { connectionId: 2, nodeId: B },
    ];
    expect(table.pathsToServices(64, 0)).eql({ local: true, next: hops });
    expect(table.pathsToServices(64, 0, 1).next).eql(hops.slice(1));
    table.linkServices(1, [65]);
    expect(table.pathsToServices(65, 0).next).eql(hops.slice(0, 1));
  });

  it('rejects a key before it is attached to a node', () => {
    expect(new StaticRouter().pathToKey(A)).eql(REJECT);
  });

  it('explains whether the entry, the link, the default or nothing decides', () => {
    const table = withNeighbours({ nodes: { [FAR]: B, [STRANGER]: C }, services: { 64: [A], 66: [C] }, default: A });
    const reasonOf = (rule: Parameters<StaticRouter['explain']>[0]) => table.explain(rule).reason;
    expect(reasonOf({ type: 'node', nodeId: SELF })).equal('the node is this node');
    expect(reasonOf({ type: 'node', nodeId: FAR })).equal('the entry leads over node b0000000');
    expect(reasonOf({ type: 'node', nodeId: B })).equal('the node is a neighbour, on connection 2');
    expect(reasonOf({ type: 'node', nodeId: STRANGER })).equal(
      'the entry leads over node c0000000, which is not connected, so the default takes it',
    );
    expect(reasonOf({ type: 'node', nodeId: C })).equal('the table has no entry for the node, so the default takes it');
    expect(reasonOf({ type: 'key', key: FAR })).equal('the next hop to the known node closest to the key is node b0000000');
    expect(reasonOf({ type: 'key', key: SELF })).contain('this node is closest');
    expect(reasonOf({ type: 'services', serviceId: 65, scope: 0 })).contain('neither this node nor a neighbour');
    expect(reasonOf({ type: 'service', serviceId: undefined, meta: 0 })).contain('service 0');
    expect(reasonOf({ type: 'service', serviceId: 64, meta: 0 })).equal('the table lists providers of service 64');
    expect(reasonOf({ type: 'service', serviceId: 65, meta: 0 })).equal('no neighbour offers service 65, so the default takes it');
    table.linkServices(1, [67]);
    expect(reasonOf({ type: 'service', serviceId: 67, meta: 0 })).contain('offers service 67');
    expect(reasonOf({ type: 'service', serviceId: 66, meta: 0 })).equal('no listed provider of service 66 can be reached');
    table.linkDown(1);
    expect(reasonOf({ type: 'service', serviceId: 65, meta: 0 })).contain('neither this node nor a neighbour');
    expect(reasonOf({ type: 'node', nodeId: C })).equal('the table has no entry for the node, and no default is open');
  });

  describe('options', () => {
    it('may be absent, empty, or in upper case, and are copied', () => {
      const services = { 64: [A.toUpperCase()] };
      const table = withNeighbours({ nodes: { [FAR.toUpperCase()]: B.toUpperCase() }, services, default: A.toUpperCase() });
      services[64].length = 0;
      expect([table.pathToNode(FAR), table.pathToService(64, 0), table.pathToNode(STRANGER)]).eql([next(2, B), next(1, A), next(1, A)]);
      expect(() => new StaticRouter()).not.to.throw();
      expect(() => new StaticRouter({})).not.to.throw();
    });

    const refused: readonly [string, unknown, string][] = [
      ['no object', 7, ''],
      ['a list', [], ''],
      ['an unknown field', { node: {} }, 'node'],
      ['nodes that are no object', { nodes: [A] }, 'nodes'],
      ['a destination that is no node id', { nodes: { abc: A } }, 'nodes["abc"]'],
      ['a neighbour that is no text', { nodes: { [A]: 7 } }, `nodes["${A}"]`],
      ['a neighbour that is no node id', { nodes: { [A]: 'abc' } }, `nodes["${A}"]`],
      ['one destination in two spellings', { nodes: { [A]: B, [A.toUpperCase()]: C } }, `nodes["${A.toUpperCase()}"]`],
      ['services that are no object', { services: 'all' }, 'services'],
      ['a service id above 255', { services: { 256: [] } }, 'services["256"]'],
      ['a service id with a leading zero', { services: { '064': [] } }, 'services["064"]'],
      ['a negative service id', { services: { '-1': [] } }, 'services["-1"]'],
      ['providers that are no list', { services: { 64: A } }, 'services["64"]'],
      ['a provider that is no node id', { services: { 64: [A, 'abc'] } }, 'services["64"][1]'],
      ['a default that is no node id', { default: A.slice(1) }, 'default'],
    ];
    for (const [what, options, field] of refused) {
      it(`refuse ${what} with OPTION_INVALID, naming the field`, () => {
        const thrown = expect(() => new StaticRouter(options as StaticRouterOptions)).to.throw(NetworkError);
        thrown.with.property('code', 'OPTION_INVALID');
        thrown.with.nested.property('details.option', field);
      });
    }

    it('take the service ids 0 and 255', () => {
      expect(() => new StaticRouter({ services: { 0: [A], 255: [A] } })).not.to.throw();
    });
  });
});
