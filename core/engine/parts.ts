/**
 * @module EngineParts: builds the parts of the engine, one layer upon another, and puts observers into their order. Nothing but `network.ts` knows all of
 * them: each is given this object as those few that it needs. It is one object of one class because every message reads from it, in every node of a process;
 * spread into objects, each node's would have a shape of its own, which compiled code has to look up anew for each node.
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
import type { Datagrams } from './links/datagrams.js';
import { Duplicates } from './links/duplicates.js';
import type { Handovers } from './links/handovers.js';
import { Introductions } from './links/introductions.js';
import { eventObserver, type LinkObserver, routerObserver } from './links/link-observer.js';
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

/** The behaviours of the node, and their work for others. */
class BehaviorParts {
  readonly callbacks: Callbacks;
  readonly behaviors: BehaviorTable;
  readonly calls: Calls;
  readonly streams: Streams;
  readonly announcements: Announcements;

  constructor(
    readonly context: EngineContext,
    readonly router: RouterFacade,
  ) {
    this.callbacks = new Callbacks(context, (slot) => context.enqueue({ run: () => this.behaviors.stop(slot) }));
    this.behaviors = new BehaviorTable(context, router, this.callbacks);
    this.calls = new Calls(context, this.callbacks, this.behaviors);
    this.streams = new Streams(context, this.callbacks, this.behaviors);
    this.announcements = new Announcements(context);
  }
}

/** Links: how they begin, live and end. */
class LinkParts extends BehaviorParts {
  readonly links: LinkTable;
  readonly liveness: Liveness;
  readonly introductions: Introductions;
  readonly admission: Admission;
  readonly duplicates: Duplicates;
  readonly sharedKeys: SharedKeys;
  readonly reachability: ReachabilityState;
  readonly probes: Probes;
  readonly paths: Paths;
  readonly dialer: Dialer;
  readonly keeper: Keeper;
  readonly refusals: Refusals;

  constructor(context: EngineContext, router: RouterFacade) {
    super(context, router);
    const { callbacks, behaviors } = this;
    this.links = new LinkTable(context);
    this.liveness = new Liveness(context, this.links, router, callbacks);
    this.introductions = new Introductions(context, this.links, callbacks, behaviors);
    this.admission = new Admission(this);
    this.duplicates = new Duplicates(context, this.links, this.liveness, this.admission);
    this.sharedKeys = new SharedKeys(context);
    this.reachability = new ReachabilityState(context, this.links, behaviors);
    this.probes = new Probes(context, callbacks, this.links);
    this.paths = new Paths(context, this.links, callbacks, behaviors, router);
    this.dialer = new Dialer(context, this.links, callbacks, behaviors, this.paths);
    this.duplicates.isDialling = (nodeId, path) => this.dialer.isDialling(nodeId, path);
    this.keeper = new Keeper(context, this.links, this.dialer);
    this.refusals = new Refusals(callbacks);
  }
}

/** Messages: where they come from and where they go. */
class MessageParts extends LinkParts {
  readonly local: LocalDelivery;
  readonly history: BroadcastHistory;
  readonly signals: LossSignals;
  readonly forwarder: Forwarder;
  readonly control: Control;
  readonly delivery: Delivery;
  readonly pipeline: LinkPipeline;
  readonly search: ServiceSearch;
  readonly sender: Sender;
  readonly application: ApplicationSender;

  constructor(context: EngineContext, router: RouterFacade) {
    super(context, router);
    this.local = new LocalDelivery(context, this.callbacks, this.behaviors);
    this.history = new BroadcastHistory(context);
    this.signals = new LossSignals(this);
    this.forwarder = new Forwarder(this);
    this.control = new Control(this);
    this.delivery = new Delivery(this);
    this.pipeline = new LinkPipeline(context, this.links, this.duplicates, this.delivery);
    this.links.readOn = (link) => this.pipeline.readOn(link);
    this.search = new ServiceSearch(this);
    router.beyond = this.search;
    this.sender = new Sender(this);
    this.application = new ApplicationSender(this);
  }
}

export class EngineParts extends MessageParts {
  readonly datagrams: Datagrams | undefined;
  readonly handovers: Handovers | undefined;
  readonly waits: Waits;

  /** `datagramLinks`: absent where no transport carries datagrams. */
  constructor(context: EngineContext, router: RouterFacade, datagramLinks: DatagramLinks | undefined) {
    super(context, router);
    const { datagrams, handovers, upgrades } = datagramLinks?.(this) ?? {};
    this.datagrams = datagrams;
    this.handovers = handovers;
    this.waits = new Waits(context, this.links, router);
    this.observe([datagrams, handovers, upgrades].filter((part) => part !== undefined));
    this.behaviors.agentOf = (slot) => new BehaviorAgentOf(this, slot);
    this.introductions.agentOf = (slot, link) => new ConnectionAgentOf(this, slot, link);
    router.onChanged = () => this.waits.changed();
    observeEngine(context, this, router);
  }

  private observe(ofDatagrams: readonly LinkObserver[]): void {
    const { links, introductions, liveness, dialer, duplicates, sharedKeys, keeper, admission, reachability, probes } = this;
    const { application, search, calls, streams, announcements } = this;
    links.observers = [
      routerObserver(this.router),
      introductions,
      liveness,
      eventObserver(this.context),
      dialer,
      duplicates,
      sharedKeys,
      keeper,
      application,
      links.handshakes,
      reachability,
      ...ofDatagrams,
    ];
    this.behaviors.observers = [calls, streams, introductions, links, dialer, admission, search, probes, announcements];
  }
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
