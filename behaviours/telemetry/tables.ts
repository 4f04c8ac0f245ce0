/**
 * @module Tables: what behaviours show by the port `tableReporter`, as facts, and as a watch reads them. What does not fit is left out; the number of
 * rows says so.
 */
import { type BehaviorAgent, encodeValue, type TableReport } from '../../core/index.js';
import { type Fact, type Facts, KEY_LENGTH_MAX, SCALARS_MAX, type Scalar, TEXT_LENGTH_MAX } from './facts.js';

const TABLES_MAX = 8;
const ROWS_MAX = 64;
/** Of one table as it is sent, so that the tables have 256 KiB at most, whatever characters they are of, and none takes the room of another. */
const TABLE_BYTES_MAX = 32_768;
/** Beside the name of the row, and the number of rows in the fact of the table. */
const COLUMNS_MAX = SCALARS_MAX - 1;
const NAME_LENGTH_MAX = KEY_LENGTH_MAX - 8;
const COUNTER = '_total';
/** What CBOR does not carry: halves of characters, as a cut may leave them, and a byte order mark. */
const UNSENDABLE = /^\uFEFF|\p{Surrogate}/gu;

/** A table that a behaviour shows, such as `pubsub.topics`. */
export interface ObservedTable {
  readonly name: string;
  /** How many rows there are at the node; it sends the first 64, or as many of them as 32 KiB hold. */
  readonly rowCount: number;
  /** Titles of the columns. Of those whose title ends in `_total`, rows have rates. */
  readonly columns: readonly string[];
  readonly rows: readonly ObservedRow[];
}

/** One row of a table of a node that is watched. */
export interface ObservedRow {
  readonly name: string;
  /** One for each column. */
  readonly values: readonly (string | number)[];
  /** One for each column: a counter's change per second since the report before; absent for others, and in the first report. */
  readonly perSecond: readonly (number | undefined)[];
}

/** The tables of this moment. A behaviour whose tables cannot be read has a fault, and shows none. */
export function* tableFacts(agent: BehaviorAgent): Generator<[string, Fact]> {
  let count = 0;
  for (const { behavior, use } of agent.ports('tableReporter'))
    for (const facts of use((port) => port.tables().map((table) => [...factsOf(behavior, table)]))?.answer ?? [])
      if (count++ < TABLES_MAX) yield* facts;
}

/** The tables of a report. `before`: of the report before that, and so many seconds earlier. */
export function observedTables(facts: Facts, before: Facts | undefined, seconds: number): ObservedTable[] {
  const tables: ObservedTable[] = [];
  for (const [key, [rowCount, ...titles]] of facts) {
    if (!key.startsWith('table:')) continue;
    const name = key.slice('table:'.length);
    const columns = titles.map(String);
    const rows: ObservedRow[] = [];
    for (let fact = facts.get(rowKey(name, 0)); fact !== undefined; fact = facts.get(rowKey(name, rows.length)))
      rows.push(rowOf(columns, fact, before?.get(rowKey(name, rows.length)), seconds));
    tables.push({ name, rowCount: typeof rowCount === 'number' ? rowCount : rows.length, columns, rows });
  }
  return tables;
}

function* factsOf(behavior: string, { name: own, rowCount, columns, rows }: TableReport): Generator<[string, Fact]> {
  const name = sendable(`${behavior}.${own}`, NAME_LENGTH_MAX);
  const head: [string, Fact] = [`table:${name}`, [scalarOf(rowCount), ...columns.slice(0, COLUMNS_MAX).map(scalarOf)]];
  yield head;
  let [index, bytes] = [0, encodeValue(head).length];
  for (const row of rows) {
    const fact: [string, Fact] = [rowKey(name, index++), row.slice(0, COLUMNS_MAX + 1).map(scalarOf)];
    bytes += encodeValue(fact).length;
    if (index > ROWS_MAX || bytes > TABLE_BYTES_MAX) return;
    yield fact;
  }
}

function rowOf(columns: readonly string[], [name, ...values]: Fact, before: Fact | undefined, seconds: number): ObservedRow {
  const isSame = before !== undefined && before[0] === name && seconds > 0;
  const rateOf = (value: Scalar, index: number) =>
    isSame && columns[index]?.endsWith(COUNTER) === true
      ? Math.max(0, Number(value) - Number(before[index + 1] ?? value)) / seconds
      : undefined;
  return {
    name: String(name),
    values: values.map((value) => (typeof value === 'boolean' ? String(value) : value)),
    perSecond: values.map(rateOf),
  };
}

/** What a report may carry, whatever a behaviour has given. */
function scalarOf(value: unknown): Scalar {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  return sendable(String(value), TEXT_LENGTH_MAX);
}

function sendable(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replace(UNSENDABLE, '\ufffd');
}

function rowKey(table: string, index: number): string {
  return `row:${table}:${index}`;
}
