/**
 * @module FleetNode: one node process of `npm start`. It runs a greeter, serves its parent's requests, and stops when the parent exits.
 */
import { join } from 'node:path';
import {
  type Intent,
  KeyValueBehavior,
  ProxyBehavior,
  type Published,
  PubSubBehavior,
  type SharedMap,
  SpacerBehavior,
  TelemetryBehavior,
} from '../behaviours/index.js';
import { createNode, type MeshNode, NetworkError, type NodeId, type NodeOptions, RpcError, toKey, toNode, toService } from '../index.js';
import { CONTROL_PATH_BYTES_MAX, type OperationServer, pathInData, serveOperation } from '../operation/index.js';
import type {
  BenchReport,
  ExplainReport,
  FetchReport,
  FleetNodeOptions,
  FleetRequestName,
  FleetRequests,
  FromNodeProcess,
  LinkReport,
  PathsReport,
  PublishReport,
  SendTarget,
  ToNodeProcess,
} from './fleet-protocol.js';
import { GREETER_SERVICE, Greeter } from './greeter.js';
import { measureCalls } from './measure.js';

const ROUND_TRIPS = 5;
/** Of what was fetched. */
const SHOWN_BYTES = 200;
const BENCH = { warmUp: 500, calls: 2_000, outstanding: 64, concurrentCalls: 10_000 };

type Handlers = { readonly [Name in FleetRequestName]: (ask: FleetRequests[Name]['ask']) => Promise<FleetRequests[Name]['answer']> };

const options = JSON.parse(process.argv[2] ?? '{}') as FleetNodeOptions;
/** Does nothing once the parent has exited. */
const report = (message: FromNodeProcess) => process.connected && process.send?.(message);

// A terminal signals every process of the group; the parent alone handles it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

