/**
 * @module Tables: the topics and subscriptions of a node, for those who watch it. The path of a hidden topic is not shown.
 */
import type { NodeId, TableReport } from '../../core/index.js';
import type { TopicSource } from './publish/topic-source.js';
import type { Interest } from './subscribe/interest.js';
import { Topic, type TopicPattern } from './topics/topic.js';

type Row = [name: string, type: string, ...counts: number[]];

export function topicTable(sources: ReadonlyMap<NodeId, TopicSource>): TableReport {
  const columns = ['type', 'subscribers', 'messages_total', 'unconfirmed'];
  return { name: 'topics', rowCount: sources.size, columns, rows: topicRows(sources.values()) };
}

export function subscriptionTable(interests: ReadonlySet<Interest>): TableReport {
  const columns = ['type', 'publishers', 'delivered_total', 'missed_total', 'waiting'];
  return { name: 'subscriptions', rowCount: interests.size, columns, rows: subscriptionRows(interests) };
}

function* topicRows(sources: Iterable<TopicSource>): Generator<Row> {
  for (const { topic, interested, feed, crews } of sources)
    yield [...namesOf(topic), interested, (feed?.next ?? 1) - 1, crews?.unconfirmedCount ?? 0];
}

function* subscriptionRows(interests: Iterable<Interest>): Generator<Row> {
  for (const interest of interests) {
    const publishers = interest.publishers();
    const sum = (read: (publisher: (typeof publishers)[number]) => number) => publishers.reduce((total, one) => total + read(one), 0);
    const bound = publishers.filter(({ state }) => state === 'bound').length;
    const counts = [bound, sum(({ delivered }) => delivered), sum(({ missed }) => missed), interest.waitingCount];
    yield [...namesOf(interest.target), ...counts];
  }
}

function namesOf(target: Topic | TopicPattern): [name: string, type: string] {
  const isHidden = target instanceof Topic && target.isHidden;
  return [isHidden ? '(hidden)' : target.path, target.type ?? 'any'];
}
