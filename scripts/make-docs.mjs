/**
 * @module MakeDocs: writes docs/errors.md and docs/limits.md from the tables in core/errors.ts and core/limits.ts, and docs/api.md from the
 * doors of the package, so that they cannot differ. It reads the compiled tables, and the comments in the sources. Run it after a change
 * of a table or of what is exported; a test tells when that was forgotten.
 */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('..', import.meta.url);
const MADE = '<!-- Made by scripts/make-docs.mjs from the sources. Do not edit by hand. -->';
const KIB = 1024;
const MIB = KIB * KIB;

/** What `send` answers and why a message ends, for people. A test compares the keys with the types. */
export const SEND_RESULTS = {
  queued: 'The message is in the lane of the link. Nothing is said about its arrival.',
  full: "The link's lane, or this node's local queue, has no room. Nothing is kept. Below half, handlers get the event `writable` and behaviours the hook `onWritable`.",
  unreachable: 'No route leads there, or the link is not open. Nothing is kept.',
  'too-large': 'The payload is larger than `limits.payloadBytesMax`. Nothing is kept.',
};
export const DROP_CAUSES = {
  'link-closed': 'The link ended before the messages were written.',
  'lane-full': 'A relay had no room in the lane of the next link.',
  unreachable: 'A relay knew no way on.',
  'hop-limit': 'The message had taken as many hops as it may.',
  'no-service': 'No behaviour of this node has the service.',
  duplicate: 'A copy of a broadcast had been here before.',
};

/** The text of docs/errors.md. `errors` is the compiled module, `source` its text. */
export function errorsPage(errors, source) {
  return [
    MADE,
    '# Errors',
    '',
    'Three kinds of failure have three forms. What a programmer can get wrong is thrown, or rejects a promise, as a `NetworkError` or an',
    '`RpcError`. What a remote can do is never an exception: it is a value, a closed connection and a counter. What is busy or gone is a',
    'result that the caller looks at.',
    '',
    '## Codes of NetworkError',
    '',
    '`error.code` is stable and is never used again for something else. `error.details` is structured, `error.cause` is what lies beneath.',
    '',
    ...table(
      ['code', 'what it means', 'what helps'],
      Object.entries(errors.ERROR_CODES).map(([code, [cause, cure]]) => [`\`${code}\``, cause, cure]),
    ),
    '',
    'A call whose handler threw an `RpcError` rejects with an `RpcError` that has the code and the text of the handler. See [rpc.md](rpc.md).',
    '',
    '## Reasons that close a connection',
    '',
    '`CloseReason.code` with the number that the `close` message carries. `by` tells who ended it. `text` may be the words of the remote:',
    'at most 256 bytes, without control characters.',
    '',
    ...table(['code', 'number', 'what it means'], closeRows(errors.CLOSE_CODES, source)),
    '',
    '## Results of send',
    '',
    ...table(['result', 'what it means'], literalRows(SEND_RESULTS)),
    '',
    '## Causes of dropped messages',
    '',
    'The event `dropped` names the cause, the number of messages, the connection and the service; the counter',
    '`messages_dropped_<cause>_total` of `node.metrics()` counts them.',
    '',
    ...table(['cause', 'what it means'], literalRows(DROP_CAUSES)),
    '',
  ].join('\n');
}

/** The text of docs/limits.md. `limits` is the compiled table, `source` the text of its module. */
export function limitsPage(limits, source) {
  const groups = groupsOf(source);
  return [
    MADE,
    '# Limits',
    '',
    'Everything that a node keeps is bounded. Each bound is an entry of the option `limits`; `node.limits()` shows what holds. A value that',
    'is no whole number within the range, or that contradicts another one, is refused at once with `LIMITS_INVALID`. Where a limit refuses',
    "this node's own code, the error is `LIMIT_EXCEEDED` with `limit`, `current`, `maximum`, `scope` and `configKey` in its details.",
    '',
    ...groups.flatMap(({ title, names }) => [
      `## ${title}`,
      '',
      ...table(
        ['limit', 'default', 'least', 'greatest', 'at the bound'],
        names.map((name) => limitRow(name, limits[name])),
      ),
      '',
    ]),
    'Four pairs must agree: `pingIntervalMs` ≤ `silenceMs`, `backoffMinMs` ≤ `backoffMaxMs`, `pendingPerAddressMax` ≤',
    '`pendingConnectionsMax`, `payloadBytesMax` ≤ `laneBytesMax`.',
    '',
    'The bounds of calls are options of the rpc behaviour and stand in [rpc.md](rpc.md), those of the address book in',
    '[discovery.md](discovery.md).',
    '',
  ].join('\n');
}

