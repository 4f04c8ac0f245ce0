/** @module Tests of the option `container`: what an application's own tsyringe container gives, and what stays out of it. */
import 'reflect-metadata';
import { expect } from 'chai';
import { container as globalContainer, inject, injectable, Lifecycle } from 'tsyringe';
import { NetworkBehavior } from '../../../core/api/network-behavior.js';
import { NetworkError } from '../../../core/errors.js';
import { NodeContainer } from '../../../core/registration/container.js';
import { NODE_ID, type Token } from '../../../core/registration/injection.js';
import { planRegistration, type Registration } from '../../../core/registration/registry.js';
import { createNode } from '../../../index.js';
import { nodeValues } from './node-values.js';

/** Keeps what its constructor was given. */
abstract class Recorder extends NetworkBehavior {
  readonly given: readonly unknown[];
  constructor(...given: readonly unknown[]) {
    super();
    this.given = given;
  }
}

function recorder(serviceId: number, tokens: readonly Token[]) {
  return class Sample extends Recorder {
    static readonly behavior = { serviceId, name: `sample-${serviceId}` };
    static readonly inject = tokens;
  };
}

/** A class that is decorated as applications do it: `@injectable()`, with `@inject(token)` on its one parameter. */
function decorated(token: Token) {
  class Repository {
    isDisposed = false;
    constructor(readonly given: unknown) {}
    dispose() {
      this.isDisposed = true;
    }
  }
  inject(token as string)(Repository, undefined, 0);
  injectable()(Repository);
  return Repository;
}

function built(registration: Registration): NodeContainer {
  const container = new NodeContainer(planRegistration(registration), nodeValues());
  container.build();
  return container;
}

const application = () => globalContainer.createChildContainer();

