/**
 * @module FleetProtocol: the messages between the parent of `npm start` and its node processes. Each request has an id and one response.
 */
import type { NodeId } from '../index.js';

/** How a node process is started. */
export interface FleetNodeOptions {
  /** Where it keeps its key and its address book. */
  readonly directory: string;
  /** An address to dial; `undefined`: it dials the nodes of its address book. */
  readonly seed: string | undefined;
  /** How it is called in the dashboard. */
  readonly label: string;
}

/** How a node can be reached, and over what it reaches its neighbours. */
export interface PathsReport {
  readonly reachability: string;
  readonly reason: string;
  readonly paths: readonly { readonly nodeId: NodeId; readonly path: string; readonly address: string }[];
}

export interface LinkReport {
  readonly nodeId: NodeId;
  readonly direction: 'incoming' | 'outgoing';
  readonly rttMs: number | undefined;
}

export interface RouteReport {
  readonly nodeId: NodeId;
  readonly action: string;
  readonly reason: string;
}

export interface ExplainReport {
  readonly action: string;
  readonly reason: string;
  readonly rejected: readonly { readonly nodeId: NodeId; readonly reason: string }[];
}

export interface PublishReport {
  readonly interested: number;
  /** Why nobody gets it. */
  readonly reason: string;
}

export interface FetchReport {
  readonly status: number;
  readonly byteCount: number;
  /** The first line of it, shortened. */
  readonly text: string;
}

export interface BenchReport {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Every request with the type of its response. */
export interface FleetRequests {
  linkCount: { readonly ask: undefined; readonly answer: number };
  links: { readonly ask: undefined; readonly answer: readonly LinkReport[] };
  paths: { readonly ask: undefined; readonly answer: PathsReport };
  greet: { readonly ask: { readonly nodeId: NodeId; readonly name: string }; readonly answer: string };
  send: { readonly ask: { readonly target: SendTarget; readonly text: string }; readonly answer: string };
  routes: { readonly ask: readonly NodeId[]; readonly answer: readonly RouteReport[] };
  explain: { readonly ask: SendTarget; readonly answer: ExplainReport };
  subscribe: { readonly ask: string; readonly answer: undefined };
  /** The nodes that held it. */
  set: { readonly ask: { readonly key: string; readonly text: string }; readonly answer: number };
  get: { readonly ask: string; readonly answer: string | undefined };
  /** The nodes closest to the key of a text, the closest first, and how many were asked: 0 where the router table knows all. */
  resolve: { readonly ask: string; readonly answer: { readonly key: NodeId; readonly nodeIds: readonly NodeId[]; readonly asked: number } };
  /** A value of the distributed hash table: its key, and the nodes that keep it. */
  put: { readonly ask: string; readonly answer: { readonly key: NodeId; readonly stored: number } };
  getValue: { readonly ask: NodeId; readonly answer: string | undefined };
  /** What begins with a prefix. */
  watch: { readonly ask: string; readonly answer: undefined };
  publish: { readonly ask: { readonly path: string; readonly text: string }; readonly answer: PublishReport };
  /** A web server of this machine, by its port, for the other nodes. */
  publishServer: { readonly ask: number; readonly answer: undefined };
  /** A path of what another node publishes. */
  fetch: { readonly ask: { readonly nodeId: NodeId; readonly path: string }; readonly answer: FetchReport };
  bench: { readonly ask: NodeId; readonly answer: BenchReport };
  /** Serves the dashboard, once; the answer is its address. */
  dashboard: { readonly ask: undefined; readonly answer: string };
  stop: { readonly ask: undefined; readonly answer: undefined };
}

export type FleetRequestName = keyof FleetRequests;

export type SendTarget =
  | { readonly type: 'node'; readonly nodeId: NodeId }
  | { readonly type: 'key'; readonly key: NodeId }
  | { readonly type: 'service' };

export interface ToNodeProcess {
  readonly id: number;
  readonly name: FleetRequestName;
  readonly ask: unknown;
}

export type FromNodeProcess =
  | { readonly type: 'started'; readonly nodeId: NodeId; readonly address: string }
  | { readonly type: 'failed'; readonly text: string }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'refusal'; readonly id: number; readonly code: string; readonly text: string }
  | { readonly type: 'received'; readonly text: string; readonly source: NodeId }
  /** A change of the shared map that the node watches; without a text it was deleted. */
  | { readonly type: 'changed'; readonly key: string; readonly text: string | undefined }
  /** A message of a topic that the node subscribes to. */
  | { readonly type: 'published'; readonly path: string; readonly text: string };
