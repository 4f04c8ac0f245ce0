/**
 * @module Options of remotes: which neighbours are watched, and who is called.
 */
import { isNodeId, type NodeId } from '../../../core/index.js';
import { callable, list, mapped, optional, options, optionsReader, parsed } from '../../../core/schema/index.js';
import type { RemoteIntent, RemoteInterest } from './remotes.js';

/** As many as a node may be told of. */
const NODES_MAX = 4_096;

/** What is watched. */
export interface RemotesOptions {
  /** These nodes alone, at most 4,096; absent: all neighbours. */
  readonly nodes?: readonly NodeId[];
  /** Called for each topic that one of them publishes. What it throws is logged. */
  readonly onIntent?: (intent: RemoteIntent) => void;
  /** Called for each wish that one of them has. */
  readonly onInterest?: (interest: RemoteInterest) => void;
}

export type RemotesSettings = ReturnType<typeof readRemotesOptions>;

const NODE = parsed('a node id', (given) => (isNodeId(given) ? given : undefined));

/** Throws `OPTION_INVALID`, naming the options. */
export const readRemotesOptions = optionsReader(
  'remotes',
  options({
    nodes: optional(mapped(list(NODE, NODES_MAX), (nodes): ReadonlySet<NodeId> => new Set(nodes))),
    onIntent: optional(callable<(intent: RemoteIntent) => void>()),
    onInterest: optional(callable<(interest: RemoteInterest) => void>()),
  }),
);