describe('the application’s container', () => {
  it('gives values, factories and decorated classes that nobody else provides', () => {
    const container = application().register('url', { useValue: 'db://' });
    container.register('made', { useFactory: (from) => `${from.resolve('url')}made` });
    const Repository = decorated('url');
    const type = recorder(40, ['url', 'made', Repository]);
    const [url, made, repository] = built({ behaviors: [type], container }).behavior(type)?.given ?? [];
    expect([url, made]).to.deep.equal(['db://', 'db://made']);
    expect(repository).to.be.instanceOf(Repository).and.have.property('given', 'db://');
  });

  it('its decorated classes may inject behaviours, what `provide` has, and the node’s own values', () => {
    const Index = recorder(40, []);
    const [OfIndex, OfProvided, OfNode] = [decorated(Index), decorated('provided'), decorated(NODE_ID)];
    const type = recorder(41, [OfIndex, OfProvided, OfNode]);
    const container = built({ behaviors: [type, Index], provide: [{ token: 'provided', useValue: 7 }], container: application() });
    const given = container.behavior(type)?.given.map((repository) => (repository as { given: unknown }).given);
    expect(given).to.deep.equal([container.behavior(Index), 7, nodeValues().nodeId]);
  });

  it('keeps the life times of tsyringe: a singleton is one for all nodes, scoped to a container one for each node', () => {
    const container = application();
    const [Single, Scoped, Transient] = [decorated(NODE_ID), decorated(NODE_ID), decorated(NODE_ID)];
    container.registerSingleton(Single);
    container.register(Scoped, { useClass: Scoped }, { lifecycle: Lifecycle.ContainerScoped });
    const [One, Two] = [recorder(40, [Single, Scoped, Transient]), recorder(41, [Single, Scoped, Transient])];
    const [first, second] = [0, 1].map(() => built({ behaviors: [One, Two], container }));
    const given = [first, second].flatMap((node) => [node?.behavior(One)?.given ?? [], node?.behavior(Two)?.given ?? []]);
    expect([0, 1, 2].map((index) => new Set(given.map((values) => values[index])).size)).to.deep.equal([1, 2, 4]);
  });

  it('`provide` and the node’s own values come before it, and nothing is registered in it', () => {
    const container = application()
      .register('both', { useValue: 'the application' })
      .register(NODE_ID as symbol, { useValue: 'wrong' });
    const type = recorder(40, ['both', NODE_ID]);
    const node = built({ behaviors: [type], provide: [{ token: 'both', useValue: 'provide' }], container });
    expect(node.behavior(type)?.given).to.deep.equal(['provide', nodeValues().nodeId]);
    expect([container.isRegistered(type as never), container.resolve('both')]).to.deep.equal([false, 'the application']);
  });

  it('what it built for a node ends with the node; its own values stay', () => {
    const container = application();
    const [Repository, Single] = [decorated(NODE_ID), decorated(NODE_ID)];
    const single = new Single('of the application');
    container.register(Single, { useValue: single });
    const type = recorder(40, [Repository, Single]);
    const node = built({ behaviors: [type], container });
    const [repository] = (node.behavior(type)?.given ?? []) as [{ isDisposed: boolean }];
    expect(node.dispose()).to.deep.equal([]);
    expect([repository.isDisposed, single.isDisposed]).to.deep.equal([true, false]);
    expect(() => node.resolve('url')).to.throw(NetworkError, /nobody provides "url"/);
    expect(container.resolve(Single)).to.equal(single);
  });

  it('a token that is missing in both is one error that names behaviour, token and cure', () => {
    const Missing = recorder(45, []);
    const plan = (tokens: readonly Token[]) => () => planRegistration({ behaviors: [recorder(40, tokens)], container: application() });
    expect(plan(['nowhere'])).to.throw(NetworkError, /^Sample injects "nowhere", which nobody provides; .*provide/);
    expect(plan([Missing])).to.throw(NetworkError, /^Sample injects Sample, which nobody provides; add Sample to behaviors/);
    expect(plan(['nowhere', 'nor this'])).to.throw(NetworkError, /^2 faults:/);
  });

  it('a class that it cannot construct is the same error, with the reason', () => {
    class Undecorated {
      constructor(readonly url: string) {}
    }
    for (const token of [Undecorated, decorated('nowhere')]) {
      const type = recorder(40, [token]);
      const error = thrown(() => built({ behaviors: [type], container: application() }));
      expect([error.code, error.message]).to.deep.equal([
        'DEPENDENCY_MISSING',
        `the container cannot resolve ${token.name}: ${String(error.cause)}`,
      ]);
    }
  });

  it('without the option nothing is resolved from the global container, nor a decorated class', () => {
    const Repository = decorated('url');
    globalContainer.register('url', { useValue: 'db://' });
    for (const token of ['url', Repository])
      expect(() => planRegistration({ behaviors: [recorder(40, [token])] })).to.throw(NetworkError, /which nobody provides/);
    globalContainer.reset();
  });

  it('a behaviour that is added later is resolved from it, too; one that cannot be leaves nothing behind', () => {
    const container = application().register('url', { useValue: 'db://' });
    const node = built({ behaviors: [], container });
    const [Good, Bad] = [recorder(40, ['url']), recorder(41, [decorated('nowhere')])];
    expect((node.add(Good) as Recorder).given).to.deep.equal(['db://']);
    expect(() => node.add(Bad)).to.throw(NetworkError, /cannot resolve/);
    expect([node.behavior(Bad), node.behavior(Good)?.serviceId]).to.deep.equal([undefined, 40]);
    node.remove(Good);
    expect(() => node.resolve(Good)).to.throw(NetworkError, /nobody provides Sample/);
    expect((node.add(Good) as Recorder).given).to.deep.equal(['db://']);
  });

  it('is an option of createNode, and refused when it is none', async () => {
    const type = recorder(40, ['url']);
    const node = await createNode({ behaviors: [type], container: application().register('url', { useValue: 'db://' }) });
    expect(node.behavior(type).given).to.deep.equal(['db://']);
    for (const container of [{}, 'container', 7]) {
      const error = await createNode({ container: container as never }).catch((cause: NetworkError) => cause);
      expect(error)
        .to.be.instanceOf(NetworkError)
        .and.have.property('message')
        .that.matches(/^createNode: option container is .*; it must be a container of tsyringe$/);
    }
  });
});

function thrown(work: () => unknown): NetworkError {
  try {
    work();
  } catch (error) {
    if (error instanceof NetworkError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
}
