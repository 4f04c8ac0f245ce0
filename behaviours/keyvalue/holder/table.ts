/**
 * @module Table: the maps of which a node holds something, for those who watch it.
 */
import { type NodeId, shortId, type TableReport } from '../../../core/index.js';
import type { Part } from './part.js';

const COLUMNS = ['part', 'keys', 'bytes', 'changes_total', 'watches', 'holders'];

/** `self`: the node whose parts they are. */
export function tableOf(parts: ReadonlyMap<string, Part>, self: NodeId): TableReport {
  return { name: 'maps', rowCount: parts.size, columns: COLUMNS, rows: rowsOf(parts.values(), self) };
}

function* rowsOf(parts: Iterable<Part>, self: NodeId): Generator<[name: string, ...values: (string | number)[]]> {
  for (const { map, owner } of parts) {
    const { keys, bytes } = map.state.usage;
    const role = owner !== undefined ? 'owner' : map.holders.includes(self) ? 'replica' : 'former holder';
    yield [map.name, role, keys, bytes, map.state.lastArrival, owner?.watchers.size ?? 0, map.holders.map(shortId).join(' ')];
  }
}
