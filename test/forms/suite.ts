/**
 * @module The example suite that every form of writing behaviours has to pass, under every compiler: it is given the same three classes and
 * checks registration, injection, and calls within a node and between two. Uses the public API and `node:assert` alone, so that `tools/` can run
 * it against the packed package. Throws at the first difference.
 */
import assert from 'node:assert/strict';
import { type BehaviorClass, createNode, type NetworkBehavior, RouterTable, type RpcError, token, toLocal, toNode } from '../../index.js';

/** A token of the application's own. */
export const PREFIX = token<string>('PREFIX');

interface GreeterForm extends NetworkBehavior {
  readonly greeting: string;
  greet(request: { name: string }): { text: string };
  count(request: { to: number }): AsyncGenerator<number>;
}

type GreeterClass = new (options?: { greeting?: string }) => GreeterForm;

/** What each form has to define. */
export interface Forms {
  /** Service 64, `greeter`; takes its options `{ greeting }` last; offers `greet` and `count`, not `secret`. */
  readonly Greeter: GreeterClass;
  /** Service 65, `loud-greeter`; extends Greeter and overrides `greet`. */
  readonly LoudGreeter: GreeterClass;
  /** Service 66, `scribe`, a gate; injects Greeter, RouterTable and PREFIX, then takes its options. */
  readonly Scribe: BehaviorClass<NetworkBehavior & { readonly given: readonly unknown[] }>;
}

export async function checkForms(forms: Forms): Promise<void> {
  await checkRefusal(forms);
  await checkWithin(forms);
  await checkBetween(forms);
}

async function checkRefusal({ Greeter, Scribe }: Forms): Promise<void> {
  await assert.rejects(createNode({ behaviors: [Scribe] }), { code: 'DEPENDENCY_MISSING' });
  await assert.rejects(createNode({ behaviors: [Greeter, Greeter] }), { code: 'BEHAVIOR_DUPLICATE' });
}

async function checkWithin({ Greeter, LoudGreeter, Scribe }: Forms): Promise<void> {
  const behaviors = [[Scribe, { lines: 3 }] as const, LoudGreeter, [Greeter, { greeting: 'Good day' }] as const];
  const node = await createNode({ behaviors, provide: [{ token: PREFIX, useValue: '> ' }] });
  await node.start();
  const running = [Greeter, LoudGreeter, Scribe].map((type) => node.behavior<NetworkBehavior>(type));
  assert.deepEqual(
    running.map(({ serviceId, name }) => [serviceId, name]),
    [
      [64, 'greeter'],
      [65, 'loud-greeter'],
      [66, 'scribe'],
    ],
  );
  assert.ok(node.router instanceof RouterTable);
  assert.deepEqual(node.behavior(Scribe).given, [node.behavior(Greeter), node.router, '> ', { lines: 3 }]);
  const loud = node.client(LoudGreeter, toLocal());
  assert.deepEqual(await loud.greet({ name: 'Ada' }), { text: 'HELLO ADA' });
  const numbers: number[] = [];
  for await (const number of node.client(Greeter, toLocal()).count({ to: 3 })) numbers.push(number);
  assert.deepEqual(numbers, [1, 2, 3]);
  const isUnknown = ({ code }: RpcError) => code === 'RPC_METHOD_UNKNOWN';
  await assert.rejects(node.call(toLocal(), 64, 'secret', {}), isUnknown);
  await assert.rejects(node.call(toLocal(), 66, 'greet', {}), isUnknown);
  await node.stop();
}

async function checkBetween({ Greeter }: Forms): Promise<void> {
  const ada = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Greeter] });
  const bob = await createNode({ behaviors: [Greeter] });
  await ada.start();
  await bob.start();
  await bob.connect(`${ada.addresses[0]}`);
  const answer = await bob.client(Greeter, toNode(ada.id)).greet({ name: 'world' });
  await bob.stop();
  await ada.stop();
  assert.deepEqual(answer, { text: 'Hello world' });
}
