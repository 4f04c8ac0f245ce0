/** @module Tests of the container: what constructors get, hot adding and removing, and the end. */
import 'reflect-metadata';
import { expect } from 'chai';
import { container as globalContainer } from 'tsyringe';
import { NetworkBehavior } from '../../../core/api/network-behavior.js';
import { RouterTable } from '../../../core/api/router-table.js';
import { NetworkError } from '../../../core/errors.js';
import { NodeContainer } from '../../../core/registration/container.js';
import {
  CLOCK,
  inject,
  LOGGER,
  NODE_ID,
  OPTIONS,
  RANDOM,
  SEALER,
  SIGNER,
  STORAGE,
  type Token,
  tokensOf,
} from '../../../core/registration/injection.js';
import { type BehaviorClass, planRegistration, type Registration } from '../../../core/registration/registry.js';
import { nodeValues } from './node-values.js';

/** Keeps what its constructor was given. */
abstract class Recorder extends NetworkBehavior {
  readonly given: readonly unknown[];
  constructor(...given: readonly unknown[]) {
    super();
    this.given = given;
  }
}

type RecorderClass = BehaviorClass<Recorder>;

function recorder(serviceId: number, tokens: readonly Token[] = []): RecorderClass {
  return class Sample extends Recorder {
    static readonly behavior = { serviceId, name: `sample-${serviceId}` };
    static readonly inject = tokens;
  };
}

function built(registration: Registration): NodeContainer {
  const container = new NodeContainer(planRegistration(registration), nodeValues());
  container.build();
  return container;
}

/** What the constructor of a class is given. */
function givenTo(type: RecorderClass, registration: Registration): readonly unknown[] | undefined {
  return built(registration).behavior(type)?.given;
}

