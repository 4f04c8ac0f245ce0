/**
 * @module Golden transcripts of the engine: what is observable of a node, in its order, for the scenarios below (DESIGN section 5 rule 6,
 * STYLE 43). Each has its text in `transcripts/`. With `MESHWRIGHT_TRANSCRIPTS=write` in the environment the texts are rewritten: read the
 * diff, and say in the commit why the order changed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BehaviorAgent, type Identity, toConnection, toNode } from '../../../core/index.js';
import { addressOf, orderedIdentities, type RecordingBehavior, seededIdentity } from '../../../testing/index.js';
import { RecordingRouter, TranscriptWorld } from './transcript-world.js';

const FOLDER = join(process.cwd(), 'test/core/engine/transcripts');
const IS_WRITING = process.env['MESHWRIGHT_TRANSCRIPTS'] === 'write';
const [SMALLER, LARGER] = orderedIdentities(2) as [Identity, Identity];

type Trio = readonly [gate: RecordingBehavior, first: RecordingBehavior, second: RecordingBehavior];

/** Alice and Bob, with three behaviours each. */
function couple(world: TranscriptWorld, options: { alice?: object; bob?: object; bobs?: object } = {}) {
  const behaviors = world.trio('alice');
  const alice = world.add('alice', { behaviors, ...options.alice });
  const bobs = world.trio('bob', options.bobs);
  const bob = world.add('bob', { behaviors: bobs, ...options.bob });
  return { alice, bob, alices: behaviors as unknown as Trio, bobs: bobs as unknown as Trio };
}

/** Alice's `first` dials Bob. */
function dialled(world: TranscriptWorld, options?: Parameters<typeof couple>[1]) {
  const nodes = couple(world, options);
  world.begin('alice dials bob');
  world.connect('alice', nodes.alices[1], 'bob');
  world.drive();
  return nodes;
}

/** What happens afterwards. */
function connected(world: TranscriptWorld, options?: Parameters<typeof couple>[1]) {
  const nodes = dialled(world, options);
  world.begin('alice has dialled bob');
  return nodes;
}

function duplicates(world: TranscriptWorld, alice: Identity, bob: Identity): void {
  const { alices, bobs } = couple(world, { alice: { identity: alice }, bob: { identity: bob } });
  world.begin('both dial each other at the same time');
  world.connect('alice', alices[1], addressOf('bob').withNodeId(bob.nodeId));
  world.connect('bob', bobs[1], addressOf('alice').withNodeId(alice.nodeId));
  world.drive();
  world.advance(1_000);
}

