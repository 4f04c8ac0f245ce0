/** @module Tests of the picture of `top`: what fits, what is cut, the order, and rates between two snapshots. */
import { expect } from 'chai';
import { roomOf, type TopSight, topLines } from '../../cli/program/top-view.js';
import type { TopConnection, TopSnapshot } from '../../operation/index.js';

const connection = (id: number, more: Partial<TopConnection> = {}): TopConnection => ({
  id,
  nodeId: id.toString(16).padStart(64, '0'),
  direction: 'incoming',
  address: `tcp://10.0.0.${id}:7400`,
  rttMs: id,
  lossRatio: 0,
  queuedMessages: 0,
  queuedBytes: 0,
  openMs: 1_000,
  bytesSent: 0,
  bytesReceived: 0,
  ...more,
});

const snapshot = (count: number, more: Partial<TopSnapshot> = {}): TopSnapshot => ({
  nodeId: 'ab'.repeat(32),
  state: 'running',
  nowMs: 10_000,
  connectionCount: count,
  connections: Array.from({ length: count }, (_, index) => connection(index + 1)),
  queues: [],
  metrics: { messages_sent_total: 500, faults_total: 2, messages_dropped_unreachable_total: 3, messages_dropped_lane_full_total: 4 },
  process: { pid: 7, uptimeMs: 3_700_000, rssBytes: 50 * 1_048_576, cpuMs: 600 },
  ...more,
});

const SIGHT: TopSight = { columns: 120, rows: 24, order: 'rtt', offset: 0 };

describe('the picture of top', () => {
  it('has a summary, a head, the connections, and what of them is shown', () => {
    expect(topLines(snapshot(1), undefined, SIGHT)).to.deep.equal([
      'node abababab  running  up 1 h 1 min  process 7  memory 50 MiB  cpu -',
      'messages/s  sent -  received -  forwarded -',
      'faults 2  dials failed 0  refused 0  dropped 7  nodes known 0',
      'fullest queues  all are empty',
      '',
      'node     direction address                        rtt       loss  queued           open for',
      '00000000 incoming  tcp://10.0.0.1:7400            1.00 ms   0 %   -                1 s',
      'connections 1 to 1 of 1, by rtt',
    ]);
  });

  it('fits the terminal, however small, and scrolls', () => {
    for (const rows of [1, 3, 8, 9, 24, 200]) {
      for (const columns of [1, 20, 80, 200]) {
        const lines = topLines(snapshot(50), undefined, { ...SIGHT, rows, columns });
        expect(lines.length).to.be.at.most(rows);
        for (const line of lines) expect(line.length).to.be.at.most(columns);
      }
    }
    expect(roomOf(24)).to.equal(17);
    expect(topLines(snapshot(50), undefined, { ...SIGHT, offset: 40 }).at(-1)).to.equal('connections 41 to 50 of 50, by rtt');
    expect(topLines(snapshot(0), undefined, SIGHT).at(-1)).to.equal('no connections, by rtt');
  });

  it('sorts by round trip, queue, node or age', () => {
    const connections = [
      connection(1, { queuedBytes: 5, queuedMessages: 1 }),
      connection(2, { openMs: 9_000 }),
      connection(3, { rttMs: undefined }),
    ];
    const first = (order: TopSight['order']) => topLines({ ...snapshot(3), connections }, undefined, { ...SIGHT, order })[6]?.slice(19, 34);
    expect(first('rtt')).to.equal('tcp://10.0.0.2:');
    expect(first('queue')).to.equal('tcp://10.0.0.1:');
    expect(first('node')).to.equal('tcp://10.0.0.1:');
    expect(first('age')).to.equal('tcp://10.0.0.2:');
  });

  it('has rates from two snapshots, and the fullest queues', () => {
    const before = snapshot(1, { nowMs: 8_000, metrics: { messages_sent_total: 100 }, process: { ...snapshot(1).process, cpuMs: 100 } });
    const now = snapshot(1, { queues: [{ name: 'lane\u001b[2J', connectionId: 1, fillRatio: 0.5 }] });
    const [first, second, , fourth] = topLines(now, before, SIGHT);
    expect(first).to.match(/cpu 25 %$/);
    expect(second).to.equal('messages/s  sent 200  received 0  forwarded 0');
    expect(fourth, 'no escape of a remote gets through').to.equal('fullest queues  lane\ufffd[2J 50 %');
  });
});
