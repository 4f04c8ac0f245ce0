/** @module Tests of the registry: what is refused before anything is built, and in which order the rest would be built (USERS 9). */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { NetworkBehavior } from '../../../core/api/network-behavior.js';
import { RouterTable } from '../../../core/api/router-table.js';
import { NetworkError } from '../../../core/errors.js';
import type { RegistrationFault } from '../../../core/registration/dependency-graph.js';
import { CLOCK, NODE_ID, OPTIONS, type Token, token } from '../../../core/registration/injection.js';
import { type BehaviorClass, planRegistration, type Registration } from '../../../core/registration/registry.js';

/** A behaviour's class of this name and service id, which injects these tokens. */
function sample(name: string, serviceId: number, inject: readonly Token[] = []): BehaviorClass {
  const type = class extends NetworkBehavior {
    static readonly behavior = { serviceId, name: name.toLowerCase() };
    static readonly inject = inject;
  };
  Object.defineProperty(type, 'name', { value: name });
  return type;
}

/** The faults of a registration, as `code: text`. */
function faultsOf(registration: Registration): string[] {
  try {
    planRegistration(registration);
    return [];
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const faults = error.details['faults'] as RegistrationFault[] | undefined;
    return faults === undefined ? [`${error.code}: ${error.message}`] : faults.map(({ code, text }) => `${code}: ${text}`);
  }
}

const names = (registration: Registration) => planRegistration(registration).behaviors.map(({ label }) => label);

