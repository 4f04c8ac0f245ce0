/** @module Tests of the decorators under TypeScript's legacy dialect. */
import { expect } from 'chai';
import { rpcMethodsOf } from '../../core/api/descriptor.js';
import { NetworkBehavior } from '../../core/api/network-behavior.js';
import { Behavior, inject, Rpc } from '../../core/registration/decorators.js';
import { tokensOf } from '../../core/registration/injection.js';
import { expectRpcRefused, misuse } from '../forms/misuse.js';
import { checkForms } from '../forms/suite.js';
import * as forms from './forms.js';

// The compiler refuses most of what is defined here; plain callers and other compilers do not.
type Anywhere = (...where: unknown[]) => void;
const rpc = Rpc as () => Anywhere;
const behavior = Behavior as (descriptor: object) => Anywhere;

describe('decorators, legacy dialect', () => {
  it('pass the example suite, with @inject on parameters (USERS 8)', () => {
    return checkForms(forms);
  });

  it('@inject: the tokens stand in order, and a subclass without a constructor inherits them', () => {
    class Copy extends forms.Scribe {}
    expect(tokensOf(Copy)).to.deep.equal(tokensOf(forms.Scribe));
    expect(tokensOf(Copy)[0]).to.equal(forms.Greeter);
  });

  it('@Rpc counts on a method that it wraps last', () => {
    const wrap = (_target: object, _name: string, property: PropertyDescriptor) => ({ ...property, value: () => 'wrapped' });
    class Wrapped extends NetworkBehavior {
      static behavior = { serviceId: 40, name: 'wrapped' };
      @Rpc() @wrap work() {
        return 'plain';
      }
    }
    expect([...rpcMethodsOf(Wrapped)]).to.deep.equal(['work']);
  });

  it('@Rpc on a field, an accessor, a static member, a hook or a class throws where the class is defined', () => {
    expectRpcRefused([
      [
        /a field \(work\)/,
        () => {
          class A {
            @rpc() work = 1;
          }
          return A;
        },
      ],
      [
        /an accessor \(work\)/,
        () => {
          class A {
            @rpc() get work() {
              return 1;
            }
          }
          return A;
        },
      ],
      [
        /a static member \(work\)/,
        () => {
          class A {
            @rpc() static work() {}
            other() {}
          }
          return A;
        },
      ],
      [
        /onMessage, which is a hook/,
        () => {
          class A {
            @rpc() onMessage() {}
          }
          return A;
        },
      ],
      [
        /no text/,
        () => {
          class A {
            @rpc() [Symbol.iterator]() {}
          }
          return A;
        },
      ],
      [
        /a class \(A\)/,
        () => {
          @rpc()
          class A {}
          return A;
        },
      ],
    ]);
    expect(
      misuse(() => {
        class A {
          @rpc() work() {}
        }
        return A;
      }),
    ).to.equal('accepted');
  });

  it('@Behavior on a member throws, and so do facts that are not sound', () => {
    expect(
      misuse(() => {
        class A {
          @behavior({ serviceId: 40, name: 'a' }) work() {}
        }
        return A;
      }),
    ).to.match(/@Behavior stands on the member work/);
    expect(
      misuse(() => {
        @behavior({ serviceId: 256, name: 'a' })
        class A {}
        return A;
      }),
    ).to.match(/A has the service id 256/);
    expect(
      misuse(() => {
        @behavior({ serviceId: 255, name: 'a' })
        class A {}
        return A;
      }),
    ).to.equal('accepted');
  });

  it('@inject on a method parameter or with a class that is undefined throws', () => {
    const wanted = inject as (token: unknown) => Anywhere;
    expect(
      misuse(() => {
        class A {
          work(@wanted('x') _x: string) {}
        }
        return A;
      }),
    ).to.match(/A uses @inject on something else/);
    expect(
      misuse(() => {
        class A {
          constructor(@wanted(undefined) readonly x: unknown) {}
        }
        return A;
      }),
    ).to.match(/constructor parameter 0.*circle of imports/);
    expect(
      misuse(() => {
        class A {
          constructor(@wanted('x') readonly x: unknown) {}
        }
        return A;
      }),
    ).to.equal('accepted');
  });

  it('a parameter without @inject before one with it is refused, naming its place', () => {
    class Gap extends NetworkBehavior {
      constructor(
        readonly first: unknown,
        @inject('second') readonly second: unknown,
      ) {
        super();
      }
    }
    expect(misuse(() => tokensOf(Gap))).to.match(/Gap has no token for constructor parameter 0/);
  });
});
