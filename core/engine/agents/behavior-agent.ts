/**
 * @module BehaviorAgent, implemented: what only behaviours may do, beyond what all agents can (`agents.ts`).
 */
import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { BehaviorAgent, Cancellable } from '../../api/agent.js';
import type { Connection } from '../../api/events.js';
import { PROBE_MS_MAX, PROBE_SOCKETS_MAX, PROBE_TOKEN_BYTES, type Probe } from '../../api/probe.js';
import { requireNodeId } from '../../api/routes.js';
import type { RpcAnswer, RpcRequest } from '../../api/rpc.js';
import type { IncomingStream } from '../../api/stream.js';
import { NetworkError } from '../../errors.js';
import { limitReached } from '../../limits.js';
import { ANNOUNCED_MAX } from '../announcements.js';
import {
  requireAddress,
  requireAddresses,
  requireBytes,
  requireDelivery,
  requireFunction,
  requireText,
  requireWhole,
} from '../behaviors/arguments.js';
import type { BehaviorSlot } from '../behaviors/owner.js';
import { targetOf } from '../dial/dialling.js';
import { PACE_MS_MAX, PACE_MS_MIN } from '../links/pace.js';
import { PROBES_MAX } from '../links/probes.js';
import { AgentOf } from './agents.js';

export class BehaviorAgentOf extends AgentOf<BehaviorSlot> implements BehaviorAgent {
  connect(target: Address | NodeId | string, callback?: (agent: this, outcome: Connection | NetworkError) => void): number {
    const { owner } = this;
    const { dialer, callbacks } = this.parts;
    const attemptId = dialer.nextAttemptId();
    const parsed = targetOf(target);
    if (callback !== undefined) requireFunction('connect: callback', callback);
    const settle = (outcome: Connection | NetworkError) => callbacks.run(owner, 'connect', () => callback?.(this, outcome));
    const request = { attemptId, target: parsed, owner, ...(callback && { onSettled: settle }) };
    this.record({ run: () => (owner.isEnded ? undefined : dialer.dial(request)) });
    return attemptId;
  }

  awaitProbe(token: Uint8Array, lifetimeMs: number, callback: (agent: this, probe: Probe) => void): Cancellable {
    requireBytes('awaitProbe: token', token, PROBE_TOKEN_BYTES);
    requireWhole('awaitProbe: lifetimeMs', lifetimeMs, 1, PROBE_MS_MAX);
    requireFunction('awaitProbe: callback', callback);
    const { probes } = this.parts;
    if (probes.size >= PROBES_MAX)
      throw limitReached({ limit: 'probesMax', current: probes.size, maximum: PROBES_MAX, scope: 'node', configKey: 'none: it is fixed' });
    return this.record(probes.expect(this.owner, token, lifetimeMs, (probe) => callback(this, probe)));
  }

  probe(to: Address, token: Uint8Array, socketCount?: number): void {
    requireAddress('probe: to', to);
    requireBytes('probe: token', token, PROBE_TOKEN_BYTES);
    if (socketCount !== undefined) requireWhole('probe: socketCount', socketCount, 1, PROBE_SOCKETS_MAX);
    const copy = token.slice();
    this.record({ run: () => this.parts.probes.send(this.owner, to, copy, socketCount) });
  }

  dialBack(probe: Probe, nodeId: NodeId): void {
    const { from, socketId } = Object(probe) as Probe;
    requireAddress('dialBack: probe.from', from);
    requireWhole('dialBack: probe.socketId', socketId, 1);
    requireNodeId('dialBack: nodeId', nodeId);
    const { owner } = this;
    const { dialer, probes } = this.parts;
    const request = {
      attemptId: dialer.nextAttemptId(),
      target: from.withNodeId(nodeId),
      owner,
      socketId,
      aim: 'direct-path' as const,
      onSettled: () => probes.leave(socketId),
    };
    this.record({
      run: () => {
        if (owner.isEnded) return;
        probes.dialledFrom(socketId);
        dialer.dial(request);
      },
    });
  }

