/**
 * @module EngineParts: builds the parts of the engine, each with the few others that it needs, and puts observers into their order. Nothing
 * but `network.ts` knows all of them.
 */

import type { BehaviorReport, LinkReport, QueueReport } from '../api/node-view.js';
import { BehaviorAgentOf } from './agents/behavior-agent.js';
import { ConnectionAgentOf } from './agents/connection-agent.js';
import { Announcements } from './announcements.js';
import { BehaviorTable } from './behaviors/behavior-table.js';
import { Callbacks } from './behaviors/callbacks.js';
import { Calls } from './behaviors/calls.js';
import type { Owner } from './behaviors/owner.js';
import { Streams } from './behaviors/streams.js';
import type { EngineContext } from './context.js';
import type { DatagramLinks } from './datagram-links.js';
import { Dialer } from './dial/dialer.js';
import { Keeper } from './dial/keeper.js';
import { Paths } from './dial/paths.js';
import { observeEngine } from './gauges.js';
import { Admission } from './links/admission.js';
import { Duplicates } from './links/duplicates.js';
import { Introductions } from './links/introductions.js';
import { eventObserver, routerObserver } from './links/link-observer.js';
import { LinkPipeline } from './links/link-pipeline.js';
import { LinkTable } from './links/link-table.js';
import { Liveness } from './links/liveness.js';
import { Probes } from './links/probes.js';
import { ReachabilityState } from './links/reachability.js';
import { Refusals } from './links/refusals.js';
import { SharedKeys } from './links/shared-keys.js';
import { ApplicationSender } from './messages/application-sender.js';
import { BroadcastHistory } from './messages/broadcast-history.js';
import { Control } from './messages/control.js';
import { Delivery } from './messages/delivery.js';
import { Forwarder } from './messages/forwarder.js';
import { LocalDelivery } from './messages/local-delivery.js';
import { LossSignals } from './messages/loss-signals.js';
import { Sender } from './messages/sender.js';
import { ServiceSearch } from './messages/service-search.js';
import type { RouterFacade } from './router-facade.js';
import { Waits } from './waits.js';

export type EngineParts = ReturnType<typeof partsOf>;

/** `datagramLinks`: absent where no transport carries datagrams. */
export function partsOf(context: EngineContext, router: RouterFacade, datagramLinks: DatagramLinks | undefined) {
  const behaviorParts = behaviorPartsOf(context, router);
  const linkParts = linkPartsOf(context, router, behaviorParts);
  const messageParts = messagePartsOf(context, router, { ...behaviorParts, ...linkParts });
  const { behaviors, calls, streams } = behaviorParts;
  const { links, introductions, liveness, dialer, duplicates, sharedKeys, keeper, admission, reachability, probes } = linkParts;
  const announcements = new Announcements(context);
  const { application, search } = messageParts;
  const { datagrams, handovers, upgrades } = datagramLinks?.({ context, ...behaviorParts, ...linkParts, ...messageParts }) ?? {};
  const ofDatagrams = [datagrams, handovers, upgrades].filter((part) => part !== undefined);
  links.observers = [
    routerObserver(router),
    introductions,
    liveness,
    eventObserver(context),
    dialer,
    duplicates,
    sharedKeys,
    keeper,
    application,
    links.handshakes,
    reachability,
    ...ofDatagrams,
  ];
  behaviors.observers = [calls, streams, introductions, links, dialer, admission, search, probes, announcements];
  const agentParts = { context, router, announcements, ...behaviorParts, ...linkParts, ...messageParts };
  behaviors.agentOf = (slot) => new BehaviorAgentOf(agentParts, slot);
  introductions.agentOf = (slot, link) => new ConnectionAgentOf(agentParts, slot, link);
  const waits = new Waits(context, links, router);
  router.onChanged = () => waits.changed();
  const parts = { ...behaviorParts, ...linkParts, ...messageParts, datagrams, handovers, waits };
  observeEngine(context, parts, router);
  return parts;
}

/** Every queue with its fill and its bound. */
export function queuesOf({ local, search, dialer, links, behaviors, callbacks }: EngineParts): QueueReport[] {
  const owners: Owner[] = [...behaviors.all, ...links.handlers()];
  const own = owners.flatMap(({ queues = [] }) => queues.flatMap((queue) => queue.report(callbacks)));
  return [local.queue, search.queue, dialer.queue, links.handshakes.queue, ...links.queues, ...own];
}

/** Every open link with its measurements. */
export function linksOf({ links, liveness }: EngineParts): LinkReport[] {
  return links.openLinks().map((link) => liveness.reportOf(link));
}

/** The running behaviours, by ascending service id. */
export function behaviorsOf({ behaviors }: EngineParts): BehaviorReport[] {
  return behaviors.all.map(({ serviceId, name }) => ({ serviceId, name }));
}

function behaviorPartsOf(context: EngineContext, router: RouterFacade) {
  const callbacks = new Callbacks(context, (slot) => context.enqueue({ run: () => behaviors.stop(slot) }));
  const behaviors = new BehaviorTable(context, router, callbacks);
  return { callbacks, behaviors, calls: new Calls(context, callbacks, behaviors), streams: new Streams(context, callbacks, behaviors) };
}

type BehaviorParts = ReturnType<typeof behaviorPartsOf>;

function linkPartsOf(context: EngineContext, router: RouterFacade, { callbacks, behaviors }: BehaviorParts) {
  const links = new LinkTable(context);
  const liveness = new Liveness(context, links, router, callbacks);
  const introductions = new Introductions(context, links, callbacks, behaviors);
  const admission = new Admission({ context, links, callbacks, behaviors, introductions });
  const duplicates = new Duplicates(context, links, liveness, admission);
  const paths = new Paths(context, links, callbacks, behaviors, router);
  const dialer = new Dialer(context, links, callbacks, behaviors, paths);
  duplicates.isDialling = (nodeId, path) => dialer.isDialling(nodeId, path);
  return {
    links,
    liveness,
    introductions,
    admission,
    duplicates,
    sharedKeys: new SharedKeys(context),
    reachability: new ReachabilityState(context, links, behaviors),
    probes: new Probes(context, callbacks, links),
    paths,
    dialer,
    keeper: new Keeper(context, links, dialer),
    refusals: new Refusals(callbacks),
  };
}

function messagePartsOf(context: EngineContext, router: RouterFacade, parts: BehaviorParts & ReturnType<typeof linkPartsOf>) {
  const local = new LocalDelivery(context, parts.callbacks, parts.behaviors);
  const history = new BroadcastHistory(context);
  const shared = { ...parts, context, router, local, history };
  const signals = new LossSignals(shared);
  const forwarder = new Forwarder({ ...shared, signals });
  const delivery = new Delivery({ ...shared, forwarder, control: new Control(shared) });
  const pipeline = new LinkPipeline(context, parts.links, parts.duplicates, delivery);
  parts.links.readOn = (link) => pipeline.readOn(link);
  const search = new ServiceSearch({ ...shared, signals });
  router.beyond = search;
  const sender = new Sender({ ...shared, search });
  const application = new ApplicationSender({ ...shared, sender });
  return { local, history, forwarder, delivery, pipeline, search, sender, application };
}
