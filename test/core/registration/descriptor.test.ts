/** @module Tests of a behaviour's static facts. */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { type AnyClass, BEHAVIOR_HOOKS, descriptorOf, rpcMethodsOf } from '../../../core/api/descriptor.js';
import { NetworkBehavior } from '../../../core/api/network-behavior.js';
import { NetworkError } from '../../../core/errors.js';
import { Behavior, Rpc } from '../../../core/registration/decorators.js';

/** A class with these facts and some methods to offer. */
function withFacts(behavior: unknown): AnyClass {
  return class Sample {
    static readonly behavior = behavior;
    readonly field = () => 0;
    greet() {}
    onMessage() {}
    get count() {
      return 0;
    }
  };
}

/** The text of the refusal, or `accepted`. */
function verdict(behavior: unknown): string {
  try {
    descriptorOf(withFacts(behavior));
    return 'accepted';
  } catch (error) {
    if (error instanceof NetworkError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

describe('descriptor', () => {
  it('is read from static behavior, for the class and for its instances, and is frozen', () => {
    class Greeter extends NetworkBehavior {
      static readonly behavior = { serviceId: 64, name: 'greeter', rpc: ['greet'] } as const;
      greet() {}
    }
    expect(descriptorOf(Greeter)).to.deep.equal({ serviceId: 64, name: 'greeter', rpc: ['greet'] }).and.be.frozen;
    expect(descriptorOf(new Greeter())).to.equal(descriptorOf(Greeter));
    expect(new Greeter()).to.include({ serviceId: 64, name: 'greeter' });
  });

  it('is inherited, and the nearest one counts, from whichever source', () => {
    class Base extends NetworkBehavior {
      static behavior: object = { serviceId: 64, name: 'base' };
    }
    class Copy extends Base {}
    @Behavior({ serviceId: 65, name: 'decorated', gate: true })
    class Decorated extends Copy {}
    class Last extends Decorated {
      static override behavior = { serviceId: 66, name: 'last' };
    }
    expect([Copy, Decorated, Last].map((type) => descriptorOf(type).serviceId)).to.deep.equal([64, 65, 66]);
    expect(descriptorOf(Decorated).gate).to.equal(true);
  });

  it('later changes of the static do not reach it', () => {
    const facts = { serviceId: 64, name: 'greeter', rpc: ['greet'] };
    const type = withFacts(facts);
    descriptorOf(type);
    facts.serviceId = 1;
    facts.rpc.push('onMessage');
    expect(descriptorOf(type)).to.deep.equal({ serviceId: 64, name: 'greeter', rpc: ['greet'] });
  });

  it('a service id is a whole number from 0 to 255', () => {
    for (const serviceId of [0, 31, 32, 255]) expect(verdict({ serviceId, name: 'a' })).to.equal('accepted');
    for (const serviceId of [-1, 256, 1.5, Number.NaN, '64', undefined])
      expect(verdict({ serviceId, name: 'a' })).to.match(/^BEHAVIOR_INVALID: Sample has the service id/);
  });

  it('a name has 1 to 64 letters, digits, - and _', () => {
    for (const name of ['a', 'router-sync', 'A_9', 'x'.repeat(64)]) expect(verdict({ serviceId: 64, name })).to.equal('accepted');
    for (const name of ['', 'x'.repeat(65), 'a b', 'ä', 'a\n', 7, undefined])
      expect(verdict({ serviceId: 64, name })).to.match(/^BEHAVIOR_INVALID: Sample has the name/);
  });

  it('rpc names methods: no hooks, no fields, no accessors, no members of every object', () => {
    expect(verdict({ serviceId: 64, name: 'a', rpc: ['greet'] })).to.equal('accepted');
    for (const name of [
      'onMessage',
      'perform',
      'performInTurn',
      'awaited',
      'ports',
      'constructor',
      'toString',
      '__proto__',
      'then',
      'toJSON',
      'name',
    ]) {
      expect(verdict({ serviceId: 64, name: 'a', rpc: [name] }), name).to.match(/^BEHAVIOR_INVALID: Sample offers .* no hook/);
    }
    expect(verdict({ serviceId: 64, name: 'a', rpc: { greet: { idempotent: true, resumeMs: 60_000 } } })).to.equal('accepted');
    for (const [options, text] of [
      [{ idempotent: 1 }, 'option idempotent is 1'],
      [{ resumeMs: 60_001 }, 'option resumeMs is 60001'],
      [{ input: {} }, 'option input is'],
      [{ resume: 1 }, 'option resume is unknown'],
    ] as const)
      expect(verdict({ serviceId: 64, name: 'a', rpc: { greet: options } })).to.include(`BEHAVIOR_INVALID: Sample: rpc.greet: ${text}`);
    expect(verdict({ serviceId: 64, name: 'a', rpc: { gret: {} } })).to.match(/no method of it; correct the name/);
    for (const name of ['gret', 'field', 'count'])
      expect(verdict({ serviceId: 64, name: 'a', rpc: [name] })).to.match(/no method of it; correct the name/);
    for (const rpc of ['greet', [1], 7, null]) expect(verdict({ serviceId: 64, name: 'a', rpc })).to.match(/rpc that is no list/);
  });

  it('a missing, misspelt or doubled descriptor is refused, naming class and cure', () => {
    expect(verdict(undefined)).to.match(/^BEHAVIOR_INVALID: Sample has no descriptor; write @Behavior/);
    expect(verdict(null)).to.match(/Sample has a descriptor that is no object/);
    expect(verdict({ serviceId: 64, name: 'a', rcp: [] })).to.match(/unknown key rcp .* serviceId, name, gate, rpc/);
    expect(verdict({ serviceId: 64, name: 'a', gate: 1 })).to.match(/gate that is no boolean/);
    @Behavior({ serviceId: 64, name: 'a' })
    class Both extends NetworkBehavior {
      static behavior = { serviceId: 64, name: 'a' };
    }
    expect(() => descriptorOf(Both)).to.throw(NetworkError, /Both has both @Behavior and static behavior/);
    expect(() => descriptorOf(NetworkBehavior)).to.throw(NetworkError, /NetworkBehavior has no descriptor/);
    expect(() => descriptorOf(Object.create(null) as object)).to.throw(NetworkError, /no class of a behaviour/);
    expect(() => descriptorOf({ serviceId: 64 })).to.throw(NetworkError, /Object has no descriptor/);
  });

  it('any value as descriptor is accepted or refused with BEHAVIOR_INVALID, never another error', () => {
    const anything = fc.anything({ withBigInt: true, withNullPrototype: true, withMap: true });
    const values = fc.oneof(anything, fc.record({ serviceId: anything, name: anything, rpc: anything }, { requiredKeys: [] }));
    fc.assert(fc.property(values, (value) => /^(accepted$|BEHAVIOR_INVALID: )/.test(verdict(value))));
  });

  it('the list of hooks is what NetworkBehavior has', () => {
    const members = Object.entries(Object.getOwnPropertyDescriptors(NetworkBehavior.prototype));
    const hooks = members.filter(
      ([name, { value }]) =>
        typeof value === 'function' && !['constructor', 'perform', 'performInTurn', 'awaited', 'toJSON'].includes(name),
    );
    expect(hooks.map(([name]) => name)).to.have.members([...BEHAVIOR_HOOKS]);
  });
});

describe('rpc methods', () => {
  class Base extends NetworkBehavior {
    static behavior: object = { serviceId: 64, name: 'base', rpc: ['listed'] };
    listed() {}
    @Rpc() marked(): unknown {
      return 1;
    }
    plain() {}
  }

  it('are those of the list and those that are marked, and nothing else', () => {
    expect([...rpcMethodsOf(new Base())]).to.have.members(['listed', 'marked']);
    expect(rpcMethodsOf(Base)).to.equal(rpcMethodsOf(new Base()));
  });

  it('an override stays callable; a descriptor of its own replaces the list, not the marks', () => {
    class Derived extends Base {
      static override behavior = { serviceId: 65, name: 'derived', rpc: ['plain'] };
      override marked() {
        return 2;
      }
    }
    expect([...rpcMethodsOf(Derived)]).to.have.members(['plain', 'marked']);
  });
});
