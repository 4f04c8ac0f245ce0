/**
 * @module Ping: one round trip to a node, over relays too, or to an address. A node is asked for a method that no node has: its refusal is the
 * answer, so that the remote needs nothing for it. An address that the node is not connected to is connected, and let go.
 */
import { type Address, type Connection, type ControlledNode, NetworkError, type Route, RpcError, toNode } from '../../../core/index.js';
import { fallback, options, optionsReader, whole } from '../../../core/schema/index.js';
import { STEP_MS } from '../messages.js';
import type { Method, MethodContext } from './context.js';
import { TARGET, targetOf } from './targets.js';

const TIMEOUT_MS_MAX = STEP_MS - 500;
/** The rpc behaviour itself, which offers no methods. */
const RPC_SERVICE = 6;
const REFUSALS: readonly string[] = ['RPC_NO_HANDLER', 'RPC_METHOD_UNKNOWN'];

const read = optionsReader('ping', options({ target: TARGET, timeoutMs: fallback(whole(1, TIMEOUT_MS_MAX), 5_000) }), 'ARGUMENT_INVALID');

/** What `ping` gives. */
export interface PingResult {
  /** Who has answered; absent for a key or a service, where that is not known. */
  readonly nodeId: string | undefined;
  readonly rttMs: number;
  /** How long the connection took, where one was made for this. */
  readonly connectMs: number | undefined;
}

interface Wait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export const ping: Method = {
  run: async (context, params, signal) => {
    const { target: given, timeoutMs } = read(params);
    const target = targetOf(context.node, given);
    const wait = { timeoutMs, signal };
    if (target.type === 'address') return { result: await pingAddress(context, target.address, wait) };
    const rttMs = await roundTrip(context, target.route, wait);
    const nodeId = target.route.type === 'node' ? target.route.nodeId : undefined;
    return { result: { nodeId, rttMs, connectMs: undefined } satisfies PingResult };
  },
};

/** The time until the refusal. Throws what kept it from coming. */
export async function roundTrip({ node, facts }: MethodContext, route: Route, wait: Wait): Promise<number> {
  const { clock } = facts;
  const beganMs = clock.nowMs();
  try {
    await node.call(route, RPC_SERVICE, 'ping', undefined, wait);
  } catch (error) {
    const isAnswer = (error instanceof NetworkError || error instanceof RpcError) && REFUSALS.includes(error.code);
    if (!isAnswer) throw error;
  }
  return clock.nowMs() - beganMs;
}

async function pingAddress(context: MethodContext, address: Address, wait: Wait): Promise<PingResult> {
  const { node, facts } = context;
  const beganMs = facts.clock.nowMs();
  return withConnection(node, address, wait, async ({ nodeId }, isNew) => {
    const connectMs = isNew ? facts.clock.nowMs() - beganMs : undefined;
    return { nodeId, rttMs: await roundTrip(context, toNode(nodeId), wait), connectMs };
  });
}

/** The connection to an address for the time of some work: one that is there already, or one that ends with the work. */
export async function withConnection<T>(
  node: ControlledNode,
  address: Address,
  wait: Wait,
  work: (connection: Connection, isNew: boolean) => Promise<T>,
): Promise<T> {
  const { text } = address.withNodeId(undefined);
  const before = node.connections();
  const known = before.find(({ remoteAddress }) => remoteAddress.withNodeId(undefined).text === text);
  if (known !== undefined && (address.nodeId ?? known.nodeId) === known.nodeId) return work(known, false);
  const connection = await node.connect(address, wait);
  const isNew = before.every(({ id }) => id !== connection.id);
  try {
    return await work(connection, isNew);
  } finally {
    if (isNew) node.disconnect(connection.id, 'the control socket has what it asked for');
  }
}
