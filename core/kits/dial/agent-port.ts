/**
 * @module AgentPort: the port of a supervisor whose owner is a behaviour: time, waits and limits are its agent's, and its user decides how
 * dials and holds are carried out.
 */
import type { BehaviorAgent } from '../../api/agent.js';
import type { Limits } from '../../limits.js';
import type { DialPort } from './dial-target.js';

export interface AgentPort extends DialPort {
  readonly limits: Pick<Limits, 'stableUptimeMs'>;
}

export interface AgentPortDuties extends Pick<DialPort, 'hold' | 'release'> {
  /** As a port's, but for the port that is passed on. */
  readonly connect: (
    target: Parameters<DialPort['connect']>[0],
    settle: (outcome: Parameters<Parameters<DialPort['connect']>[1]>[1]) => void,
  ) => void;
}

/** `agent`: a behaviour has one. */
export function agentPort(agent: BehaviorAgent, { connect, hold, release }: AgentPortDuties): AgentPort {
  const port: AgentPort = {
    get nowMs() {
      return agent.nowMs;
    },
    random: agent.random,
    log: agent.log,
    limits: agent.limits,
    connect: (target, settle) => connect(target, (outcome) => settle(port, outcome)),
    after: (delayMs, work) => agent.after(delayMs, () => work(port)),
    ...{ hold, release },
  };
  return port;
}
