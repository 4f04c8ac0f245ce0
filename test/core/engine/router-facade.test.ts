/** @module The facade as a table, the exchange of the table beneath, and events. Answers are in router-facade-answers.test.ts. */
import { expect } from 'chai';
import type { NodeId } from '../../../core/address/node-id.js';
import { type RouteAction, RouterTable } from '../../../core/api/router-table.js';
import { RouterFacade } from '../../../core/engine/router-facade.js';
import { NetworkError } from '../../../core/errors.js';
import { DirectRouter } from '../../../routing/index.js';
import { routerTableSuite } from '../../../testing/conformance/router-table-suite.js';
import { A, B, LOCAL, next, REJECT, rtt, SELF, STRANGER } from '../../routing/ids.js';
import { patched } from '../../routing/patched.js';
import { facadeOver } from './facade-support.js';

function failOnFault(callback: string, cause: unknown): void {
  throw new Error(`${callback} failed`, { cause });
}

/** A facade that puts a fresh table in place of the present one before every third event. */
class Restless extends RouterFacade {
  #events = 0;

  override attach(self: NodeId): void {
    super.attach(self);
    for (const name of ['linkUp', 'linkDown', 'linkServices', 'registerService', 'unregisterService'] as const) {
      const event = this[name].bind(this) as (...args: unknown[]) => void;
      Object.assign(this, { [name]: (...args: unknown[]) => this.#before(() => event(...args)) });
    }
  }

  #before(event: () => void): void {
    if (this.#events++ % 3 === 0) this.replace(new DirectRouter());
    event();
  }
}

/** Writes down what it is told. */
class Recording extends RouterTable {
  readonly told: unknown[][] = [];
  override attach(self: NodeId): void {
    super.attach(self);
    this.told.push(['attach', self]);
  }
  override pathToNode(): RouteAction {
    return REJECT;
  }
  override pathToKey(): RouteAction {
    return REJECT;
  }
  override pathToService(): RouteAction {
    return REJECT;
  }
  override linkUp(...args: unknown[]): void {
    this.told.push(['linkUp', ...args]);
  }
  override linkMetric(...args: unknown[]): void {
    this.told.push(['linkMetric', ...args]);
  }
  override linkServices(...args: unknown[]): void {
    this.told.push(['linkServices', ...args]);
  }
  override linkDown(...args: unknown[]): void {
    this.told.push(['linkDown', ...args]);
  }
  override registerService(...args: unknown[]): void {
    this.told.push(['registerService', ...args]);
  }
  override unregisterService(...args: unknown[]): void {
    this.told.push(['unregisterService', ...args]);
  }
  override applySync(...args: unknown[]): void {
    this.told.push(['applySync', ...args]);
  }
}

/** The same, for a table that learns from neighbours. */
class Learning extends Recording {
  override readonly kind = 'learning';
  constructor(public isWhole: boolean) {
    super();
  }
  override get isFilled(): boolean {
    return this.isWhole;
  }
}

describe('RouterFacade', () => {
  describe('over a direct router', () => {
    routerTableSuite(() => new RouterFacade(new DirectRouter(), failOnFault), { reach: 'neighbours' });
  });

  describe('whose table is replaced all the time', () => {
    routerTableSuite(() => new Restless(new DirectRouter(), failOnFault), { reach: 'neighbours' });
  });

  describe('replace', () => {
    it('primes the new table with everything of now, in the order of coming up, before it is asked', () => {
      const { facade } = facadeOver(new DirectRouter());
      facade.linkMetric(1, rtt(5));
      facade.linkMetric(1, rtt(6));
      facade.linkServices(2, [64, 64, 65]);
      facade.registerService(66);
      facade.registerService(67);
      facade.unregisterService(66);
      facade.linkUp(3, STRANGER);
      facade.linkDown(3);
      const table = new Recording();
      facade.replace(table);
      expect(table.told).eql([
        ['attach', SELF],
        ['registerService', 67],
        ['linkUp', 1, A],
        ['linkMetric', 1, rtt(6)],
        ['linkUp', 2, B],
        ['linkServices', 2, [64, 65]],
      ]);
      expect(facade.table).equal(table);
    });

    it('takes over the kind of the new table', () => {
      const { facade } = facadeOver(Object.assign(new DirectRouter(), { kind: 'old' }));
      expect(facade.kind).equal('old');
      facade.replace(Object.assign(new DirectRouter(), { kind: 'new' }));
      expect(facade.kind).equal('new');
    });

    it('keeps the old table and throws the cause when priming throws', () => {
      const old = new DirectRouter();
      const { facade, faults } = facadeOver(old);
      const cause = new Error('cannot');
      const bad = patched(new DirectRouter(), () => ({
        linkUp: () => {
          throw cause;
        },
      }));
      expect(() => facade.replace(bad)).to.throw(cause);
      expect(facade.table).equal(old);
      expect(facade.pathToNode(A)).eql(next(1, A));
      expect(faults).eql([]);
    });

    it('does nothing for the present table', () => {
      const table = new Recording();
      const { facade } = facadeOver(table);
      const before = table.told.length;
      facade.replace(table);
      expect(table.told.length).equal(before);
    });

    it('of several swaps the last filled table is the old one, and it gets lost links alone', () => {
      const [filled, skipped, last] = [new Learning(true), new Learning(false), new Learning(false)];
      const { facade } = facadeOver(filled);
      facade.replace(skipped);
      facade.replace(last);
      for (const table of [filled, skipped, last]) table.told.length = 0;
      facade.linkUp(3, STRANGER);
      facade.linkMetric(1, rtt(6));
      facade.registerService(70);
      facade.applySync(1, rtt(6), Uint8Array.of(1));
      facade.linkDown(1);
      expect([filled, skipped].map(({ told }) => told)).eql([[['linkDown', 1]], []]);
      expect(last.told.map(([name]) => name)).eql(['linkUp', 'linkMetric', 'registerService', 'applySync', 'linkDown']);
      expect(facade.isFilling).equal(true);
      last.isWhole = true;
      facade.linkDown(3);
      expect(facade.isFilling).equal(false);
    });

    it('asks an unfilled table for nodes and services first, and leaves keys and broadcasts to the old one', () => {
      const of = (name: NodeId) => ({
        pathToNode: () => next(1, name),
        pathToKey: () => next(1, name),
        pathToService: () => next(1, name),
      });
      const old = patched(new DirectRouter(), () => ({
        ...of(A),
        pathsToServices: () => ({ local: true, next: [] }),
        providerOf: () => B,
      }));
      const { facade } = facadeOver(old);
      const learning = new Learning(false);
      facade.replace(learning);
      expect([facade.pathToNode(B), facade.pathToKey(B), facade.pathToService(64, 0)]).eql([next(1, A), next(1, A), next(1, A)]);
      expect([facade.pathsToServices(64, 0).local, facade.providerOf(64, 0)]).eql([true, B]);
      Object.assign(learning, { pathToNode: () => LOCAL, pathToKey: () => LOCAL, pathToService: () => LOCAL, providerOf: () => A });
      expect([facade.pathToNode(B), facade.pathToKey(B), facade.pathToService(64, 0)]).eql([LOCAL, next(1, A), LOCAL]);
      expect([facade.providerOf(64, 0), facade.providerOf(64, 0, B)]).eql([A, B]);
      facade.settle(learning);
      expect([facade.pathToKey(B), facade.providerOf(64, 0, B)]).eql([LOCAL, A]);
    });

    it('has a revision of its own for every table that has one', () => {
      class Revised extends Recording {
        override get revision(): number {
          return 7;
        }
      }
      const { facade } = facadeOver(new Revised());
      const before = facade.revision;
      facade.replace(new Revised());
      expect(facade.revision).not.equal(before);
      expect(facade.revision).equal(facade.revision);
      facade.replace(new Recording());
      expect(facade.revision).equal(undefined);
    });

    it('has no old table beside one that learns nothing, and keeps none past its time', () => {
      const { facade } = facadeOver(new DirectRouter());
      facade.replace(new DirectRouter());
      expect(facade.isFilling).equal(false);
      const [first, second] = [new Learning(false), new Learning(false)];
      facade.replace(first);
      facade.replace(second);
      facade.settle(first);
      expect(facade.isFilling).equal(true);
      facade.settle(second);
      expect(facade.isFilling).equal(false);
    });

    const refused: readonly [string, () => unknown][] = [
      ['a table of another node', () => facadeOver(new DirectRouter()).facade.table],
      ['a facade of another node', () => facadeOver(new DirectRouter()).facade],
      ['something that is no table', () => ({ pathToNode: () => LOCAL })],
      ['nothing', () => undefined],
      ['a table that does not pass attach on', () => patched(new DirectRouter(), () => ({ attach: () => undefined }))],
    ];
    for (const [what, make] of refused) {
      it(`throws ARGUMENT_INVALID for ${what}, and keeps the old one`, () => {
        const old = new DirectRouter();
        const { facade } = facadeOver(old);
        expect(() => facade.replace(make() as RouterTable))
          .to.throw(NetworkError)
          .with.property('code', 'ARGUMENT_INVALID');
        expect(facade.table).equal(old);
      });
    }

    it('throws ARGUMENT_INVALID for itself and for a table that it had before', () => {
      const old = new DirectRouter();
      const { facade } = facadeOver(old);
      facade.replace(new DirectRouter());
      for (const table of [facade, old])
        expect(() => facade.replace(table))
          .to.throw(NetworkError)
          .with.property('code', 'ARGUMENT_INVALID');
    });

    it('works before attach too, and what happened before is told at attach', () => {
      const [first, second] = [new Recording(), new Recording()];
      const facade = new RouterFacade(first, failOnFault);
      facade.registerService(64);
      facade.linkUp(1, A);
      facade.replace(second);
      expect([...first.told, ...second.told]).eql([]);
      facade.attach(SELF);
      expect(second.told).eql([
        ['attach', SELF],
        ['registerService', 64],
        ['linkUp', 1, A],
      ]);
    });
  });

  it('throws ARGUMENT_INVALID for a used table at construction, and for a second attach', () => {
    const { facade } = facadeOver(new DirectRouter());
    expect(() => new RouterFacade(facade.table, failOnFault))
      .to.throw(NetworkError)
      .with.property('code', 'ARGUMENT_INVALID');
    expect(() => facade.attach(SELF))
      .to.throw(NetworkError)
      .with.property('code', 'ARGUMENT_INVALID');
  });

  describe('events', () => {
    it('of connections that are not up, and a second linkUp, do not reach the table', () => {
      const table = new Recording();
      const { facade } = facadeOver(table);
      const before = table.told.length;
      facade.linkUp(1, B);
      facade.linkMetric(9, rtt(1));
      facade.linkServices(9, [64]);
      facade.applySync(9, rtt(1), new Uint8Array(1));
      facade.linkDown(9);
      expect(table.told.length).equal(before);
      facade.applySync(1, rtt(1), new Uint8Array(1));
      facade.linkDown(1);
      facade.linkDown(1);
      expect(table.told.slice(before)).eql([
        ['applySync', 1, rtt(1), new Uint8Array(1)],
        ['linkDown', 1],
      ]);
    });

    it('give the table a copy of the services', () => {
      const table = new Recording();
      const { facade } = facadeOver(table);
      const services = [64];
      facade.linkServices(1, services);
      services.push(65);
      expect(table.told.at(-1)).eql(['linkServices', 1, [64]]);
    });

    for (const name of ['linkUp', 'linkMetric', 'linkServices', 'linkDown', 'registerService', 'unregisterService', 'applySync'] as const) {
      it(`survive a ${name} that throws, which is a fault`, () => {
        const cause = new Error(name);
        const table = new Recording();
        const { facade, faults } = facadeOver(table);
        Object.assign(table, {
          [name]: () => {
            throw cause;
          },
        });
        const calls = {
          linkUp: () => facade.linkUp(5, STRANGER),
          linkMetric: () => facade.linkMetric(1, rtt(1)),
          linkServices: () => facade.linkServices(1, []),
          linkDown: () => facade.linkDown(1),
          registerService: () => facade.registerService(64),
          unregisterService: () => facade.unregisterService(64),
          applySync: () => facade.applySync(1, rtt(1), new Uint8Array(1)),
        };
        calls[name]();
        expect(faults).eql([[name, cause]]);
        expect(facade.faultCount).equal(1);
      });
    }
  });
});
