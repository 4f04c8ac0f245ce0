/**
 * @module What the compiler holds behaviours and providers to: the compilation of this file is the test, and fails where a wrong line is accepted. What
 * it refuses, and what it lets pass, is tried at run time, too.
 */
import { expect } from 'chai';
import {
  type BehaviorEntry,
  CLOCK,
  type Clock,
  createNode,
  NetworkBehavior,
  NODE_ID,
  type NodeId,
  type NodeOptions,
  type Provider,
  RouterTable,
  token,
} from '../../../index.js';

interface Greeting {
  readonly text: string;
}

const GREETING = token<Greeting>('greeting');
const NUMBERS = token<number[]>('numbers');
const UNTYPED = Symbol('untyped');

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter' } as const;
  static readonly inject = [GREETING, NODE_ID, RouterTable] as const;

  constructor(
    readonly greeting: Greeting,
    readonly id: NodeId,
    readonly router: RouterTable,
    readonly options: { readonly isLoud?: boolean } = {},
  ) {
    super();
  }
}

class User extends NetworkBehavior {
  static readonly behavior = { serviceId: 65, name: 'user' } as const;
  static readonly inject = [Greeter, UNTYPED, 'a text'] as const;

  constructor(
    readonly greeter: Greeter,
    readonly untyped: bigint,
    readonly text: string,
  ) {
    super();
  }
}

/** Its tokens are in the wrong order. */
class Swapped extends NetworkBehavior {
  static readonly behavior = { serviceId: 66, name: 'swapped' } as const;
  static readonly inject = [NODE_ID, CLOCK] as const;

  constructor(
    readonly clock: Clock,
    readonly id: NodeId,
  ) {
    super();
  }
}

class WantsGreeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 67, name: 'wants-greeter' } as const;
  static readonly inject = [RouterTable] as const;

  constructor(readonly greeter: Greeter) {
    super();
  }
}

class Hello implements Greeting {
  static readonly inject = [NUMBERS] as const;
  readonly text: string;

  constructor(readonly numbers: readonly number[]) {
    this.text = `hello ${numbers.length}`;
  }
}

class Unfit implements Greeting {
  static readonly inject = [NODE_ID] as const;
  readonly text = '';

  constructor(readonly numbers: number[]) {}
}

/** What the compiler refuses. Never run. */
async function refused(): Promise<void> {
  // @ts-expect-error the tokens are in the wrong order
  await createNode({ behaviors: [Greeter, Swapped] });
  // @ts-expect-error with options likewise
  await createNode({ behaviors: [[Swapped, { any: 1 }]] });
  // @ts-expect-error a router is no greeter
  await createNode({ behaviors: [WantsGreeter] });
  // @ts-expect-error a text is no greeting
  await createNode({ provide: [{ token: GREETING, useValue: 'hello' }] });
  // @ts-expect-error a field has the wrong type
  await createNode({ provide: [{ token: GREETING, useValue: { text: 7 } }] });
  const wrong = { token: NUMBERS, useValue: ['1'] };
  // @ts-expect-error the second one is wrong
  await createNode({ provide: [{ token: NUMBERS, useValue: [1] }, wrong] });
  // @ts-expect-error the factory makes something else
  await createNode({ provide: [{ token: NUMBERS, useFactory: () => 'one' }] });
  const factory = { token: NUMBERS, useFactory: (id: bigint) => [Number(id)], inject: [NODE_ID] as const };
  // @ts-expect-error the factory is given something else
  await createNode({ provide: [factory] });
  // @ts-expect-error nor where it is written in place
  await createNode({ provide: [{ token: UNTYPED, useFactory: (id: bigint) => id, inject: [NODE_ID] }] });
  // @ts-expect-error the class is something else
  await createNode({ provide: [{ token: NUMBERS, useClass: Hello }] });
  // @ts-expect-error the class injects something else than it takes
  await createNode({ provide: [{ token: GREETING, useClass: Unfit }] });
}

void refused;

describe('kind 12: inject and provide (USERS 9)', () => {
  it('take what stands for what is wanted: classes, typed tokens, and symbols and texts without a type', async () => {
    const node = await createNode({
      behaviors: [[Greeter, { isLoud: true }], User],
      provide: [
        { token: GREETING, useClass: Hello },
        { token: NUMBERS, useFactory: (id: NodeId) => [id.length, 2], inject: [NODE_ID] },
        { token: UNTYPED, useValue: 5n },
        { token: 'a text', useValue: 'text' },
      ],
      logger: 'silent',
    });
    const { greeter, untyped, text } = node.behavior(User);
    expect([greeter.greeting.text, greeter.options, untyped, text]).to.deep.equal(['hello 2', { isLoud: true }, 5n, 'text']);
    await node.stop();
  });

  it('take lists and options whose elements are known at run time only', async () => {
    const behaviors: BehaviorEntry[] = [Greeter];
    const provide: readonly Provider[] = [{ token: GREETING, useValue: { text: 'hi' } }];
    const options: NodeOptions = { behaviors, provide, logger: 'silent' };
    for (const given of [options, { ...options, behaviors: [...behaviors], provide: [...provide] }]) {
      const node = await createNode(given);
      expect(node.behavior(Greeter).greeting.text).to.equal('hi');
      await node.stop();
    }
  });
});