describe('registry', () => {
  it('puts every behaviour after those that it injects, and keeps the given order otherwise', () => {
    const A = sample('A', 40);
    const B = sample('B', 41, [A]);
    const C = sample('C', 42, [B, A]);
    expect(names({ behaviors: [C, B, A] })).to.deep.equal(['A', 'B', 'C']);
    expect(names({ behaviors: [A, B, C] })).to.deep.equal(['A', 'B', 'C']);
    expect(names({ behaviors: [sample('Z', 50), A] })).to.deep.equal(['Z', 'A']);
  });

  it('orders through providers, too', () => {
    const A = sample('A', 40);
    const B = sample('B', 41, ['b-of-a']);
    const provide = [{ token: 'b-of-a', useFactory: (a: object) => a, inject: [A] }];
    expect(names({ behaviors: [B, A], provide })).to.deep.equal(['A', 'B']);
  });

  it('for any graph: a plan with dependencies first, or a refusal that names a circle', () => {
    const graphs = fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(graphs, (edges) => {
        const tokens = edges.map((_, index) => `t${index}`);
        const needs = edges.map((targets) => targets.map((target) => `t${target % edges.length}`));
        const provide = tokens.map((name, index) => ({ token: name, useFactory: () => 0, inject: needs[index] ?? [] }));
        const faults = faultsOf({ provide });
        if (faults.length > 0) return faults.every((fault) => /^BEHAVIOR_CYCLE: a circle of injections: (.*) -> .*/.test(fault));
        const order = planRegistration({ provide }).graph.order.map((node) => node.token);
        return order.every((name, place) => (needs[tokens.indexOf(String(name))] ?? []).every((need) => order.indexOf(need) < place));
      }),
    );
  });

  it('a missing dependency is one error that names behaviour, token and remedy', () => {
    const Dht = sample('Dht', 40);
    const greeting = token<string>('GREETING');
    const [behavior] = faultsOf({ behaviors: [sample('Shop', 41, [Dht])] });
    const [symbol] = faultsOf({ behaviors: [sample('Shop', 41, [greeting])] });
    const [text] = faultsOf({ behaviors: [sample('Shop', 41, ['greeting'])] });
    expect(behavior).to.match(/^DEPENDENCY_MISSING: Shop injects Dht, which nobody provides; add Dht to behaviors/);
    expect(symbol).to.match(/Shop injects GREETING.*add \{ token: GREETING, useValue: … \} to provide/);
    expect(text).to.match(/Shop injects "greeting"/);
    expect(faultsOf({ behaviors: [sample('Shop', 41, [Dht]), Dht] })).to.deep.equal([]);
  });

  it('a circle is named from end to end, also through providers, and a class that injects itself is one', () => {
    const inject: Token[] = [];
    const A = sample('A', 40, inject);
    const B = sample('B', 41, ['c']);
    inject.push(B);
    const provide = [{ token: 'c', useFactory: () => 0, inject: [A] }];
    expect(faultsOf({ behaviors: [A, B], provide })).to.have.lengthOf(1);
    expect(faultsOf({ behaviors: [A, B], provide })[0]).to.match(
      /^BEHAVIOR_CYCLE: .*A -> B -> provide for "c" -> A; let one side use an event/,
    );
    const own: Token[] = [];
    const Self = sample('Self', 42, own);
    own.push(Self);
    expect(faultsOf({ behaviors: [Self] })[0]).to.match(/Self -> Self/);
  });

  it('ATM-06: two behaviours of one service id, and one class twice, are refused with their names', () => {
    const A = sample('A', 40);
    const Rpc = sample('Rpc', 6);
    expect(faultsOf({ behaviors: [A, sample('B', 40)] })[0]).to.match(
      /^BEHAVIOR_DUPLICATE: A and B both have the service id 40; give B another one, from 32/,
    );
    expect(faultsOf({ behaviors: [A, [A, { x: 1 }]] })).to.deep.equal([
      'BEHAVIOR_DUPLICATE: A is registered twice; take one of the two out',
    ]);
    expect(faultsOf({ behaviors: [A, sample('B', 41)] })).to.deep.equal([]);
    expect(faultsOf({ builtins: [Rpc], behaviors: [sample('RPC', 6)] })[0]).to.match(
      /Rpc is built in: leave rpc out of builtins to replace it/,
    );
  });

  it('reserved service ids: users take one only in place of a built-in that is off', () => {
    const idFaults = (serviceId: number, name = 'Mine') => faultsOf({ behaviors: [sample(name, serviceId)] });
    expect([...idFaults(32), ...idFaults(255), ...idFaults(1, 'Handshake'), ...idFaults(6, 'Rpc')]).to.deep.equal([]);
    for (const id of [0, 19, 31])
      expect(idFaults(id)).to.deep.equal([
        `BEHAVIOR_INVALID: Mine has the service id ${id}, which is reserved; give it one from 32 to 255`,
      ]);
    expect(idFaults(6, 'Handshake')).to.deep.equal([
      'BEHAVIOR_INVALID: Handshake has the service id 6, which is reserved for rpc; give it one from 32 to 255, or the name rpc to take its place',
    ]);
    expect(faultsOf({ builtins: [sample('Later', 18)] })).to.deep.equal([]);
  });

  it('a token that is provided twice, or that the node provides, is refused', () => {
    const value = (name: Token) => ({ token: name, useValue: 1 });
    const A = sample('A', 40);
    expect(faultsOf({ provide: [value('x'), value('x')] })[0]).to.match(
      /^DEPENDENCY_DUPLICATE: "x" is provided by provide for "x" and again/,
    );
    for (const name of [NODE_ID, CLOCK, OPTIONS, RouterTable])
      expect(faultsOf({ provide: [value(name)] })[0]).to.match(/provided by the node itself/);
    expect(faultsOf({ behaviors: [A], provide: [value(A)] })[0]).to.match(/A is provided by A and again by provide for A/);
    expect(faultsOf({ provide: [value('x'), value('y'), value(A)] })).to.deep.equal([]);
  });

  it('a subclass stands in for the class that is injected, if it is the only one', () => {
    const Base = sample('Base', 40);
    const Left = class Left extends Base {
      static readonly behavior = { serviceId: 41, name: 'left' };
    };
    const Right = class Right extends Base {
      static readonly behavior = { serviceId: 42, name: 'right' };
    };
    const User = sample('User', 43, [Base]);
    expect(names({ behaviors: [User, Left] })).to.deep.equal(['Left', 'User']);
    expect(faultsOf({ behaviors: [User, Left, Right] })[0]).to.match(
      /^DEPENDENCY_DUPLICATE: User injects Base, which Left and Right both are/,
    );
    expect(names({ behaviors: [User, Left, Right, Base] })).to.deep.equal(['Base', 'User', 'Left', 'Right']);
  });

  it('several faults are one error, and what is broken is not reported as missing, too', () => {
    const broken = sample('Broken', 300);
    const behaviors = [broken, sample('User', 40, [broken, 'x']), sample('Other', 40)];
    const faults = faultsOf({ behaviors, provide: [{ token: 'y', useValue: 1, useClass: Map } as never] });
    expect(faults.map((fault) => fault.replace(/;.*/, ''))).to.deep.equal([
      'BEHAVIOR_INVALID: Broken has the service id 300',
      'OPTION_INVALID: provide for "y" has useValue and useClass',
      'BEHAVIOR_DUPLICATE: User and Other both have the service id 40',
      'DEPENDENCY_MISSING: User injects "x", which nobody provides',
    ]);
    expect(() => planRegistration({ behaviors })).to.throw(NetworkError, /^3 faults:\n- Broken.*\n- User and Other.*\n- User injects "x"/);
  });

  it('two behaviours whose metrics would have one name are refused, built-in ones included', () => {
    const named = (type: string, serviceId: number, name: string) => {
      const made = { [type]: class extends NetworkBehavior {} }[type] as typeof NetworkBehavior & (new () => NetworkBehavior);
      return Object.assign(made, { behavior: { serviceId, name } });
    };
    const [A, B] = [named('A', 40, 'shop-1'), named('B', 41, 'Shop_1')];
    expect(faultsOf({ behaviors: [A, B] })[0]).to.match(
      /^BEHAVIOR_DUPLICATE: A and B both have the name shop-1 and Shop_1, which is one in metrics; give B another name/,
    );
    expect(faultsOf({ builtins: [named('Rpc', 6, 'rpc')], behaviors: [named('Own', 40, 'rpc')] })[0]).to.match(/leave rpc out of builtins/);
    expect(faultsOf({ behaviors: [A, named('C', 42, 'shop-2')] })).to.deep.equal([]);
  });

  it('what is no behaviour, no provider or no list is refused, naming what would be right', () => {
    const A = sample('A', 40);
    const AnyEntry = (entry: unknown) => faultsOf({ behaviors: [entry as BehaviorClass] })[0];
    class Foreign {
      static behavior = { serviceId: 40, name: 'foreign' };
      onMessage() {}
    }
    for (const entry of [undefined, null, 7, 'A', {}, [], [A], [A, 1, 2], () => 0])
      expect(AnyEntry(entry)).to.match(/^BEHAVIOR_INVALID: .* \(behaviors\[0\]\) is no behaviour; give a class/);
    expect(faultsOf({ behaviors: [sample('Good', 60), null as never] })[0]).to.match(/null \(behaviors\[1\]\) is no behaviour/);
    expect(AnyEntry(Foreign)).to.match(/Foreign \(behaviors\[0\]\) is no behaviour/);
    expect(AnyEntry(NetworkBehavior)).to.match(/NetworkBehavior \(behaviors\[0\]\) is no behaviour/);
    expect(AnyEntry([new (A as new () => NetworkBehavior)(), {}])).to.match(/an instance with options/);
    expect(faultsOf({ behaviors: A as never })[0]).to.match(/^OPTION_INVALID: behaviors must be a list/);
    for (const provider of [
      undefined,
      null,
      'x',
      {},
      { token: '' },
      { token: 'x' },
      { token: 'x', useFactory: 1 },
      { token: 'x', useClass: 1 },
      { token: 'x', useFactory: () => 0, inject: [1] },
    ]) {
      expect(faultsOf({ provide: [provider as never] })[0]).to.match(/^OPTION_INVALID: provide/);
    }
    expect(faultsOf({ provide: [{ token: 'x', useClass: A }] })[0]).to.match(/makes a behaviour; put its class into behaviors/);
    expect(faultsOf({ provide: [{ token: 'x', useFactory: () => 0, inject: [OPTIONS] }] })[0]).to.match(
      /OPTIONS.*only behaviours have options/,
    );
  });

  it('constructor parameters that nothing fills are refused; a last one without options is a warning', () => {
    class Two extends NetworkBehavior {
      static behavior = { serviceId: 40, name: 'two' };
      constructor(
        readonly router: RouterTable,
        readonly options: object | undefined,
      ) {
        super();
      }
    }
    class One extends NetworkBehavior {
      static behavior = { serviceId: 41, name: 'one' };
      constructor(readonly options: object | undefined) {
        super();
      }
    }
    expect(faultsOf({ behaviors: [Two] })[0]).to.match(
      /^DEPENDENCY_MISSING: the constructor of Two has 2 parameters and injects 0; list a token/,
    );
    expect(planRegistration({ behaviors: [One] }).warnings).to.deep.equal([
      'the last constructor parameter of One gets nothing: it has no token, and no options were given',
    ]);
    expect(planRegistration({ behaviors: [[One, {}]] }).warnings).to.deep.equal([]);
    expect(planRegistration({ behaviors: [new Two(undefined as never, {})] }).warnings).to.deep.equal([]);
  });
});