  closeConnection(connectionId: number, reason = ''): void {
    requireWhole('closeConnection: connectionId', connectionId, 0);
    requireText('closeConnection: reason', reason);
    this.record({ run: () => this.parts.links.closeFor(this.owner, connectionId, reason) });
  }

  disconnectNode(nodeId: NodeId, reason = ''): void {
    requireNodeId('disconnectNode: nodeId', nodeId);
    requireText('disconnectNode: reason', reason);
    this.record({ run: () => this.parts.links.closeByNode(nodeId, reason) });
  }

  connections(): readonly Connection[] {
    this.guard();
    return this.parts.links.openConnections();
  }

  hold(connectionId: number): void {
    requireWhole('hold: connectionId', connectionId, 0);
    this.record({ run: () => (this.owner.isEnded ? undefined : this.parts.links.hold(connectionId, this.owner)) });
  }

  release(connectionId: number): void {
    requireWhole('release: connectionId', connectionId, 0);
    this.record({ run: () => this.parts.links.release(connectionId, this.owner) });
  }

  pace(connectionId: number, intervalMs: number): void {
    requireWhole('pace: connectionId', connectionId, 0);
    if (intervalMs !== 0) requireWhole('pace: intervalMs', intervalMs, PACE_MS_MIN, PACE_MS_MAX);
    this.record({ run: () => this.parts.liveness.slowDown(this.owner, connectionId, intervalMs) });
  }

  sendToBehavior(serviceId: number, event: unknown): boolean {
    this.guard();
    requireWhole('sendToBehavior: serviceId', serviceId, 0, 255);
    const to = this.parts.behaviors.at(serviceId);
    if (to === undefined) return false;
    this.record({ run: () => this.parts.callbacks.behaviorEvent(this.owner, to, event) });
    return true;
  }

  admit(connectionId: number): void {
    requireWhole('admit: connectionId', connectionId, 0);
    this.record({ run: () => this.parts.admission.passed(connectionId, this.owner, true) });
  }

  announceReady(connectionId: number): void {
    requireWhole('announceReady: connectionId', connectionId, 0);
    this.record({ run: () => this.parts.admission.passed(connectionId, this.owner, false) });
  }

  seenAt(connectionId: number, address: Address): void {
    requireWhole('seenAt: connectionId', connectionId, 0);
    requireAddress('seenAt: address', address);
    this.record({ run: () => this.parts.reachability.seenAt(connectionId, address) });
  }

  announce(addresses: readonly Address[]): void {
    const kept = requireAddresses('announce: addresses', addresses, ANNOUNCED_MAX);
    this.record({ run: () => this.parts.announcements.put(this.owner, kept) });
  }

  registerService(serviceId: number): void {
    const taken = this.parts.behaviors.at(requireWhole('registerService: serviceId', serviceId, 1, 255));
    if (taken !== undefined && taken !== this.owner)
      throw new NetworkError('BEHAVIOR_DUPLICATE', `service ${serviceId} is taken by ${taken.name}`);
    this.record({ run: () => this.parts.behaviors.registerService(this.owner, serviceId) });
  }

  unregisterService(serviceId: number): void {
    requireWhole('unregisterService: serviceId', serviceId, 1, 255);
    this.record({ run: () => this.parts.behaviors.unregisterService(this.owner, serviceId) });
  }

  deliverRpc(request: RpcRequest, answer: RpcAnswer): void {
    this.guard();
    requireDelivery(request, answer);
    this.record({ run: () => this.parts.calls.deliver(request, answer) });
  }

  checkStream(serviceId: number): string | undefined {
    this.guard();
    requireWhole('checkStream: serviceId', serviceId, 0, 255);
    return this.parts.streams.check(serviceId);
  }

  deliverStream(incoming: IncomingStream): void {
    this.guard();
    requireFunction('deliverStream: incoming.failed', (Object(incoming) as IncomingStream).failed);
    this.record({ run: () => this.parts.streams.deliver(incoming) });
  }
}
