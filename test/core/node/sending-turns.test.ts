/**
 * @module Tests that whoever waits for room lets the event loop go on, over a channel that takes everything at once: in microtasks, before the
 * loop turns.
 */
import { expect } from 'chai';
import { createNode, type MeshNode, toNode } from '../../../index.js';
import { recordingBehavior } from '../../../testing/index.js';
import { MemoryNetwork, MemoryTransport } from '../../../transports/memory/index.js';

const SERVICE = 64;
const PAYLOAD = new Uint8Array(60_000);
/** What a sender that never yields would send before the test gives up; 70 fill the lane. */
const MESSAGES_MAX = 2_000;

async function couple(): Promise<{ readonly alice: MeshNode; readonly bob: MeshNode }> {
  const transports = [new MemoryTransport(new MemoryNetwork())];
  const options = { logger: 'silent' as const, builtins: ['handshake' as const], transports };
  const desk = recordingBehavior({ serviceId: SERVICE });
  const bob = await createNode({ ...options, behaviors: [desk], listen: ['mem://bob'] });
  const alice = await createNode({ ...options, behaviors: [recordingBehavior({ serviceId: SERVICE })] });
  await bob.start();
  await alice.start();
  await alice.connect('mem://bob');
  return { alice, bob };
}

/** How many messages are sent before the event loop turns. */
async function sentInATurn(sendOne: () => Promise<void>): Promise<number> {
  let hasTurned = false;
  setImmediate(() => (hasTurned = true));
  let sent = 0;
  for (; sent < MESSAGES_MAX && !hasTurned; sent++) await sendOne();
  return sent;
}

describe('a timer of 0 ms', () => {
  it('falls due when the turn ends, behind all that comes into the turn', async () => {
    const { alice, bob } = await couple();
    let seen: string[] = [];
    const clock = recordingBehavior({ serviceId: 70, name: 'clock' });
    alice.addBehavior(clock);
    // What is due waits for 5 ms at most, so that a process that was kept from its turn tries again.
    for (let beganMs = 0, endMs = 5; endMs - beganMs >= 5; ) {
      seen = [];
      await new Promise((resolve) => setImmediate(resolve));
      beganMs = performance.now();
      clock['perform']((agent) => agent.after(0, () => seen.push('0 ms')));
      seen.push('the call has returned');
      // Whatever comes into the turn later goes ahead of it, although time has passed.
      while (performance.now() < beganMs + 0.1);
      clock['perform'](() => void seen.push('another call'));
      endMs = performance.now();
      await new Promise<void>((resolve) => setImmediate(() => resolve(void seen.push('the turn has ended'))));
    }
    expect(seen).to.deep.equal(['the call has returned', 'another call', '0 ms', 'the turn has ended']);
    await Promise.all([alice.stop(), bob.stop()]);
  });
});

describe('a sender that waits for room', () => {
  it('with node.writable, lets the event loop turn', async () => {
    const { alice, bob } = await couple();
    const route = toNode(bob.id);
    const sent = await sentInATurn(async () => {
      while (alice.send(route, SERVICE, PAYLOAD) === 'full') await alice.writable(route);
    });
    expect(sent).to.be.lessThan(300);
    await Promise.all([alice.stop(), bob.stop()]);
  });

  it('in the hook onWritable, lets the event loop turn', async () => {
    const { alice, bob } = await couple();
    const waiting: (() => void)[] = [];
    const pump = recordingBehavior({ serviceId: 70, name: 'pump', reactions: { onWritable: () => waiting.splice(0).map((go) => go()) } });
    alice.addBehavior(pump);
    const sendOne = () => pump['perform']((agent) => agent.send(toNode(bob.id), PAYLOAD, { serviceId: SERVICE }));
    const sent = await sentInATurn(async () => {
      while (sendOne() === 'full') await new Promise<void>((resolve) => waiting.push(resolve));
    });
    expect(sent).to.be.lessThan(300);
    await Promise.all([alice.stop(), bob.stop()]);
  });
});
