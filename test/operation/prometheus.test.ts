/** @module Tests of the text that Prometheus scrapes (row 91): its form, its labels, and how many series there may be. */
import { expect } from 'chai';
import type { HistogramSnapshot, NodeState, QueueReport } from '../../core/index.js';
import { type ObservedNode, prometheusText } from '../../operation/index.js';
import { SimulatedNetwork } from '../../simulation.js';
import { RawPeer, recordingBehavior } from '../../testing/index.js';

const LABEL = '[a-z]+="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SERIES = new RegExp(`^([a-z][a-z0-9_]*)(\\{${LABEL}\\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$`);
const TYPE = /^# TYPE ([a-z][a-z0-9_]*) (counter|gauge|histogram)$/;

/** The series of a text by name and label; throws for a line that is none. */
function read(text: string): Map<string, string> {
  const series = new Map<string, string>();
  const types = new Set<string>();
  expect(text.endsWith('\n')).to.equal(true);
  for (const line of text.slice(0, -1).split('\n')) {
    const [, typed] = TYPE.exec(line) ?? [];
    const [, name = '', labels = '', value = ''] = SERIES.exec(line) ?? [];
    if (typed === undefined && name === '') throw new Error(`no line of the format: ${JSON.stringify(line)}`);
    if (typed !== undefined) {
      expect(types.has(typed), `${typed} twice`).to.equal(false);
      types.add(typed);
      continue;
    }
    expect(types.has(name) || types.has(name.replace(/_(bucket|sum|count)$/, '')), `${name} has a type`).to.equal(true);
    expect(series.has(name + labels), `${line} twice`).to.equal(false);
    series.set(name + labels, value);
  }
  return series;
}

interface Facts {
  readonly metrics?: Readonly<Record<string, number | HistogramSnapshot>>;
  readonly queues?: readonly QueueReport[];
  readonly state?: NodeState;
}

function observed({ metrics = {}, queues = [], state = 'running' }: Facts): ObservedNode {
  return { metrics: () => metrics, queues: () => queues, state };
}

const queue = (name: string, rest: Partial<QueueReport> = {}): QueueReport => {
  return { name, connectionId: undefined, messages: 1, messagesMax: 4, bytes: undefined, bytesMax: undefined, ...rest };
};

describe('kind 19: the text for Prometheus', () => {
  it('has each metric with its type, histograms with cumulative buckets', () => {
    const latency = { bounds: [0.5, 10], counts: [2, 3, 1], count: 6, sum: 40.5 };
    const text = prometheusText(observed({ metrics: { frames_sent_total: 7, peers_count: 2, call_ms: latency } }));
    expect(text.split('\n').slice(0, 10)).to.deep.equal([
      '# TYPE meshwright_frames_sent_total counter',
      'meshwright_frames_sent_total 7',
      '# TYPE meshwright_peers_count gauge',
      'meshwright_peers_count 2',
      '# TYPE meshwright_call_ms histogram',
      'meshwright_call_ms_bucket{le="0.5"} 2',
      'meshwright_call_ms_bucket{le="10"} 5',
      'meshwright_call_ms_bucket{le="+Inf"} 6',
      'meshwright_call_ms_sum 40.5',
      'meshwright_call_ms_count 6',
    ]);
    read(text);
  });

  it('writes what is no finite number as the format does', () => {
    const metrics = { a_count: Number.NaN, b_count: Number.POSITIVE_INFINITY, c_count: Number.NEGATIVE_INFINITY, d_count: 1e21 };
    const series = read(prometheusText(observed({ metrics })));
    const values = ['a', 'b', 'c', 'd'].map((name) => series.get(`meshwright_${name}_count`));
    expect(values).to.deep.equal(['NaN', '+Inf', '-Inf', '1e+21']);
  });

  it('shows the state as one of four', () => {
    const series = read(prometheusText(observed({ state: 'draining' })));
    const values = ['new', 'running', 'draining', 'stopped'].map((state) => series.get(`meshwright_state{state="${state}"}`));
    expect(values).to.deep.equal(['0', '0', '1', '0']);
  });

  it('sums queues of one name over connections, and shows the fullest', () => {
    const queues = [
      queue('normal', { connectionId: 1, messages: 1, bytes: 90, bytesMax: 100 }),
      queue('normal', { connectionId: 2, messages: 2, bytes: 10, bytesMax: 100 }),
      queue('local', { messages: 0, messagesMax: 0 }),
    ];
    const series = read(prometheusText(observed({ queues })));
    const of = (name: string) => ['messages', 'bytes', 'fill_ratio'].map((what) => series.get(`meshwright_queue_${what}{queue="${name}"}`));
    expect([of('normal'), of('local')]).to.deep.equal([
      ['3', '100', '0.9'],
      ['0', '0', '0'],
    ]);
  });

  it('row 91: escapes names of queues, which are free texts, so that none begins a line or a label of its own', () => {
    const hostile = 'a"} 1\nmeshwright_up{x="\\';
    const series = read(prometheusText(observed({ queues: [queue(hostile)] })));
    expect([...series.keys()]).to.include('meshwright_queue_messages{queue="a\\"} 1\\nmeshwright_up{x=\\"\\\\"}');
    expect([...series.keys()].filter((name) => name.startsWith('meshwright_up'))).to.deep.equal([]);
  });

  it('row 91: has at most 64 names of queues and one for all others, each cut to 64 characters', () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => queue(`peer-${index}`));
    const labels = (queues: QueueReport[]) =>
      [...read(prometheusText(observed({ queues }))).keys()].filter((name) => name.startsWith('meshwright_queue_messages'));
    expect(labels(names(64))).to.have.length(64);
    expect(labels(names(1_000))).to.have.length(65);
    expect(read(prometheusText(observed({ queues: names(1_000) }))).get('meshwright_queue_messages{queue="other"}')).to.equal('936');
    expect(labels([queue('x'.repeat(65))])).to.deep.equal([`meshwright_queue_messages{queue="${'x'.repeat(64)}"}`]);
  });

  it('row 91: after 10,000 peers a node has no more series than before, at most 1,000, and none of their ids in them', async () => {
    const sim = new SimulatedNetwork({ seed: 9, eventsMax: 1e7, eventsPerInstantMax: 1e7 });
    const limits = { pendingConnectionsMax: 65_536, pendingPerAddressMax: 65_536, openTimeoutMs: 600_000, idleMs: 86_400_000 };
    const hub = await sim.createNode({ name: 'hub', lan: true, limits, behaviors: [recordingBehavior()] });
    const friend = await sim.createNode({ name: 'friend' });
    await sim.start(hub, friend);
    await friend.connect('sim://hub');
    await sim.run(2_000);
    const before = read(prometheusText(hub));
    for (let index = 0; index < 10_000; index++) {
      const onConnected = (link: ConstructorParameters<typeof RawPeer>[0]) => new RawPeer(link);
      const address = hub.addresses[0];
      if (address !== undefined) sim.transport(`peer-${index}`).dial(address, { onConnected, onFailed: () => {} });
    }
    await sim.run(1_000);
    const text = prometheusText(hub);
    const after = read(text);
    expect(after.get('meshwright_connections_securing')).to.equal('10000');
    expect(after.get('meshwright_connections_open')).to.equal('1');
    expect([...after.keys()]).to.deep.equal([...before.keys()]);
    expect(after.size).to.be.at.most(1_000);
    for (const id of [hub.id, friend.id]) expect(text).not.to.contain(id.slice(0, 8));
    await sim.stop();
  }).timeout(120_000);
});
