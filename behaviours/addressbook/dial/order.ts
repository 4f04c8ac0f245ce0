/**
 * @module Order: the user's word on whom to dial: the `order` of the connection policy with the highest service id that has one.
 */
import type { BehaviorAgent, DialCandidate, NodeId } from '../../../core/index.js';
import type { Entry } from '../book/entry.js';

/** The best first, the others left out; nothing when the policy has failed. */
export type Order = (entries: readonly Entry[]) => readonly NodeId[] | undefined;

export function orderOf(agent: BehaviorAgent): Order | undefined {
  const ports = agent.ports('connectionPolicy').filter((port) => port.use((policy) => policy.order !== undefined)?.answer === true);
  const port = ports.at(-1);
  if (port === undefined) return undefined;
  return (entries) => {
    const order = port.use((policy) => policy.order?.(entries.map(asCandidate)))?.answer;
    return Array.isArray(order) ? order : undefined;
  };
}

function asCandidate(entry: Entry): DialCandidate {
  const groups = new Set(entry.addresses.map(({ group }) => group));
  groups.delete(undefined);
  return { nodeId: entry.nodeId, isProven: entry.isProven, addresses: entry.usableAddresses(), groups: [...groups] as string[] };
}