try {
  if (process.connected) await run();
} catch (error) {
  report({ type: 'failed', text: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  if (process.connected) process.disconnect();
}

async function run(): Promise<void> {
  const greeter = new Greeter((received) => report({ type: 'received', ...received }));
  const { directory, seed, label } = options;
  const seeds = seed === undefined ? [] : [seed];
  const files = { identity: join(directory, 'node.key'), dataDirectory: directory };
  const node = await createNode({
    ...files,
    ...controlIn(directory),
    listen: ['tcp://127.0.0.1:0'],
    seeds,
    behaviors: [greeter, KeyValueBehavior, ProxyBehavior, [SpacerBehavior, { profile: 'small' }], [TelemetryBehavior, { label }]],
  });
  process.on('disconnect', () => void node.stop().then(() => process.exit()));
  await node.start();
  const handlers = handlersOf(node, greeter);
  process.on('message', (message: ToNodeProcess) => void answer(handlers, message));
  report({ type: 'started', nodeId: node.id, address: String(node.addresses[0]) });
}

/** For the other commands of the program. A directory may have a path that is too long for a socket; then there is none. */
function controlIn(directory: string): Pick<NodeOptions, 'control'> {
  const isPossible = process.platform !== 'win32' && Buffer.byteLength(pathInData(directory)) <= CONTROL_PATH_BYTES_MAX;
  return isPossible ? { control: { allow: ['call'] } } : {};
}

function handlersOf(node: MeshNode, greeter: Greeter): Handlers {
  const intents = new Map<string, Intent<string>>();
  let operation: Promise<OperationServer> | undefined;
  let published: Published | undefined;
  return {
    linkCount: async () => node.connections().length,
    links: () => linksOf(node),
    paths: async () => pathsOf(node),
    greet: async ({ nodeId, name }) => (await node.client(Greeter, toNode(nodeId)).greet({ name })).text,
    send: async ({ target, text }) => greeter.sendText(routeOf(target), text),
    routes: async (nodeIds) =>
      nodeIds.map((nodeId) => {
        const { action, reason } = explained(node, { type: 'node', nodeId });
        return { nodeId, action, reason };
      }),
    explain: async (target) => explained(node, target),
    subscribe: (path) => subscribe(node, path),
    ...sharedHandlersOf(node),
    publish: async ({ path, text }) => publish(node, intents, path, text),
    publishServer: async (port) => {
      // Instead of the one that was published before.
      published?.end();
      published = node.behavior(ProxyBehavior).publish(port);
      return undefined;
    },
    fetch: async ({ nodeId, path }) => fetchFrom(node, nodeId, path),
    bench: async (nodeId) => bench(node, nodeId),
    dashboard: async () => {
      operation ??= serveOperation(node, { dashboard: true });
      return (await operation).dashboardUrl ?? '';
    },
    stop: async () => {
      await node.stop();
      setImmediate(() => process.exit());
      return undefined;
    },
  };
}

/** What it gets is reported. Subscribing twice reports everything twice. */
async function subscribe(node: MeshNode, path: string): Promise<undefined> {
  const interest = node.behavior(PubSubBehavior).subscribe<string>(path, {
    onMessage: ({ value, topic }) => report({ type: 'published', path: topic.path, text: String(value) }),
  });
  await interest.ready;
}

/** Of the shared map, and of the distributed hash table. */
function sharedHandlersOf(node: MeshNode): Pick<Handlers, 'set' | 'get' | 'watch' | 'resolve' | 'put' | 'getValue'> {
  return {
    set: async ({ key, text }) => (await mapOf(node).set(key, text)).holders,
    get: (key) => mapOf(node).get(key),
    watch: async (prefix) => void watch(node, prefix),
    resolve: (text) => resolve(node, text),
    put: (text) => node.behavior(SpacerBehavior).values.put(new TextEncoder().encode(text)),
    getValue: async (key) => {
      const value = await node.behavior(SpacerBehavior).values.get(key);
      return value && new TextDecoder().decode(value);
    },
  };
}

async function resolve(node: MeshNode, text: string): Promise<FleetRequests['resolve']['answer']> {
  const spacer = node.behavior(SpacerBehavior);
  const key = spacer.keyOf(text);
  const resolution = spacer.resolve(key);
  const nodeIds = (await resolution.nodes).map(({ nodeId }) => nodeId);
  return { key, nodeIds, asked: resolution.trace.queries };
}

function mapOf(node: MeshNode): SharedMap<string> {
  return node.behavior(KeyValueBehavior).open<string>('shared');
}

/** Until the node ends, or its watch does. */
async function watch(node: MeshNode, prefix: string): Promise<void> {
  try {
    for await (const event of mapOf(node).watch({ prefix }))
      if (event.type !== 'superseded') report({ type: 'changed', key: event.key, text: event.type === 'set' ? event.value : undefined });
  } catch (error) {
    report({ type: 'changed', key: `the watch (${(error as Error).message})`, text: undefined });
  }
}

async function publish(node: MeshNode, intents: Map<string, Intent<string>>, path: string, text: string): Promise<PublishReport> {
  const intent = intents.get(path) ?? node.behavior(PubSubBehavior).publish<string>(path);
  intents.set(path, intent);
  await intent.ready;
  const { interested } = intent.send(text);
  return { interested, reason: intent.explain().join('; ') };
}

async function fetchFrom(node: MeshNode, nodeId: NodeId, path: string): Promise<FetchReport> {
  const response = await node.behavior(ProxyBehavior).to(nodeId).http(`http://localhost${path}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  const [text = ''] = bytes.subarray(0, SHOWN_BYTES).toString().split('\n');
  return { status: response.status, byteCount: bytes.length, text: text.replace(/\p{C}/gu, '') };
}

function explained(node: MeshNode, target: SendTarget): ExplainReport {
  const { action, reason, rejected } = node.explain(routeOf(target));
  return {
    action: action.type === 'next' ? `over connection ${action.connectionId}` : action.type,
    reason,
    rejected: rejected.map(({ via, reason: fault }) => ({ nodeId: via.nodeId, reason: fault })),
  };
}

async function answer(handlers: Handlers, { id, name, ask }: ToNodeProcess): Promise<void> {
  try {
    const result = await (handlers[name] as (ask: unknown) => Promise<unknown>)(ask);
    report({ type: 'answer', id, answer: result });
  } catch (error) {
    const code = error instanceof NetworkError || error instanceof RpcError ? error.code : 'FAILED';
    report({ type: 'refusal', id, code, text: error instanceof Error ? error.message : String(error) });
  }
}

function routeOf(target: SendTarget) {
  if (target.type === 'service') return toService(GREETER_SERVICE);
  return target.type === 'key' ? toKey(target.key) : toNode(target.nodeId);
}

/** One link after another: measured at once, they would slow each other down. */
async function linksOf(node: MeshNode): Promise<LinkReport[]> {
  const links: LinkReport[] = [];
  for (const { nodeId, direction } of node.connections()) links.push({ nodeId, direction, rttMs: await roundTrip(node, nodeId) });
  return links;
}

/** The shortest of a few calls; `undefined` if none succeeded. */
async function roundTrip(node: MeshNode, nodeId: NodeId): Promise<number | undefined> {
  let best: number | undefined;
  try {
    for (let count = 0; count < ROUND_TRIPS; count++) {
      const startedMs = performance.now();
      await node.client(Greeter, toNode(nodeId)).greet({ name: 'probe' });
      best = Math.min(best ?? Number.POSITIVE_INFINITY, performance.now() - startedMs);
    }
  } catch {
    // The link has ended: the calls so far count.
  }
  return best;
}

/** Calls one node: one call at a time for the round-trip time, then many at once for the rate. */
function bench(node: MeshNode, nodeId: FleetRequests['bench']['ask']): Promise<BenchReport> {
  const client = node.client(Greeter, toNode(nodeId));
  return measureCalls(() => client.greet({ name: 'bench' }), BENCH);
}

function pathsOf(node: MeshNode): PathsReport {
  const { kind, reason } = node.reachability();
  const paths = node.links().map(({ nodeId, path, remoteAddress }) => ({ nodeId, path, address: remoteAddress.text }));
  return { reachability: kind, reason, paths };
}