describe('misspelt hooks', () => {
  const warned = (name: string) => {
    const type = sample('Typo', 40);
    Object.defineProperty(type.prototype, name, { value: () => undefined });
    return planRegistration({ behaviors: [type] }).warnings;
  };

  it('are a warning that names the hook that was meant', () => {
    const pairs = [
      ['onMesage', 'onMessage'],
      ['onMessages', 'onMessage'],
      ['onOutgoingConectionError', 'onOutgoingConnectionError'],
      ['checkIncommingConnection', 'checkIncomingConnection'],
      ['onStart', 'onStarted'],
      ['onStop', 'onStopped'],
      ['onRPC', 'onRpc'],
      ['onConected', 'onConnected'],
      ['onDisconnect', 'onDisconnected'],
      ['onWriteable', 'onWritable'],
      ['checkConnection', 'checkIncomingConnection'],
      ['onConnect', 'onConnected'],
      ['onMessageReceived', 'onMessage'],
      ['onRpcEvent', 'onRpc'],
      ['onClose', 'onDisconnected'],
      ['onOpen', 'onConnected'],
      ['onData', 'onMessage'],
    ] as const;
    for (const [name, hook] of pairs)
      expect(warned(name)).to.deep.equal([`Typo has a method ${name}, which is never called; the hook is ${hook}`]);
  });

  it('are a warning, too, where a hook for both directions hides behind one for one of them', () => {
    const with_ = (...names: readonly string[]) => {
      const type = sample('Twins', 40);
      for (const name of names) Object.defineProperty(type.prototype, name, { value: () => undefined });
      return planRegistration({ behaviors: [type] }).warnings;
    };
    for (const end of ['Connected', 'Disconnected']) {
      const [common, incoming, outgoing] = [`on${end}`, `onIncomingConnection${end}`, `onOutgoingConnection${end}`];
      expect(with_(common, incoming)).to.deep.equal([`Twins has ${common}, which is not called where ${incoming} is`]);
      expect(with_(outgoing, common)).to.deep.equal([`Twins has ${common}, which is not called where ${outgoing} is`]);
      expect(with_(common, incoming, outgoing)).to.deep.equal([
        `Twins has ${common}, which is not called where ${incoming} or ${outgoing} is`,
      ]);
      for (const names of [[common], [incoming], [outgoing], [incoming, outgoing]]) expect(with_(...names)).to.deep.equal([]);
    }
    expect(with_('onConnected', 'onIncomingConnectionDisconnected')).to.deep.equal([]);
  });

  it('hooks themselves and methods of an own are none', () => {
    for (const name of ['onMessage', 'onStarted', 'onGossip', 'onPing', 'onSync', 'checkBook', 'mesage', 'once', 'onlyMe', 'onEvent'])
      expect(warned(name), name).to.deep.equal([]);
  });
});
