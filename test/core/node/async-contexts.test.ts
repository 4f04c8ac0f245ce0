/**
 * @module Contexts of an application (`AsyncLocalStorage`): callbacks of a node run in the context of the caller that asked for them, or in none, never in that of
 * another request, whose step, dial or timer happens to carry them out.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type BehaviorAgent, createNode, type MeshNode, type Message, NetworkBehavior, toNode } from '../../../index.js';

const context = new AsyncLocalStorage<string>();
const where = () => context.getStore() ?? 'none';

/** Writes down in which context it is called. */
class Recorder extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'recorder', rpc: ['echo'] } as const;
  readonly seen: string[] = [];

  echo(value: string): string {
    this.seen.push(`echo ${where()}`);
    return value;
  }

  override onMessage(_agent: BehaviorAgent, message: Message): void {
    this.seen.push(`message ${message.value<string>()} ${where()}`);
  }

  later(delayMs: number): void {
    this.perform((agent) => agent.after(delayMs, () => this.seen.push(`timer ${where()}`)));
  }
}

describe('kind 11: contexts of an application (AsyncLocalStorage)', () => {
  let nodes: readonly [MeshNode, MeshNode];
  beforeEach(async () => {
    const make = () =>
      createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Recorder], builtins: ['handshake', 'rpc'], logger: 'silent' });
    nodes = await context.run('start', async () => Promise.all([make(), make()]));
    for (const node of nodes) await context.run('start', () => node.start());
  });
  afterEach(() => Promise.all(nodes.map((node) => node.stop())));

  const seenBy = (node: MeshNode) => node.behavior(Recorder).seen;

  it('what a connection brings belongs to nobody, whoever has dialled and whoever listens', async () => {
    const [a, b] = nodes;
    const events: string[] = [];
    context.run('listener', () => {
      for (const node of nodes) node.on('connected', () => events.push(where()));
    });
    await context.run('dialler', () => a.connect(b.addresses[0]?.text as string));
    await context.run('caller', async () => {
      expect(await a.client(Recorder, toNode(b.id)).echo('x')).to.equal('x');
      expect(await b.client(Recorder, toNode(a.id)).echo('y')).to.equal('y');
      expect(where(), 'who awaits goes on in its own').to.equal('caller');
    });
    expect(events).to.deep.equal(['none', 'none']);
    expect([seenBy(a), seenBy(b)]).to.deep.equal([['echo none'], ['echo none']]);
  });

  it('a timer that is due when another request enters the node is not its own', async () => {
    const [a, b] = nodes;
    await a.connect(b.addresses[0]?.text as string);
    context.run('first', () => a.behavior(Recorder).later(5));
    context.run('busy', () => {
      const untilMs = performance.now() + 20;
      while (performance.now() < untilMs);
      a.behavior(Recorder).later(60_000);
    });
    expect(seenBy(a), 'carried out by the step of the other').to.deep.equal(['timer none']);
    context.run('sender', () => a.send(toNode(b.id), 64, 'hello'));
    while (seenBy(b).length === 0) await sleep(1);
    expect(seenBy(b)).to.deep.equal(['message hello none']);
  });

  it('what one request causes at once for the listener of another does not run in its context', async () => {
    const [a, b] = nodes;
    const { id } = await a.connect(b.addresses[0]?.text as string);
    const ended = new Promise<string>((resolve) => context.run('listener', () => a.on('disconnected', () => resolve(where()))));
    context.run('closer', () => a.disconnect(id));
    expect(await ended).to.equal('none');
  });
});