describe('container', () => {
  it('a behaviour without injection gets its options, or nothing', () => {
    const type = recorder(40);
    expect(givenTo(type, { behaviors: [[type, { x: 1 }]] })).to.deep.equal([{ x: 1 }]);
    expect(givenTo(type, { behaviors: [type] })).to.deep.equal([]);
    expect(givenTo(type, { behaviors: [[type, undefined]] })).to.deep.equal([]);
    expect(givenTo(type, { behaviors: [[type, 0]] })).to.deep.equal([0]);
  });

  it('injected values come first in order; options last, unless they are injected themselves', () => {
    const provide = [{ token: 'a', useValue: 1 }];
    const last = recorder(40, ['a']);
    const inside = recorder(40, [OPTIONS, 'a']);
    expect(givenTo(last, { behaviors: [[last, 'options']], provide })).to.deep.equal([1, 'options']);
    expect(givenTo(inside, { behaviors: [[inside, 'options']], provide })).to.deep.equal(['options', 1]);
    expect(givenTo(inside, { behaviors: [inside], provide })).to.deep.equal([undefined, 1]);
  });

  it('the node provides its own values', () => {
    const values = nodeValues();
    const type = recorder(40, [NODE_ID, CLOCK, RANDOM, LOGGER, SEALER, SIGNER, STORAGE, RouterTable]);
    const container = new NodeContainer(planRegistration({ behaviors: [type] }), values);
    container.build();
    const { nodeId, clock, random, logger, sealer, signer, storage, router } = values;
    expect(container.behavior(type)?.given).to.deep.equal([nodeId, clock, random, logger, sealer, signer, storage, router]);
  });

  it('behaviours are one instance each, shared by all that inject them, and found by a class above, too', () => {
    const Base = recorder(40) as new () => Recorder;
    class Derived extends Base {
      static readonly behavior = { serviceId: 41, name: 'derived' };
    }
    const [Left, Right] = [recorder(42, [Base]), recorder(43, [Derived])];
    const container = built({ behaviors: [Left, Right, Derived] });
    const derived = container.behavior(Derived);
    expect(derived).to.be.instanceOf(Derived);
    expect(container.behavior(Base)).to.equal(derived);
    expect([container.behavior(Left), container.behavior(Right)].map((user) => user?.given[0])).to.deep.equal([derived, derived]);
    expect(container.behavior(recorder(44))).to.equal(undefined);
  });

  it('takes instances as they are, and injects them into others', () => {
    const type = recorder(40) as new (...given: unknown[]) => Recorder;
    const instance = new type('by hand');
    const User = recorder(41, [type]);
    expect(givenTo(User, { behaviors: [User, instance] })).to.deep.equal([instance]);
  });

  it('provides values, factories and classes, each made once and only when wanted; undefined and 0 are values, too', () => {
    let made = 0;
    class Store {
      static readonly inject = ['zero', 'nothing'];
      constructor(
        readonly zero: number,
        readonly nothing: undefined,
      ) {}
    }
    const provide: Registration['provide'] = [
      { token: 'zero', useValue: 0 },
      { token: 'nothing', useFactory: () => void made++ },
      { token: 'unwanted', useFactory: () => expect.fail('built without being wanted') },
      { token: Store, useClass: Store },
    ];
    const [One, Two] = [recorder(40, [Store, 'nothing']), recorder(41, [Store])];
    const container = built({ behaviors: [One, Two], provide });
    const store = container.behavior(One)?.given[0];
    expect(store).to.be.instanceOf(Store).and.deep.include({ zero: 0, nothing: undefined });
    expect(container.behavior(Two)?.given).to.deep.equal([store]);
    expect(made).to.equal(1);
  });

  it('nodes share nothing, and nothing is registered globally', () => {
    const type = recorder(40, ['made']);
    const registration = { behaviors: [type], provide: [{ token: 'made', useFactory: () => ({}) }] };
    const [one, two] = [built(registration).behavior(type), built(registration).behavior(type)];
    expect(one).to.not.equal(two);
    expect(one?.given[0]).to.not.equal(two?.given[0]);
    expect(globalContainer.isRegistered('made')).to.equal(false);
    globalContainer.register('elsewhere', { useValue: 1 });
    expect(() => planRegistration({ behaviors: [recorder(41, ['elsewhere'])] })).to.throw(NetworkError, /which nobody provides/);
    expect(() => built(registration).resolve('elsewhere')).to.throw(NetworkError, /nobody provides "elsewhere"/);
    globalContainer.reset();
  });

  it('a constructor that throws is named, with its cause; a NetworkError passes as it is', () => {
    const cause = new TypeError('no such file');
    const failing = (error: Error) =>
      class Failing extends NetworkBehavior {
        static readonly behavior = { serviceId: 40, name: 'failing' };
        constructor() {
          super();
          throw error;
        }
      };
    const options = new NetworkError('OPTION_INVALID', 'depth must be positive');
    expect(() => built({ behaviors: [failing(cause)] }))
      .to.throw(NetworkError, /^Failing could not be built: TypeError: no such file/)
      .with.include({ code: 'BEHAVIOR_FAILED', cause });
    expect(() => built({ behaviors: [failing(options)] })).to.throw(options);
  });

  it('a behaviour can be added while the node runs, checked against the others (USERS 9)', () => {
    const [A, B] = [recorder(40), recorder(41, [])];
    const User = recorder(42, [A]);
    const container = built({ behaviors: [A] });
    const a = container.behavior(A);
    expect(container.add([User, 'late']))
      .to.have.property('given')
      .deep.equal([a, 'late']);
    expect(container.build()).to.deep.equal([a, container.behavior(User)]);
    expect(() => container.add(recorder(43, [B]))).to.throw(NetworkError, /injects Sample, which nobody provides/);
    expect(() => container.add(A)).to.throw(NetworkError, /registered twice/);
    expect(() => container.add(recorder(40))).to.throw(NetworkError, /service id 40/);
    expect(container.build()).to.deep.equal([a, container.behavior(User)]);
  });

  it('one whose constructor throws when it is added leaves no trace', () => {
    let attempts = 0;
    class Once extends NetworkBehavior {
      static readonly behavior = { serviceId: 40, name: 'once' };
      constructor() {
        super();
        if (attempts++ === 0) throw new Error('first time');
      }
    }
    const container = built({});
    expect(() => container.add(Once)).to.throw(NetworkError, /Once could not be built/);
    expect(container.behavior(Once)).to.equal(undefined);
    expect(container.add(Once)).to.be.instanceOf(Once);
  });

  it('removing what others inject is refused by name; after them it goes, and can come back (USERS 9)', () => {
    class Dht extends Recorder {
      static readonly behavior = { serviceId: 40, name: 'dht' };
    }
    class Shop extends Recorder {
      static readonly behavior = { serviceId: 41, name: 'shop' };
      static readonly inject = [Dht];
    }
    const container = built({ builtins: [Dht], behaviors: [Shop] });
    const before = container.behavior(Dht);
    expect(() => container.remove(Dht))
      .to.throw(NetworkError, /Dht cannot be removed: it is injected by Shop; remove that first/)
      .with.property('code', 'DEPENDENCY_MISSING');
    expect(container.remove(Shop)).to.be.instanceOf(Shop);
    expect(container.remove(Dht)).to.equal(before);
    expect(() => container.remove(Dht))
      .to.throw(NetworkError, /Dht does not run/)
      .with.property('code', 'BEHAVIOR_MISSING');
    expect(() => container.resolve(Dht)).to.throw(NetworkError, /nobody provides Dht/);
    expect(container.add(Dht)).to.be.instanceOf(Dht).and.not.equal(before);
  });

  it('what a provider injects cannot be removed either', () => {
    class Dht extends Recorder {
      static readonly behavior = { serviceId: 40, name: 'dht' };
    }
    const container = built({ behaviors: [Dht], provide: [{ token: 'book', useFactory: () => 0, inject: [Dht] }] });
    expect(() => container.remove(Dht)).to.throw(NetworkError, /injected by provide for "book"/);
  });

  it('at the end, what provide made is disposed of, last first, each once; values and behaviours are not', () => {
    const ended: string[] = [];
    const failure = new Error('cannot end');
    const ending = (name: string) => ({ dispose: () => void ended.push(name) });
    const provide: Registration['provide'] = [
      { token: 'a', useFactory: () => ending('a') },
      { token: 'b', useFactory: () => ({ [Symbol.dispose]: () => void ended.push('b') }), inject: ['a'] },
      {
        token: 'bad',
        useFactory: () => ({
          dispose: () => {
            throw failure;
          },
        }),
      },
      { token: 'value', useValue: ending('value') },
      { token: 'unwanted', useFactory: () => ending('unwanted') },
      { token: 'plain', useFactory: () => undefined },
    ];
    const type = recorder(40, ['b', 'bad', 'value', 'plain']);
    const container = built({ behaviors: [type], provide });
    expect(container.dispose()).to.deep.equal([failure]);
    expect(container.dispose()).to.deep.equal([]);
    expect(ended).to.deep.equal(['b', 'a']);
    expect(container.behavior(type)).to.be.instanceOf(type);
    expect(() => container.resolve('a')).to.throw(NetworkError);
  });

  it('@inject writes the tokens where the container looks for them', () => {
    class Decorated {}
    inject('first')(Decorated, undefined, 0);
    inject(CLOCK)(Decorated, undefined, 1);
    expect(tokensOf(Decorated)).to.deep.equal(['first', CLOCK]);
    Object.assign(Decorated, { inject: [] });
    expect(() => tokensOf(Decorated)).to.throw(NetworkError, /Decorated has both @inject and static inject/);
  });

  it('static inject must list tokens', () => {
    const withInject = (given: unknown) =>
      class Odd {
        static readonly inject = given;
        readonly plain = true;
      };
    for (const [given, text] of [
      [[undefined], /parameter 0.*circle of imports/],
      [['x', 7], /parameter 1 but 7/],
      ['x', /no list/],
    ] as const) {
      expect(() => tokensOf(withInject(given))).to.throw(NetworkError, text);
    }
    expect(tokensOf(withInject(['x']))).to.deep.equal(['x']);
    expect(tokensOf(class {})).to.deep.equal([]);
  });
});