/** The package's doors, with their sources. */
const DOORS = {
  meshwright: 'index.ts',
  'meshwright/behaviours': 'behaviours/index.ts',
  'meshwright/routing': 'routing/index.ts',
  'meshwright/transports': 'transports/index.ts',
  'meshwright/simulation': 'simulation.ts',
  'meshwright/testing': 'testing/index.ts',
};

/** The text of docs/api.md. `read` gives the text of a source. */
export function apiPage(read) {
  return [
    MADE,
    '# Everything that is exported',
    '',
    'By door, with the first sentence of what the source says about it. The guides say how it hangs together.',
    '',
    ...Object.entries(DOORS).flatMap(([door, path]) => [
      `## ${door}`,
      '',
      ...table(['name', 'kind', 'what it is'], exportsOf(path, read).map(exportRow)),
      '',
    ]),
  ].join('\n');
}

/** For names that speak for themselves in the sources, or whose comment does not begin with a sentence of its own. */
const WORDS = {
  BehaviorClass: 'A class that extends `NetworkBehavior`.',
  BehaviorDescriptor: "A behaviour's static facts: service id, name, gate, methods.",
  CallRequest: 'What a call asks for: route, service, method, value, deadline.',
  CLOCK: "Token of the node's clock.",
  Clock: 'Monotonic time, and time on the wall.',
  CloseCode: 'A key of `CLOSE_CODES`.',
  Crypto: 'The cryptography that a node needs, as a port.',
  Dial: 'A dial that is under way.',
  Dropped: 'Messages that ended here: cause, count, connection, service.',
  EnvelopeMeshOptions: 'The options of `EnvelopeMesh`.',
  ErrorCode: 'A key of `ERROR_CODES`.',
  HandshakeOptions: 'The options of `HandshakeBehavior`.',
  inject: 'Puts a token on a constructor parameter, in the legacy dialect of decorators.',
  isNodeId: 'Whether a value is a node id.',
  joined: 'Several pieces of bytes as one.',
  Lane: '`control`, `normal` or `bulk`.',
  LimitName: 'A key of `LIMITS`.',
  LIMITS: 'The table of all bounds.',
  Limits: 'A value for each bound.',
  LinkKind: '`stream` or `datagram`.',
  Listener: 'An open listener.',
  IdentityOptions: 'The options of `Identity.generate`.',
  LOCAL: 'The route action that ends at this node.',
  LOGGER: "Token of the node's logger.",
  LogLevel: 'How much a node logs.',
  MemoryNetworkOptions: 'The options of `MemoryNetwork`.',
  NODE_ID: "Token of this node's id.",
  NodeEventName: 'A key of `NodeEvents`.',
  nodeIdToBytes: "A node id's 32 bytes.",
  PairOptions: 'The options of `Pair`.',
  PolicyCandidate: 'A connection, as a policy is asked about it.',
  QueueReport: 'One queue with its fill and its bound.',
  RANDOM: "Token of the node's source of chance.",
  Random: 'Bytes and numbers from chance.',
  RecordingOptions: 'The options of `recordingBehavior`.',
  REJECT: 'The route action that says that there is no way.',
  RouterTableCheck: 'One fact about every router table.',
  RouterTableSuiteOptions: 'The options of `routerTableSuite`.',
  RPC_DEFAULTS: 'The options of `RpcBehavior` where none are given.',
  RpcOptions: 'The options of `RpcBehavior`.',
  RunningStream: 'A sequence that is being read.',
  SchedulerLimits: 'The bounds of `Scheduler`.',
  SecuredPeerOptions: 'The options of `SecuredPeer`.',
  SendOptions: 'The options of `send`.',
  SideName: '`alice` or `bob`.',
  simulatedCrypto: 'Cheap cryptography that protects nothing, for simulations.',
  SimulationOptions: 'The options of `SimulatedNetwork`.',
  StaticRouterOptions: 'The options of `StaticRouter`.',
  StreamItem: 'One item of a sequence, its end, or its failure.',
  TcpOptions: 'The options of `TcpTransport`.',
  TcpStats: 'What is open and what has happened on a `TcpTransport`.',
  toConnection: 'The route to the other end of a connection.',
  toKey: 'The route to the node closest to a key.',
  toLocal: 'The route to this node.',
  toNextHop: 'The route to the neighbour on the way to a node.',
  toNode: 'The route to a node.',
  toService: 'The route to one provider of a service.',
  toServices: 'The route to every provider of a service.',
  Transport: 'Carries bytes between two addresses.',
  TransportFactory: 'Gives the transport suite fresh transports for every check.',
  TransportSuiteOptions: 'The options of `transportSuite`.',
};

function exportRow({ name, kind, comment }) {
  return [`\`${name}\``, kind, WORDS[name] ?? comment];
}

