/** @module What the facade makes of a table's answers: sound ones pass, all others cost one message and are reported. */
import { expect } from 'chai';
import type { ClosestNodes, RouteAction, RouteFanout, RouterTable } from '../../../core/api/router-table.js';
import type { RouterFacade } from '../../../core/engine/router-facade.js';
import { NetworkError } from '../../../core/errors.js';
import { DirectRouter, ForceNodeRouter } from '../../../routing/index.js';
import { A, B, LOCAL, next, REJECT, STRANGER } from '../../routing/ids.js';
import { patched } from '../../routing/patched.js';
import { facadeOver } from './facade-support.js';

describe('RouterFacade', () => {
  describe('answers', () => {
    const asks: readonly [keyof RouterTable, (facade: RouterFacade, except?: number) => RouteAction][] = [
      ['pathToNode', (facade, except) => facade.pathToNode(A, except)],
      ['pathAround', (facade, except = 9) => facade.pathAround(A, except)],
      ['pathToKey', (facade, except) => facade.pathToKey(A, except)],
      ['pathToService', (facade, except) => facade.pathToService(64, 0, except)],
      ['pathTo', (facade, except) => facade.pathTo({ type: 'node', nodeId: A }, 64, except)],
    ];
    const unsound: readonly [string, unknown][] = [
      ['undefined', undefined],
      ['null', null],
      ['a text', 'local'],
      ['an unknown type', { type: 'drop' }],
      ['a promise', Promise.resolve(LOCAL)],
      ['a connection that is not up', next(9, A)],
      ['another node than is at the end of the connection', next(1, B)],
      ['a connection id of another type', { type: 'next', connectionId: '1', nodeId: A }],
    ];
    for (const [name, ask] of asks) {
      it(`of ${name} are the table's own objects when they are sound`, () => {
        const { facade, faults } = facadeOver(new DirectRouter());
        expect(ask(facade)).oneOf([facade.table.pathToNode(A), REJECT, facade.table.pathToService(64, 0)]);
        expect(faults).eql([]);
      });

      it(`of ${name} become reject and a fault when it throws`, () => {
        const cause = new Error('lost');
        const { facade, faults } = facadeOver(
          patched(new DirectRouter(), () => ({
            [name]: () => {
              throw cause;
            },
          })),
        );
        expect(ask(facade)).eql(REJECT);
        expect(faults).eql([[name, cause]]);
        expect(facade.faultCount).equal(1);
      });

      for (const [what, answer] of unsound) {
        it(`of ${name} become reject and a fault when it answers ${what}`, () => {
          const { facade, faults } = facadeOver(patched(new DirectRouter(), () => ({ [name]: () => answer })));
          expect(ask(facade)).eql(REJECT);
          expect(faults.map(([callback]) => callback)).eql([name]);
          expect(faults[0]?.[1]).instanceOf(NetworkError);
        });
      }

      it(`of ${name} become reject and a fault when they name except, and pass otherwise`, () => {
        const { facade, faults } = facadeOver(patched(new DirectRouter(), () => ({ [name]: () => next(1, A) })));
        expect(ask(facade, 2)).eql(next(1, A));
        expect(faults).eql([]);
        expect(ask(facade, 1)).eql(REJECT);
        expect(faults.length).equal(1);
      });
    }

    it('of a table that forgets linkDown become reject once the link is down', () => {
      const { facade } = facadeOver(new ForceNodeRouter(1, A));
      expect(facade.pathToNode(STRANGER)).eql(next(1, A));
      facade.linkDown(1);
      expect(facade.pathToNode(STRANGER)).eql(REJECT);
    });
  });

  describe('fan-outs', () => {
    const hopA = { connectionId: 1, nodeId: A };
    const hopB = { connectionId: 2, nodeId: B };
    const ask = (answer: unknown, except?: number): [RouteFanout, number] => {
      const { facade } = facadeOver(patched(new DirectRouter(), () => ({ pathsToServices: () => answer as RouteFanout })));
      return [facade.pathsToServices(64, 0, except), facade.faultCount];
    };

    it('pass when they are sound, again and again', () => {
      const answer = { local: true, next: [hopA, hopB] };
      expect(ask(answer)).eql([answer, 0]);
      const { facade } = facadeOver(patched(new DirectRouter(), () => ({ pathsToServices: () => answer })));
      for (let index = 0; index < 3; index++) expect(facade.pathsToServices(64, 0)).equal(answer);
    });

    const unsound: readonly [string, unknown][] = [
      ['undefined', undefined],
      ['no local', { next: [] }],
      ['no list', { local: true, next: hopA }],
      ['a hole', { local: false, next: [undefined] }],
      ['a connection that is not up', { local: false, next: [hopA, { connectionId: 9, nodeId: A }] }],
      ['a node that is not there', { local: false, next: [{ connectionId: 1, nodeId: B }] }],
      ['a connection twice', { local: false, next: [hopA, hopB, hopA] }],
    ];
    for (const [what, answer] of unsound) {
      it(`with ${what} go nowhere and are a fault`, () => expect(ask(answer)).eql([{ local: false, next: [] }, 1]));
    }

    it('that name except go nowhere and are a fault', () => {
      expect(ask({ local: false, next: [hopA] }, 2)[1]).equal(0);
      expect(ask({ local: false, next: [hopA] }, 1)).eql([{ local: false, next: [] }, 1]);
    });

    it('that throw go nowhere and are a fault', () => {
      const { facade, faults } = facadeOver(
        patched(new DirectRouter(), () => ({
          pathsToServices: () => {
            throw new Error('lost');
          },
        })),
      );
      expect(facade.pathsToServices(64, 0)).eql({ local: false, next: [] });
      expect(faults.length).equal(1);
    });
  });

  describe('closest nodes', () => {
    const ask = (answer: unknown): [unknown, number] => {
      const { facade } = facadeOver(patched(new DirectRouter(), () => ({ closest: () => answer as ClosestNodes })));
      return [facade.closest(A, 2), facade.faultCount];
    };

    it('pass when they are sound', () => {
      const answer = { nodes: [A, B], isComplete: true };
      expect(ask(answer)).eql([answer, 0]);
      expect(facadeOver(new DirectRouter()).facade.closest(A, 2)).eql({ nodes: [], isComplete: false });
    });

    const unsound: readonly [string, unknown][] = [
      ['undefined', undefined],
      ['no verdict', { nodes: [A] }],
      ['no list', { nodes: A, isComplete: true }],
      ['more than were asked for', { nodes: [A, B, STRANGER], isComplete: true }],
      ['what is no id', { nodes: [A, 'b'], isComplete: true }],
    ];
    for (const [what, answer] of unsound) {
      it(`with ${what} are none, not complete, and a fault`, () => expect(ask(answer)).eql([{ nodes: [], isComplete: false }, 1]));
    }
  });

  describe('explanations and syncs', () => {
    it('pass when they are sound', () => {
      const sync = Uint8Array.of(1);
      const { facade, faults } = facadeOver(patched(new DirectRouter(), () => ({ createSync: () => sync })));
      expect(facade.explain({ type: 'node', nodeId: A }).reason).contain('neighbour');
      expect(facade.createSync(A)).equal(sync);
      expect(facadeOver(new DirectRouter()).facade.createSync(A)).equal(undefined);
      expect(faults).eql([]);
    });

    it('become a rejection with what went wrong, or nothing, and a fault when the table fails', () => {
      const failing = patched(new DirectRouter(), () => ({
        explain: () => {
          throw new Error('lost');
        },
        createSync: () => {
          throw new Error('lost');
        },
      }));
      const { facade, faults } = facadeOver(failing);
      const rule = { type: 'node', nodeId: A } as const;
      expect(facade.explain(rule)).eql({ rule, action: REJECT, reason: 'the router table failed and cannot explain: lost', rejected: [] });
      expect(facade.createSync(A)).equal(undefined);
      expect(faults.map(([callback]) => callback)).eql(['explain', 'createSync']);
    });

    it('say in the explanation, and in the fault, what a table answers that breaks the contract', () => {
      const circle: { self?: object } = {};
      circle.self = circle;
      for (const [action, text] of [
        [{ type: 'next', connectionId: 99, nodeId: A }, `{"type":"next","connectionId":99,"nodeId":"${A}"}`],
        [undefined, 'undefined'],
        [circle, 'an object'],
      ] as const) {
        const { facade, faults } = facadeOver(patched(new DirectRouter(), () => ({ explain: () => ({ action }) as never })));
        const flaw = `the router table gave an answer that breaks the contract: ${text}`;
        expect(facade.explain({ type: 'node', nodeId: A }).reason).equal(`the router table failed and cannot explain: ${flaw}`);
        expect(faults.map(([, cause]) => (cause as Error).message)).eql([flaw]);
      }
    });

    it('become a rejection and a fault when the explained answer is unsound', () => {
      const rule = { type: 'node', nodeId: A } as const;
      const explanation = { rule, action: next(9, A), reason: 'why not', rejected: [] };
      const { facade, faults } = facadeOver(patched(new DirectRouter(), () => ({ explain: () => explanation })));
      expect(facade.explain(rule).action).eql(REJECT);
      expect(faults.map(([callback]) => callback)).eql(['explain']);
    });

    it('become nothing and a fault when the sync is no bytes', () => {
      const { facade, faults } = facadeOver(patched(new DirectRouter(), () => ({ createSync: () => 'sync' as unknown as Uint8Array })));
      expect(facade.createSync(A)).equal(undefined);
      expect(faults.map(([callback]) => callback)).eql(['createSync']);
    });
  });
});
