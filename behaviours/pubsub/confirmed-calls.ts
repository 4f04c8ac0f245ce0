/**
 * @module Calls of confirmed delivery, answered: of subscribers at this node's topics, and of publishers at its subscriptions.
 */
import type { BehaviorAgent, NodeId, RpcAnswer, RpcRequest } from '../../core/index.js';
import { type Crewed, MEMBERS_MAX, MEMBERS_PER_NODE_MAX } from './confirmed/crews.js';
import { HAND, JOIN, PART, readHand, readJoin, readPart } from './confirmed/messages.js';
import type { PubSubHost } from './host.js';
import { type Members, memberName } from './subscribe/confirmed/memberships.js';

export interface ConfirmedParts {
  readonly host: PubSubHost;
  readonly sources: ReadonlyMap<NodeId, Crewed>;
  readonly members: Members;
}

/** Whether it is one of these calls. */
export function confirmedCall(
  { host, sources, members }: ConfirmedParts,
  agent: BehaviorAgent,
  request: RpcRequest,
  answer: RpcAnswer,
): boolean {
  switch (request.method) {
    case JOIN:
      joined(host, sources, agent, request, answer);
      return true;
    case PART:
      parted(host, sources, agent, request, answer);
      return true;
    case HAND:
      handed(host, members, agent, request, answer);
      return true;
    default:
      return false;
  }
}

function joined(
  host: PubSubHost,
  sources: ReadonlyMap<NodeId, Crewed>,
  agent: BehaviorAgent,
  request: RpcRequest,
  answer: RpcAnswer,
): void {
  const join = readJoin(request.value);
  if (join === undefined) return malformed(host, answer);
  const source = sources.get(join.topicId);
  if (source === undefined || (source.isLocal && request.source !== host.self))
    answer.error('PUBSUB_NO_TOPIC', 'the topic is not published here');
  else if (!source.admits(request.source)) answer.error('PUBSUB_FORBIDDEN', 'the publisher does not let this node have it');
  else if (source.crewed().join(agent, request.source, join)) answer.ok();
  else
    answer.error(
      'LIMIT_EXCEEDED',
      `limit MEMBERS_MAX (${MEMBERS_MAX}) of this topic is reached, or MEMBERS_PER_NODE_MAX (${MEMBERS_PER_NODE_MAX})`,
    );
}

function parted(
  host: PubSubHost,
  sources: ReadonlyMap<NodeId, Crewed>,
  agent: BehaviorAgent,
  request: RpcRequest,
  answer: RpcAnswer,
): void {
  const part = readPart(request.value);
  if (part === undefined) return malformed(host, answer);
  sources.get(part.topicId)?.crews?.part(agent, request.source, part);
  answer.ok();
}

function handed(host: PubSubHost, members: Members, agent: BehaviorAgent, request: RpcRequest, answer: RpcAnswer): void {
  const hand = readHand(request.value);
  if (hand === undefined) return malformed(host, answer);
  const membership = members.get(memberName(request.source, hand.topicId, hand.member));
  if (membership === undefined) answer.error('PUBSUB_NO_MEMBER', 'no such subscription');
  else membership.handed(agent, hand, request, answer);
}

function malformed({ counters }: PubSubHost, answer: RpcAnswer): void {
  counters.malformed++;
  answer.error('PUBSUB_MALFORMED', 'the value has no form of this service');
}
