/** @module USERS 15: a test of a user's own behaviour takes at most 15 lines, less than 20 ms, and never fails by chance. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BehaviorAgent, type Message, NetworkBehavior, toNode } from '../../index.js';
import { SimulatedNetwork } from '../../simulation.js';

class Echo extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'echo' } as const;
  readonly heard: unknown[] = [];
  say(node: Parameters<typeof toNode>[0], text: string): unknown {
    return this.perform((agent) => agent.send(toNode(node), text));
  }
  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.heard.push(message.value());
    if (message.value() === 'hello') agent.send(toNode(message.source), 'hello back');
  }
}

async function echoTest(seed: number): Promise<void> {
  // The test begins.
  const network = new SimulatedNetwork({ seed });
  const alice = await network.createNode({ name: 'alice', behaviors: [Echo] });
  const bob = await network.createNode({ name: 'bob', behaviors: [Echo] });
  await network.start(alice, bob);
  await alice.connect('sim://bob');
  alice.behavior(Echo).say(bob.id, 'hello');
  await network.runUntil(() => alice.behavior(Echo).heard.length > 0);
  expect(bob.behavior(Echo).heard).to.deep.equal(['hello']);
  expect(alice.behavior(Echo).heard).to.deep.equal(['hello back']);
  await network.stop();
  // The test ends.
}

describe('a two-node test of a behaviour (USERS 15)', () => {
  it('has at most 15 lines', () => {
    const source = readFileSync(join(process.cwd(), 'test/testing/two-node-test.test.ts'), 'utf8').split('\n');
    const lines = source.indexOf('  // The test ends.') - source.indexOf('  // The test begins.') - 1;
    expect(lines).to.be.within(5, 15);
  });

  it('passes 1,000 times with 1,000 seeds', async () => {
    for (let seed = 0; seed < 1_000; seed++) await echoTest(seed);
  });
});
