/**
 * @module DatagramLinks: what only links of datagrams need of the engine, as one value that a node's defaults have or not: sockets, their sessions,
 * and changes of channels, which only such links live through. A page whose node has none does not load it. `parts.ts` knows its type alone.
 */
import type { Callbacks } from './behaviors/callbacks.js';
import type { EngineContext } from './context.js';
import type { Dialer } from './dial/dialer.js';
import { Upgrades } from './dial/upgrades.js';
import { DatagramSessions } from './links/datagram-sessions.js';
import { Datagrams } from './links/datagrams.js';
import type { Duplicates } from './links/duplicates.js';
import { Handovers } from './links/handovers.js';
import type { LinkPipeline } from './links/link-pipeline.js';
import type { LinkTable } from './links/link-table.js';
import type { Probes } from './links/probes.js';

/** What it is connected with. */
export interface DatagramLinkParts {
  readonly context: EngineContext;
  readonly links: LinkTable;
  readonly callbacks: Callbacks;
  readonly duplicates: Duplicates;
  readonly dialer: Dialer;
  readonly pipeline: LinkPipeline;
  readonly probes: Probes;
}

/** Makes links of datagrams possible; one function for every node. */
export type DatagramLinks = (parts: DatagramLinkParts) => {
  readonly datagrams: Datagrams;
  readonly handovers: Handovers;
  readonly upgrades: Upgrades;
};

/**
 * What a node needs that uses a transport of datagrams, UDP or circuits. It is part of every node but those of `meshwright/slim`, which take it as
 * the option `datagrams`.
 */
export const datagramLinks: DatagramLinks = ({ context, links, callbacks, duplicates, dialer, pipeline, probes }) => {
  const handovers = new Handovers(context, links, callbacks);
  const sessions = new DatagramSessions(context, links, handovers, probes);
  const datagrams = new Datagrams({ context, links, pipeline, handovers, sessions, probes });
  const upgrades = new Upgrades(context, dialer);
  duplicates.handovers = handovers;
  links.security.overDatagrams = (link, socketId) => sessions.channelOf(link, socketId);
  handovers.absorbed = (candidate, link) => {
    dialer.absorbed(candidate, link);
    datagrams.absorbed(candidate, link);
    upgrades.opened(link);
  };
  handovers.seek = (link) => upgrades.seek(link);
  handovers.resumptions.readFormer = (link) => pipeline.readFormer(link);
  return { datagrams, handovers, upgrades };
};
