/**
 * @module LentPorts: ports of behaviours as agents lend them to other behaviours, and the core's own where nobody fills one.
 */
import type { BehaviorAgent } from '../../api/agent.js';
import type { BehaviorPorts, Lent, LentPort } from '../../api/ports.js';
import type { RouterTable } from '../../api/router-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { BehaviorSlot } from '../behaviors/owner.js';

/** The ports that there are. */
export const PORTS = Object.keys({
  caller: 1,
  addressSource: 1,
  pathReporter: 1,
  tableReporter: 1,
  placement: 1,
  serviceDirectory: 1,
  streamOpener: 1,
  seedKeeper: 1,
  connectionPolicy: 1,
  handshakeSection: 1,
  peerPaths: 1,
  transport: 1,
} satisfies Record<keyof BehaviorPorts, 1>);

type PortName = keyof BehaviorPorts;

/** A port that a behaviour fills. `guard` throws outside of the borrower's callback. */
export function lentPort<Port>(slot: BehaviorSlot, name: PortName, port: Port, callbacks: Callbacks, guard: () => void): LentPort<Port> {
  const use: LentPort<Port>['use'] = (work) => {
    guard();
    const lent = name === 'transport' ? (port as Lent<Port>) : withAgent(port, slot.agent, (answer) => callbacks.watch(slot, name, answer));
    return callbacks.run(slot, name, () => ({ answer: work(lent) }));
  };
  return { serviceId: slot.serviceId, behavior: slot.name, use };
}

/** What the core does where no behaviour fills the port. */
export function corePort(name: PortName, router: RouterTable, guard: () => void): LentPort<never>[] {
  const port = name === 'placement' ? placementBy(router) : name === 'streamOpener' ? NO_STREAMS : undefined;
  if (port === undefined) return [];
  const use = <T>(work: (port: never) => T) => {
    guard();
    return { answer: work(port as never) };
  };
  return [{ serviceId: 0, behavior: 'core', use }];
}

function placementBy(router: RouterTable): Lent<NonNullable<BehaviorPorts['placement']>> {
  return { closest: (key, count, settle) => settle(router.closest(key, count)) };
}

const NO_STREAMS: Lent<NonNullable<BehaviorPorts['streamOpener']>> = {
  open: (_request, settle) => {
    settle({ type: 'error', code: 'STREAMS_ABSENT', text: 'no behaviour of this node opens byte streams' });
    return { cancel: () => {} };
  },
};

/** The port with its behaviour's agent, and a look at everything that it returns: a promise may be rejected, and nobody waits for it. */
function withAgent<Port>(port: Port, agent: BehaviorAgent, watch: (answer: unknown) => void): Lent<Port> {
  const get = (_target: object, key: string | symbol): unknown => {
    const member: unknown = Reflect.get(port as object, key);
    if (typeof member !== 'function') return member;
    return (...args: unknown[]) => {
      const answer: unknown = Reflect.apply(member, port, [agent, ...args]);
      if (answer !== undefined) watch(answer);
      return answer;
    };
  };
  return new Proxy({}, { get }) as Lent<Port>;
}
