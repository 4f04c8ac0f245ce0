/**
 * @module Support for the tests of the engine's life cycle: behaviours that write what they see into one common log, and a way to act as
 * one of them. Holds no test.
 */
import type { BehaviorAgent } from '../../../core/api/agent.js';
import type { BehaviorSlot } from '../../../core/engine/behaviors/owner.js';
import { type BareNode, type RecordingBehavior, type RecordingOptions, recordingBehavior, SecuredPeer } from '../../../testing/index.js';

/** A recording behaviour with handlers, all of whose hooks also go to `log`, as `64 onStarted`. */
export function logged(log: string[], serviceId: number, options: RecordingOptions = {}): RecordingBehavior {
  const behavior = recordingBehavior({ handlers: true, name: `service${serviceId}`, serviceId, ...options });
  const record = behavior.record.bind(behavior);
  behavior.record = (hook, args) => {
    const event = hook === 'handler.onEvent' ? `:${(args[1] as { type: string }).type}` : '';
    log.push(`${serviceId} ${hook}${event}`);
    return record(hook, args);
  };
  return behavior;
}

/** The running behaviour's slot. */
export function slotOf({ network }: Pick<BareNode, 'network'>, serviceId: number): BehaviorSlot {
  const slot = network.behaviors.at(serviceId);
  if (slot === undefined) throw new Error(`no behaviour has the service ${serviceId}`);
  return slot;
}

/** Does something as the behaviour of that service would in its own `perform`. */
export function act<T>(node: BareNode, serviceId: number, work: (agent: BehaviorAgent) => T): T {
  const outcome: T[] = [];
  node.step({ type: 'work', work: () => outcome.push(node.network.callbacks.perform(slotOf(node, serviceId), work)) });
  if (outcome.length === 0) throw new Error('the engine failed');
  return outcome[0] as T;
}

/** A peer of that name dials the node and shakes hands. */
export function visitor(node: BareNode, name: string, options: ConstructorParameters<typeof SecuredPeer>[1] = {}): SecuredPeer {
  return node.accept((link) => new SecuredPeer(link, { name, ...options })).begin();
}

/** What still hangs on a network: all of it is empty when nothing is left. */
export function leftovers({ network }: Pick<BareNode, 'network'>) {
  const { deadlines, calls, dialer, links } = network;
  const { local } = network.parts;
  return {
    deadlines: deadlines.size,
    calls: calls.size,
    dials: dialer.size,
    links: links.size,
    admitted: links.admittedCount,
    localMessages: local.queue.messages,
    localBytes: local.queue.bytes,
  };
}

export const NOTHING_LEFT = { deadlines: 0, calls: 0, dials: 0, links: 0, admitted: 0, localMessages: 0, localBytes: 0 };
