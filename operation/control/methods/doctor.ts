/**
 * @module Doctor: what keeps a node from another one, or a node from its work. It looks at the node itself, at what it could not connect to lately,
 * and at one target: it connects to an address and lets it go, follows a route, and asks whether a service is there.
 */
import { NetworkError, type Route, RpcError, toNode, tryParseAddress } from '../../../core/index.js';
import { optional, options, optionsReader, whole } from '../../../core/schema/index.js';
import { type Finding, findingsOf, found } from '../../doctor/faults.js';
import { clockFindings, loopFindings, watchLoop } from '../../doctor/health.js';
import type { Method, MethodContext } from './context.js';
import { roundTrip, withConnection } from './ping.js';
import { TARGET, type Target, targetOf } from './targets.js';

const TIMEOUT_MS = 4_000;
const LATELY_MS = 120_000;
/** No service has such a method. */
const PROBE = 'meshwright doctor';

const read = optionsReader('doctor', options({ target: optional(TARGET), service: optional(whole(0, 255)) }), 'ARGUMENT_INVALID');

/** What `doctor` gives. */
export interface Diagnosis {
  readonly nodeId: string;
  readonly target: string | undefined;
  readonly findings: readonly Finding[];
  /** What was found to be well. */
  readonly well: readonly string[];
}

interface Visit {
  readonly findings: readonly Finding[];
  readonly well: readonly string[];
}

export const doctor: Method = {
  run: async (context, params, signal) => {
    const { target: given, service } = read(params ?? {});
    const { node, facts } = context;
    const target = given === undefined ? undefined : targetOf(node, given);
    const [worstMs, visit] = await Promise.all([
      watchLoop(facts),
      target === undefined ? lately(context) : visited(context, target, { subject: given ?? '', service, signal }),
    ]);
    const own = [...loopFindings(worstMs), ...clockFindings(node.metrics())];
    const count = node.connections().length;
    const well = [
      `the node is ${node.state}, with ${count} connection${count === 1 ? '' : 's'}`,
      ...(own.some(({ fault }) => fault === 'loop-stalled') ? [] : [`its event loop was late by ${Math.round(worstMs)} ms at most`]),
    ];
    return {
      result: { nodeId: node.id, target: given, findings: [...visit.findings, ...own], well: [...well, ...visit.well] } satisfies Diagnosis,
    };
  },
};

/** What could not be connected in the last two minutes, and still is not. */
function lately(context: MethodContext): Visit {
  const failed = context.troubles.failedWithin(LATELY_MS).flatMap(({ target, error }) => explained(context, target, error));
  const versions = context.troubles.versionsWithin(LATELY_MS).map((host) => otherVersion(host));
  const known = new Set(failed.map(({ fault, subject }) => `${fault} ${subject}`));
  return { findings: [...failed, ...versions.filter(({ fault, subject }) => !known.has(`${fault} ${subject}`))], well: [] };
}

function otherVersion(host: string): Finding {
  return found('other-version', host, 'it has begun a handshake of that version with this node');
}

/** What an error means. A remote closes another version without a word; where it has come itself, with its own, it is known. */
function explained({ troubles }: MethodContext, subject: string, error: NetworkError): readonly Finding[] {
  const { host = '' } = tryParseAddress(subject) ?? {};
  if (error.code === 'HANDSHAKE_FAILED' && troubles.versionsWithin(LATELY_MS).includes(host)) return [otherVersion(host)];
  return findingsOf(subject, error);
}

interface Wish {
  readonly subject: string;
  readonly service: number | undefined;
  readonly signal: AbortSignal;
}

async function visited(context: MethodContext, target: Target, wish: Wish): Promise<Visit> {
  const wait = { timeoutMs: TIMEOUT_MS, signal: wish.signal };
  try {
    if (target.type === 'route') return await followed(context, target.route, wish);
    return await withConnection(context.node, target.address, wait, async ({ nodeId }) => {
      const visit = await followed(context, toNode(nodeId), wish);
      return { ...visit, well: [`${target.address.text} is node ${nodeId.slice(0, 8)}`, ...visit.well] };
    });
  } catch (error) {
    if (error instanceof NetworkError) return { findings: explained(context, wish.subject, error), well: [] };
    throw error;
  }
}

async function followed(context: MethodContext, route: Route, { subject, service, signal }: Wish): Promise<Visit> {
  const { action, reason } = context.node.explain(route);
  if (action.type === 'reject')
    return { findings: [found(route.type === 'service' ? 'service-missing' : 'no-route', subject, reason)], well: [] };
  const wait = { timeoutMs: TIMEOUT_MS, signal };
  const rttMs = await roundTrip(context, route, wait);
  const answered = `${subject} answers in ${rttMs.toFixed(2)} ms, ${reason}`;
  if (service === undefined) return { findings: [], well: [answered] };
  const isOffered = await offers(context, route, service, wait);
  if (!isOffered) return { findings: [found('service-missing', subject, `no service ${service} runs there`)], well: [answered] };
  return { findings: [], well: [answered, `service ${service} is offered there`] };
}

/** A service that knows no such method is there; what else it answers says so, too. */
async function offers({ node }: MethodContext, route: Route, service: number, wait: object): Promise<boolean> {
  try {
    await node.call(route, service, PROBE, undefined, wait);
    return true;
  } catch (error) {
    if (error instanceof RpcError) return true;
    if (!(error instanceof NetworkError)) throw error;
    if (error.code === 'RPC_NO_HANDLER') return false;
    if (error.code === 'RPC_METHOD_UNKNOWN' || error.code === 'RPC_FAILED') return true;
    throw error;
  }
}