/** What a module exports, its own and others', by name. */
function exportsOf(path, read) {
  const text = read(path);
  const below = (file) => join(dirname(path), file.replace(/\.js$/, '.ts'));
  const all = [...text.matchAll(/^export \* from '([^']+)'/gm)].flatMap(([, file]) => exportsOf(below(file), read));
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)].flatMap(([, list, file]) => {
    const names = list.split(',').map((name) => name.replace(/\btype\b/, '').trim());
    const found = exportsOf(below(file), read);
    return names.filter(Boolean).map((name) => found.find((entry) => entry.name === name) ?? { name, kind: '', comment: '' });
  });
  const groups = [...text.matchAll(/^export \* as (\w+) from '([^']+)'/gm)].map(([, name, file]) => ({
    ...{ name, kind: 'module' },
    comment: firstSentence((/@module ([\s\S]*?)\*\//.exec(read(below(file)))?.[1] ?? '').replace(/^[\w ]+:/, '')),
  }));
  const own = declarationsOf(text).filter(
    ({ name, kind }, _index, every) => kind !== 'type' || every.every((other) => other.kind === kind || other.name !== name),
  );
  const isOwn = ({ name }) => own.some((entry) => entry.name === name);
  return [...all, ...listed, ...groups]
    .filter((entry) => !isOwn(entry))
    .concat(own)
    .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
}

const DECLARATION =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n(?:\/\/.*\n)*)?^export (?:async )?(?:abstract )?(class|interface|type|function|const) (\w+)/gm;

function declarationsOf(text) {
  return [...text.matchAll(DECLARATION)].map(([, comment = '', kind, name]) => {
    // A module's only class is what the module's comment is about.
    const about =
      comment !== '' || kind !== 'class' ? comment : (/^\/\*\*\s*\* @module ([\s\S]*?)\*\//.exec(text)?.[1] ?? '').replace(/^\w+:/, '');
    return { name, kind, comment: firstSentence(about) };
  });
}

function firstSentence(comment) {
  const text = comment
    .replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const sentence = (/^.*?[.:](?= [A-Z`]|$)/.exec(text)?.[0] ?? text).replace(/:$/, '.');
  return sentence === '' ? '' : `${sentence[0].toUpperCase()}${sentence.slice(1)}`;
}

function limitRow(name, { value, min, max, unit, atTheBound }) {
  return [`\`${name}\``, amount(value, unit), amount(min, unit), amount(max, unit), atTheBound];
}

function amount(value, unit) {
  if (unit === 'bytes' && value >= MIB && value % MIB === 0) return `${number(value / MIB)} MiB`;
  if (unit === 'bytes' && value >= KIB && value % KIB === 0) return `${number(value / KIB)} KiB`;
  const suffix = { bytes: ' B', ms: ' ms', count: '', 'per second': ' per second', 'per minute': ' per minute' }[unit];
  return `${number(value)}${suffix}`;
}

function number(value) {
  return value.toLocaleString('en');
}

/** The comments above the groups of the table, with the names below each. */
function groupsOf(source) {
  const body = source.slice(source.indexOf('export const LIMITS = {'));
  const groups = [];
  for (const [, title, name] of body.matchAll(/^ {2}(?:\/\/ (.+)|(\w+): row\()/gm)) {
    if (title !== undefined) groups.push({ title, names: [] });
    else groups.at(-1).names.push(name);
  }
  return groups;
}

/** One comment may stand for several codes. */
function closeRows(codes, source) {
  const body = source.slice(source.indexOf('export const CLOSE_CODES = {'));
  let comment = '';
  const meanings = {};
  for (const [, text, code] of body.matchAll(/^ {2}(?:\/\*\* (.+) \*\/|'?([a-z-]+)'?: \d+,)/gm)) {
    if (text !== undefined) comment = text;
    else meanings[code] = comment;
  }
  return Object.entries(codes).map(([code, value]) => [`\`${code}\``, String(value), meanings[code]]);
}

function literalRows(meanings) {
  return Object.entries(meanings).map(([literal, meaning]) => [`\`${literal}\``, meaning]);
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

/** All made pages by their paths. `dist` is where the compiled modules are. */
export async function pages(dist = new URL('dist/', ROOT)) {
  const [errors, { LIMITS }] = await Promise.all(['core/errors.js', 'core/limits.js'].map((path) => import(new URL(path, dist).href)));
  const source = (path) => readFileSync(new URL(path, ROOT), 'utf8');
  return {
    'docs/errors.md': errorsPage(errors, source('core/errors.ts')),
    'docs/limits.md': limitsPage(LIMITS, source('core/limits.ts')),
    'docs/api.md': apiPage(source),
  };
}

if (realpathSync(process.argv[1] ?? '') === realpathSync(fileURLToPath(import.meta.url))) {
  for (const [path, text] of Object.entries(await pages())) writeFileSync(new URL(path, ROOT), text);
}