const SCENARIOS: Readonly<Record<string, (world: TranscriptWorld) => void>> = {
  'two nodes start': (world) => {
    couple(world);
  },
  'dial and accept': (world) => {
    const { alice, bob, alices } = dialled(world);
    world.say('alice sends to bob, to a handler and to a behaviour');
    world.as(alices[2], (agent) => agent.send(toConnection(1), Uint8Array.of(1, 2, 3)));
    world.as(alices[2], (agent) => agent.send(toNode(bob.id), Uint8Array.of(1)));
    world.as(alices[1], (agent) => agent.sendToHandlers('all', 'event'));
    world.as(alices[1], (agent) => agent.sendToBehavior(65, 'event'));
    alice.settle();
    world.drive();
    world.say('alice closes');
    world.as(alices[1], (agent) => agent.closeConnection(1, 'enough'));
    world.drive();
  },
  'a gate refuses': (world) => {
    const refuse = (agent: BehaviorAgent, { id }: { id: number }) => agent.closeConnection(id, 'not welcome');
    dialled(world, { bobs: { gate: { reactions: { onIncomingConnectionConnected: refuse } } } });
  },
  'a vote refuses': (world) => {
    dialled(world, { bobs: { second: { reactions: { checkIncomingConnection: () => 'no room' } } } });
  },
  'duplicate dials, the smaller id dials first': (world) => duplicates(world, SMALLER, LARGER),
  'duplicate dials, the larger id dials first': (world) => duplicates(world, LARGER, SMALLER),
  'a restarted node replaces its link': (world) => {
    connected(world);
    const again = world.trio('again');
    world.add('again', { identity: seededIdentity('alice'), behaviors: again });
    world.begin('again, the same node as alice, dials bob');
    world.connect('again', again[1] as RecordingBehavior, 'bob');
    world.drive();
  },
  'the channel breaks': (world) => {
    connected(world);
    world.say('the channel breaks');
    world.breakChannel();
    world.drive();
  },
  'a node stops': (world) => {
    const { alice } = connected(world);
    world.say('alice stops');
    alice.stop();
    world.drive();
  },
  'behaviours come and go while a link is open': (world) => {
    const { bob } = connected(world);
    const third = world.subject('bob', 66, 'third');
    world.say('bob gets a third behaviour');
    world.join(bob, third);
    world.drive();
    world.say('it offers a further service, and withdraws it');
    world.as(third, (agent) => agent.registerService(90));
    world.drive();
    world.as(third, (agent) => agent.unregisterService(90));
    world.drive();
    world.say('it goes');
    world.leave(bob, third);
    world.drive();
  },
  'a behaviour spends its budget of faults': (world) => {
    const fail = () => {
      throw new Error('on purpose');
    };
    const { alice, alices } = connected(world, {
      bob: { limits: { faultsPerMinute: 1 } },
      bobs: { second: { reactions: { 'handler.onEvent': fail } } },
    });
    world.say('alice sends what bob cannot take');
    world.as(alices[2], (agent) => agent.send(toConnection(1), Uint8Array.of(1)));
    alice.settle();
    world.drive();
  },
  'a seed is dialled again': (world) => {
    const behaviors = world.trio('alice');
    const alice = world.add('alice', { behaviors });
    world.begin('alice keeps a seed where nobody listens');
    alice.step({ type: 'work', work: () => alice.network.keepSeed(addressOf('bob')) });
    world.advance(1_000);
    world.add('bob', { behaviors: world.trio('bob') });
    world.advance(4_000);
    world.say('the channel breaks');
    world.breakChannel();
    world.drive();
    world.advance(8_000);
  },
  'addresses come from a port, and one does not answer': (world) => {
    world.unreachable.set('nowhere', 'silent');
    const bobs = world.trio('bob');
    const bob = world.add('bob', { behaviors: bobs });
    const addressSource = { addressesOf: () => [addressOf('nowhere'), addressOf('bob')] };
    const alices = world.trio('alice', { second: { ports: { addressSource } } });
    world.add('alice', { behaviors: alices });
    world.begin('alice dials bob by its id');
    world.connect('alice', alices[1] as RecordingBehavior, bob.id);
    world.drive();
    world.advance(300);
  },
  'no address serves': (world) => {
    world.unreachable.set('nowhere', 'silent');
    const addressSource = { addressesOf: () => [addressOf('nobody'), addressOf('nowhere')] };
    const bob = world.add('bob');
    const alices = world.trio('alice', { second: { ports: { addressSource } } });
    world.add('alice', { behaviors: alices });
    world.begin('alice dials bob by its id');
    world.connect('alice', alices[1] as RecordingBehavior, bob.id);
    world.drive();
    world.advance(10_000);
  },
  'a policy makes room at the cap': (world) => {
    const connectionPolicy = { admit: () => undefined, prune: () => 1 };
    const { bob } = connected(world, { bob: { connections: { min: 0, max: 1 } }, bobs: { second: { ports: { connectionPolicy } } } });
    const carol = world.trio('carol');
    world.add('carol', { behaviors: carol });
    world.begin('carol dials bob, who has as many connections as it wants');
    world.connect('carol', carol[1] as RecordingBehavior, 'bob');
    world.drive();
    expect(bob.network.links.admittedCount).to.equal(1);
  },
  'a relay reports what it lost': (world) => {
    const router = new RecordingRouter(world, 'alice');
    router.isLeaf = true;
    const { alice, alices } = connected(world, { alice: { router } });
    world.say('alice sends over bob to somebody unknown');
    world.as(alices[1], (agent) => agent.send(toNode(seededIdentity('stranger').nodeId), Uint8Array.of(1), { streamId: 7 }));
    alice.settle();
    world.drive();
  },
  'a silent link': (world) => {
    connected(world);
    world.advance(5_000);
    world.say('nothing arrives any more');
    world.silence();
    world.advance(15_000);
  },
  'a full lane becomes writable': (world) => {
    const { alice, alices } = connected(world, { alice: { limits: { payloadBytesMax: 65_536, laneBytesMax: 98_304 } } });
    world.say('alice sends more than the lane holds');
    const bulk = new Uint8Array(60_000);
    const results = world.as(alices[1], (agent) => [agent.send(toConnection(1), bulk), agent.send(toConnection(1), bulk)]);
    world.log('alice', `send returns ${results.join(', ')}`);
    alice.settle();
    world.drive();
    world.advance(0);
  },
};

describe('golden transcripts of the engine', () => {
  for (const [title, scenario] of Object.entries(SCENARIOS)) {
    it(title, () => {
      const world = new TranscriptWorld();
      scenario(world);
      const transcript = `${title}\n\n${world.lines.join('\n')}\n`;
      const path = join(FOLDER, `${title.replaceAll(',', '').replaceAll(' ', '-')}.txt`);
      if (IS_WRITING) writeFileSync(path, transcript);
      expect(transcript).to.equal(readFileSync(path, 'utf8'));
    });
  }
});
