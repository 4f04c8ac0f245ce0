/** @module Tests of the decorators under the standard dialect; the legacy one has its own folder. */
import { expect } from 'chai';
import { type BehaviorDescriptor, descriptorOf, rpcMethodsOf } from '../../../core/api/descriptor.js';
import { NetworkBehavior } from '../../../core/api/network-behavior.js';
import type { RpcContext } from '../../../core/api/rpc.js';
import { Behavior, inject, OnStream, Rpc } from '../../../core/registration/decorators.js';
import { type BehaviorEntry, type ByteStream, createNode, type NetworkError } from '../../../index.js';
import { expectRpcRefused, misuse } from '../../forms/misuse.js';

// The compiler refuses most of what is defined here; plain callers and other compilers do not.
type Anywhere = (target: unknown, context: unknown) => void;
const rpc = Rpc as () => Anywhere;
const behavior = Behavior as (descriptor: object) => Anywhere;

describe('decorators, standard dialect', () => {
  it('@Behavior and @Rpc record what static behavior would', () => {
    @Behavior({ serviceId: 64, name: 'greeter', gate: true })
    class Greeter extends NetworkBehavior {
      @Rpc() greet(request: { name: string }, context: RpcContext) {
        return `${request.name} at ${context.source}`;
      }
      @Rpc() async later() {}
      @Rpc() async *many() {
        yield 1;
      }
    }
    expect(descriptorOf(Greeter)).to.deep.equal({ serviceId: 64, name: 'greeter', gate: true });
    expect([...rpcMethodsOf(Greeter)]).to.deep.equal(['greet', 'later', 'many']);
  });

  it('@Rpc counts on a method that another decorator replaced before', () => {
    const wrap = (_method: unknown, _context: unknown) => () => 'wrapped';
    @Behavior({ serviceId: 64, name: 'wrapped' })
    class Wrapped extends NetworkBehavior {
      @Rpc() @wrap work() {
        return 'plain';
      }
    }
    expect([...rpcMethodsOf(Wrapped)]).to.deep.equal(['work']);
  });

  it('a decorator twice, and @Rpc with @OnStream on one method, throw where the class is defined', () => {
    const both = [Rpc() as Anywhere, OnStream() as Anywhere];
    for (const [first, second] of [both, both.toReversed(), [both[0], both[0]], [both[1], both[1]]] as [Anywhere, Anywhere][]) {
      const define = () => {
        class A extends NetworkBehavior {
          @first @second take() {}
        }
        return A;
      };
      expect(define).to.throw(/^@(Rpc|OnStream) stands on take, which has @(Rpc|OnStream); leave one of them out/);
    }
    const twice = () => {
      @Behavior({ serviceId: 66, name: 'one' })
      @Behavior({ serviceId: 67, name: 'two' })
      class Twice extends NetworkBehavior {}
      return Twice;
    };
    expect(twice).to.throw('Twice has @Behavior twice; leave one of them out');
  });

  it('two methods with @OnStream, or one beside the hook, are refused, in classes above too; an override is not', async () => {
    class Base extends NetworkBehavior {
      static readonly behavior: BehaviorDescriptor = { serviceId: 64, name: 'base' };
      @OnStream() take(_stream: ByteStream) {}
    }
    class Two extends Base {
      @OnStream() other(_stream: ByteStream) {}
    }
    class Hook extends Base {
      override onStream() {}
    }
    class Override extends Base {
      @OnStream() override take(_stream: ByteStream) {}
    }
    const refusal = (entry: BehaviorEntry) =>
      createNode({ behaviors: [entry], logger: 'silent' }).then(
        () => 'made',
        ({ code, message }: NetworkError) => `${code}: ${message}`,
      );
    expect(await refusal(Two)).to.match(
      /^BEHAVIOR_INVALID: Two takes streams by @OnStream other and by @OnStream take, of which one would run/,
    );
    expect(await refusal(new Hook())).to.match(/^BEHAVIOR_INVALID: Hook takes streams by @OnStream take and by the hook onStream/);
    expect([await refusal(Base), await refusal(Override)]).to.deep.equal(['made', 'made']);
  });

  it('@Rpc on a field, an accessor, a static or private member, a hook or a class throws where the class is defined', () => {
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
        /a getter \(work\)/,
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
        /a private member \(#work\)/,
        () => {
          class A {
            @rpc() #work() {}
            call() {
              this.#work();
            }
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
        /toString, which is a hook or a member/,
        () => {
          class A {
            @rpc() toString() {
              return '';
            }
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
        /a class/,
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
    ).to.match(/@Behavior stands on a method/);
    expect(
      misuse(() => {
        @behavior({ serviceId: 256, name: 'a' })
        class A {}
        return A;
      }),
    ).to.match(/A has the service id 256/);
    expect(
      misuse(() => {
        @behavior({ serviceId: 64, name: '' })
        class A {}
        return A;
      }),
    ).to.match(/A has the name ""/);
    expect(
      misuse(() => {
        @behavior({ serviceId: 255, name: 'a' })
        class A {}
        return A;
      }),
    ).to.equal('accepted');
  });

  it('@inject, which the standard dialect has no place for, throws on members', () => {
    const wanted = inject('x') as unknown as Anywhere;
    expect(
      misuse(() => {
        class A {
          @wanted x = 1;
        }
        return A;
      }),
    ).to.match(/BEHAVIOR_INVALID: .*@inject.*static inject/);
    expect(
      misuse(() => {
        @wanted
        class A {}
        return A;
      }),
    ).to.match(/A uses @inject on something else/);
  });

  it('the compiler refuses methods that cannot be called remotely', () => {
    class Checked extends NetworkBehavior {
      // @ts-expect-error the second argument is the context
      @Rpc() two(_first: string, _second: number) {}
      // @ts-expect-error there is no third argument
      @Rpc() three(_first: string, _context: RpcContext, _third: string) {}
    }
    expect(Checked).to.be.a('function');
  });
});
