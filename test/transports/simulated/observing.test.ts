/** @module Tests of what a simulation shows (kind 16): faults are listed or reject, and the trace has callbacks and messages for people. */
import { expect } from 'chai';
import { type BehaviorAgent, NetworkBehavior, toNode } from '../../../core/index.js';
import { SimulatedNetwork, type SimulationError, type SimulationOptions, traceText } from '../../../simulation.js';
import { recordingBehavior } from '../../../testing/index.js';

/** Fails a while after its start, so often. */
class Clumsy extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'clumsy' } as const;
  constructor(private readonly options: { readonly atMs: number; readonly times?: number }) {
    super();
  }
  override onStarted(agent: BehaviorAgent): void {
    for (let time = 0; time < (this.options.times ?? 1); time++) agent.after(this.options.atMs, () => this.fail());
  }
  override onStopped(): void {
    if (this.options.atMs === 0) this.fail();
  }
  private fail(): void {
    throw new Error('the vase is broken');
  }
}

async function clumsy(options: Partial<SimulationOptions>, facts: { readonly atMs: number; readonly times?: number }) {
  const sim = new SimulatedNetwork({ seed: 4, ...options });
  const node = await sim.createNode({ name: 'shelf', builtins: [], behaviors: [[Clumsy, facts]] });
  await sim.start(node);
  return sim;
}

const failure = (promise: Promise<unknown>): Promise<SimulationError | undefined> =>
  promise.then(
    () => undefined,
    (error: SimulationError) => error,
  );

describe('kind 16: faults in a simulation', () => {
  it('are listed, with node, time, callback and cause, and in the text of what fails later', async () => {
    const sim = await clumsy({}, { atMs: 500 });
    await sim.run(1_000);
    const [fault, ...others] = sim.faults;
    expect(others).to.deep.equal([]);
    expect(fault).to.include({ atMs: 500, node: 'shelf', behavior: 'clumsy', callback: 'after' });
    expect(fault?.cause).to.be.an('error').with.property('message', 'the vase is broken');
    const error = await failure(sim.runUntil(() => false, 10));
    expect(error?.message).to.contain('; callbacks that failed: clumsy.after of shelf at 500 ms: Error: the vase is broken (seed 4');
    expect(error?.faults).to.deep.equal([fault]);
    await sim.stop();
  });

  it('reject run, runUntil and waitFor with onFault reject, once each, when the instant is over', async () => {
    for (const pass of ['run', 'runUntil', 'waitFor'] as const) {
      const sim = await clumsy({ onFault: 'reject' }, { atMs: 500 });
      const passing = {
        run: () => sim.run(1_000),
        runUntil: () => sim.runUntil(() => false, 1_000),
        waitFor: () => sim.waitFor(new Promise(() => {}), 1_000),
      };
      const error = await failure(passing[pass]());
      expect([pass, error?.name, error?.nowMs, error?.faults.length]).to.deep.equal([pass, 'SimulationError', 500, 1]);
      expect(error?.message).to.match(/^a callback failed; callbacks that failed: clumsy\.after of shelf at 500 ms: /);
      await sim.run(1_000);
      await sim.stop();
    }
  });

  it('reject stop with onFault reject, also those of the end itself, when every node has stopped', async () => {
    const sim = await clumsy({ onFault: 'reject' }, { atMs: 0, times: 0 });
    await sim.run(100);
    const error = await failure(sim.stop());
    expect(error?.message).to.contain('clumsy.onStopped of shelf');
    expect(sim.nodes.map(({ state }) => state)).to.deep.equal(['stopped']);
    await sim.stop();
  });

  it('are many: the first 1,000 are kept, and an error shows three and how many more', async () => {
    const sim = await clumsy({}, { atMs: 1, times: 9 });
    await sim.run(10);
    const error = await failure(sim.runUntil(() => false, 10));
    expect(error?.message.match(/the vase is broken/g)).to.have.length(3);
    expect(error?.message).to.contain('; 6 more (seed');
    expect(sim.faults).to.have.length(9);
  });
});

describe('kind 16: the trace of callbacks', () => {
  async function talk(options: Partial<SimulationOptions>) {
    const sim = new SimulatedNetwork({ seed: 4, latencyMs: 10, ...options });
    const desk = recordingBehavior({ name: 'desk' });
    const ada = await sim.createNode({ name: 'ada', builtins: [] });
    const bob = await sim.createNode({ name: 'bob', builtins: [], behaviors: [desk] });
    await sim.start(ada, bob);
    await ada.connect('sim://bob');
    ada.send(toNode(bob.id), 64, new Uint8Array(5));
    await sim.run(1_000);
    return sim;
  }

  it('shows hooks and messages beside bytes, and leaves the hash as it is', async () => {
    const [shown, hidden] = [await talk({ trace: 'callbacks' }), await talk({})];
    expect(shown.traceHash()).to.equal(hidden.traceHash());
    const own = shown.trace().filter(({ kind }) => kind === 'hook' || kind === 'message');
    expect(own.map(({ from, to, size, detail }) => [from, to, size, detail])).to.deep.equal([
      ['bob', '', 0, 'desk.onStarted'],
      ['bob', '', 0, 'desk.checkIncomingConnection'],
      ['bob', '', 0, 'desk.onIncomingConnectionConnected'],
      ['ada', 'bob', 5, 'service 64 to 64: desk.onMessage'],
    ]);
    expect(shown.trace().filter((event) => !own.includes(event))).to.deep.equal(hidden.trace());
    await shown.stop();
    await hidden.stop();
  });

  it('is printed one event on a line, in columns', () => {
    const event = { atMs: 0, kind: 'node', from: 'ada', to: '', size: 0, detail: '' };
    const text = traceText([
      event,
      { atMs: 1_234.5678, kind: 'bytes', from: 'ada', to: 'bob', size: 118, detail: '5fe1' },
      { ...event, kind: 'dropped', size: 2, detail: 'lane-full' },
      { ...event, atMs: 20, kind: 'hook', detail: 'desk.onStarted' },
    ]);
    expect(text.split('\n')).to.deep.equal([
      '    0.000000 s  ada         node',
      '    1.234568 s  ada -> bob  bytes  118 B  5fe1',
      '    0.000000 s  ada         dropped  2  lane-full',
      '    0.020000 s  ada         hook  desk.onStarted',
      '',
    ]);
    expect(traceText([])).to.equal('');
  });
});
