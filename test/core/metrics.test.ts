/**
 * @module Metrics: names, bounds and snapshots (row 91).
 */
import { expect } from 'chai';
import { NetworkError } from '../../core/errors.js';
import { Histogram, Metrics } from '../../core/metrics.js';

describe('metrics', () => {
  it('shows counters and gauges as they are now', () => {
    const metrics = new Metrics();
    const sent = metrics.counter('messages_sent_total');
    metrics.gauge('queue_length_count').value = 3;
    sent.value++;
    sent.value++;
    expect(metrics.snapshot()).to.deep.equal({ metrics_refused_total: 0, messages_sent_total: 2, queue_length_count: 3 });
  });

  it('reads what is observed for each snapshot, from the newest of one name, and NaN where that throws', () => {
    const metrics = new Metrics();
    let size = 3;
    metrics.observe('table_count', () => 99);
    metrics.observe('table_count', () => size);
    metrics.observe('broken_count', () => {
      throw new Error('on purpose');
    });
    metrics.observe('seen_total', () => 2 * size);
    expect(metrics.snapshot()).to.include({ table_count: 3, seen_total: 6 });
    expect(metrics.snapshot()['broken_count']).to.be.NaN;
    size = 5;
    expect(metrics.snapshot()).to.include({ table_count: 5, seen_total: 10 });
    expect(() => metrics.counter('table_total')).not.to.throw();
    expect(() => metrics.counter('seen_total')).not.to.throw();
    expect(() => metrics.gauge('seen_total')).to.throw(NetworkError, 'is a counter');
    expect(() => metrics.observe('Seen', () => 1)).to.throw(NetworkError, 'invalid');
  });

  it('takes counters from the numbers in the fields of an object', () => {
    const metrics = new Metrics();
    const counts = { framesSent: 1, bytesOfRecordsSent: 0, malformed: 2, label: 'x' };
    metrics.counters(counts);
    counts.framesSent++;
    expect(metrics.snapshot()).to.deep.equal({
      metrics_refused_total: 0,
      frames_sent_total: 2,
      bytes_of_records_sent_total: 0,
      malformed_total: 2,
    });
  });

  it('forgets what was read of an owner that has ended, so that there is room for others', () => {
    const metrics = new Metrics(3);
    const shop = metrics.scoped('shop');
    shop.counters({ sales: 4 });
    shop.observe('shelves_count', () => 5);
    metrics.gauge('late_count').value = 1;
    expect(metrics.snapshot()).to.deep.equal({ metrics_refused_total: 1, shop_sales_total: 4, shop_shelves_count: 5 });
    shop.end();
    expect(metrics.snapshot()).to.deep.equal({ metrics_refused_total: 1 });
    metrics.gauge('late_count').value = 1;
    metrics.observe('early_count', () => 2);
    metrics.observe('none_count', () => 3);
    expect(metrics.snapshot()).to.deep.equal({ metrics_refused_total: 2, late_count: 1, early_count: 2 });
  });

  it('gives the same object for the same name', () => {
    const metrics = new Metrics();
    expect(metrics.counter('a_total')).to.equal(metrics.counter('a_total'));
    expect(metrics.gauge('a_ms')).to.equal(metrics.gauge('a_ms'));
    expect(metrics.histogram('b_ms', [1, 2])).to.equal(metrics.histogram('b_ms', [1, 2]));
  });

  it('throws for a name that is taken by another kind or with other bounds', () => {
    const metrics = new Metrics();
    metrics.gauge('a_ms');
    metrics.histogram('b_ms', [1, 2]);
    expect(() => metrics.histogram('a_ms', [1])).to.throw(NetworkError, 'is a gauge');
    expect(() => metrics.gauge('b_ms')).to.throw(NetworkError, 'is a histogram');
    expect(() => metrics.histogram('b_ms', [1, 3])).to.throw(NetworkError, 'other bounds');
  });

  for (const name of ['a_total', 'messages_sent_total', 'p99_total', `${'a'.repeat(58)}_total`]) {
    it(`takes ${name} for a counter`, () => {
      new Metrics().counter(name).value++;
    });
  }

  for (const name of [
    '',
    'total',
    '_total',
    'A_total',
    'a-b_total',
    'a__b_total',
    'a_ms',
    'a_total_',
    'link_4711_total',
    'a{node="x"}_total',
    '__proto___total',
    `${'a'.repeat(59)}_total`,
  ]) {
    it(`row 91: refuses ${name === '' ? 'an empty name' : name} for a counter`, () => {
      expect(() => new Metrics().counter(name))
        .to.throw(NetworkError)
        .with.property('code', 'ARGUMENT_INVALID');
    });
  }

  it('wants a unit at the end of a histogram, and of a gauge only that it is not named as a counter', () => {
    const metrics = new Metrics();
    for (const unit of ['bytes', 'count', 'ms', 'ratio']) metrics.histogram(`a_${unit}`, [1]);
    for (const name of ['a', 'a_total', 'a_seconds', 'ms'])
      expect(() => metrics.histogram(name, [1])).to.throw(NetworkError, 'metric name');
    for (const name of ['b', 'connections_open', 'b_ratio']) metrics.gauge(name);
    for (const name of ['b_total', 'B', '_b', 'b_', '']) expect(() => metrics.gauge(name)).to.throw(NetworkError, 'metric name');
  });

  it('row 91: keeps 1000 series at most, counts what it refuses, and the refused ones still work', () => {
    const metrics = new Metrics();
    const word = (index: number): string => [...String(index)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    for (let index = 0; index < 1_100; index++) metrics.counter(`${word(index)}_total`).value++;
    const snapshot = metrics.snapshot();
    expect(Object.keys(snapshot).length).to.equal(1_000);
    expect(snapshot['metrics_refused_total']).to.equal(101);
    expect(snapshot[`${word(998)}_total`]).to.equal(1);
    expect(snapshot[`${word(999)}_total`]).to.equal(undefined);
  });

  it('counts a histogram as its buckets and two', () => {
    const metrics = new Metrics(6);
    metrics.histogram('a_ms', [1, 2, 3]);
    expect(Object.keys(metrics.snapshot())).to.deep.equal(['metrics_refused_total']);
    metrics.histogram('b_ms', [1, 2]);
    expect(Object.keys(metrics.snapshot())).to.deep.equal(['metrics_refused_total', 'b_ms']);
    metrics.counter('c_total');
    expect(metrics.snapshot()).to.not.have.property('c_total');
  });
});

describe('metrics: histograms', () => {
  it('counts a value in the first bucket that reaches it, and beyond all in the last', () => {
    const histogram = new Histogram([1, 10]);
    for (const value of [-5, 1, 1.5, 10, 11, Number.POSITIVE_INFINITY]) histogram.record(value);
    expect(histogram.snapshot()).to.deep.equal({ bounds: [1, 10], counts: [2, 2, 2], count: 6, sum: 18.5 });
  });

  it('keeps its sum a number after NaN', () => {
    const histogram = new Histogram([1]);
    histogram.record(Number.NaN);
    histogram.record(1);
    expect(histogram.snapshot()).to.deep.equal({ bounds: [1], counts: [1, 1], count: 2, sum: 1 });
  });

  it('gives a copy', () => {
    const histogram = new Histogram([1]);
    const before = histogram.snapshot();
    histogram.record(0);
    expect(before.count).to.equal(0);
    expect(before.counts).to.deep.equal([0, 0]);
  });

  it('takes 1 to 32 finite, ascending bounds', () => {
    const ascending = (length: number): number[] => Array.from({ length }, (_, index) => index);
    expect(new Histogram(ascending(32)).bounds.length).to.equal(32);
    for (const bounds of [[], ascending(33), [1, 1], [2, 1], [Number.NaN], [1, Number.POSITIVE_INFINITY]])
      expect(() => new Histogram(bounds)).to.throw(NetworkError, 'bounds');
  });
});
