/** @module Greeter: a test that users would write, for vitest. */
import { NetworkBehavior, toNode } from 'meshwright';
import { SimulatedNetwork } from 'meshwright/simulation';
import { expect, test } from 'vitest';

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter', rpc: ['greet'] } as const;
  greet(request: { name: string }) {
    return { text: `Hello ${request.name}` };
  }
}

test('greets', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const ada = await network.createNode({ name: 'ada', behaviors: [Greeter] });
  const bob = await network.createNode();
  await network.start(ada, bob);
  await bob.connect('sim://ada');
  expect((await bob.client(Greeter, toNode(ada.id)).greet({ name: 'world' })).text).toBe('Hello world');
});
