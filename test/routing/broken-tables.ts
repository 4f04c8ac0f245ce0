/**
 * @module Router tables with one mistake each, and the check of `routerTableSuite` that has to find it. A suite that lets one of them
 * pass proves nothing. Those that exchange syncs are in `broken-mesh-tables.ts`.
 */
import { type NodeId, parseNodeId } from '../../core/address/node-id.js';
import { isCloser } from '../../core/address/xor-distance.js';
import { LOCAL, REJECT, type RouteAction, type RouterTable } from '../../core/api/router-table.js';
import { DirectRouter } from '../../routing/direct-router.js';
import { ForceLocalRouter } from '../../routing/force-local-router.js';
import { ForceNodeRouter } from '../../routing/force-node-router.js';
import { OverlayRouter } from '../../routing/overlay-router.js';
import { type BrokenTable, next, patched, type Sound } from './patched.js';

const FORM = 'returns the form of the contract';
const EXCEPT = 'never returns the connection that the message came from';
const UP = 'never returns a connection that is not up, nor with another node than is at its end';
const STRAY = 'ignores late events and events of connections that never were';
const SYNC = 'ignores malformed syncs';
const CLOSEST = 'names the closest nodes in order, each once, and as many as are asked for at most';
const DISPATCH = 'returns for pathTo what the method of the route does';
const REGISTERED = 'returns local for the services that are registered here, and only for these';
const NEIGHBOURS = 'reaches every neighbour';
const TWO_LINKS = 'keeps a neighbour until the last of its links is down, in either order';
const KEY = 'sends a key to the closest of itself and its neighbours by XOR';
const SCOPE = 'copies a broadcast to those within its scope, and to no others';
const STEP = 'goes to the neighbour closest to the node, if it is closer than this one';
const SERVICE = 'reaches a service when, and only when, a neighbour offers it';

type Mistake = (sound: Sound<DirectRouter>) => { [name in keyof RouterTable]?: RouterTable[name] };

const direct = (mistake: string, foundBy: string, patch: Mistake): BrokenTable => ({
  mistake,
  reach: 'neighbours',
  foundBy,
  factory: () => patched(new DirectRouter(), patch),
});

const greedy = (mistake: string, foundBy: string, patch: Mistake): BrokenTable => ({
  mistake,
  reach: 'greedy',
  foundBy,
  factory: () => patched(new OverlayRouter(), patch),
});

const otherThan = (links: ReadonlyMap<number, NodeId>, except: number | undefined) =>
  [...links].find(([connectionId]) => connectionId !== except);

const ANSWERS: readonly BrokenTable[] = [
  direct('pathToNode answers except', EXCEPT, ({ of }) => ({ pathToNode: (nodeId) => of.pathToNode(nodeId) })),
  direct('pathToKey answers except', EXCEPT, ({ of }) => ({ pathToKey: (key) => of.pathToKey(key) })),
  direct('pathToService answers except', EXCEPT, ({ of }) => ({ pathToService: (id, meta) => of.pathToService(id, meta) })),
  direct('pathsToServices answers except', EXCEPT, ({ of }) => ({ pathsToServices: (id, scope) => of.pathsToServices(id, scope) })),
  direct('an unknown node throws', FORM, ({ of }) => ({
    pathToNode: (nodeId, except) => {
      const action = of.pathToNode(nodeId, except);
      if (action.type === 'reject' && except === undefined) throw new Error('unknown node');
      return action;
    },
  })),
  direct('an unknown node is undefined', FORM, ({ of }) => ({
    pathToNode: (nodeId, except) => {
      const action = of.pathToNode(nodeId, except);
      return action.type === 'reject' ? (undefined as unknown as RouteAction) : action;
    },
  })),
  direct('a node gets two copies', FORM, ({ of }) => ({
    pathsToServices: (id, scope, except) => {
      const { local, next: hops } = of.pathsToServices(id, scope, except);
      return { local, next: [...hops, ...hops] };
    },
  })),
  direct('answers with the wrong node', UP, ({ of, self }) => ({
    pathToNode: (nodeId, except) => {
      const action = of.pathToNode(nodeId, except);
      return action.type === 'next' ? next(action.connectionId, self) : action;
    },
  })),
  direct('a provider is drawn by lot', 'gives equal answers for equal histories', ({ of }) => ({
    pathToService: (id, meta, except) => {
      const { local, next: hops } = of.pathsToServices(id, meta, except);
      const hop = hops[Math.floor(Math.random() * hops.length)];
      return local ? LOCAL : hop === undefined ? REJECT : next(hop.connectionId, hop.nodeId);
    },
  })),
  direct('providers take turns', 'is not changed by being asked', ({ of }) => {
    let turn = 0;
    return {
      pathToService: (id, meta, except) => {
        const { local, next: hops } = of.pathsToServices(id, meta, except);
        const hop = hops[turn++ % hops.length];
        return local ? LOCAL : hop === undefined ? REJECT : next(hop.connectionId, hop.nodeId);
      },
    };
  }),
  direct("pathTo forgets the sender's service", DISPATCH, ({ of }) => ({
    pathTo: (rule, _serviceId, except) => of.pathTo(rule, 0, except),
  })),
  direct('pathTo forgets except', DISPATCH, ({ of }) => ({ pathTo: (rule, serviceId) => of.pathTo(rule, serviceId) })),
  direct('the closest node comes last', CLOSEST, (sound) => ({
    closest: (key, count) => ({
      nodes: [...new Set([sound.self, ...sound.links.values()])].sort((one, other) => (isCloser(one, other, key) ? 1 : -1)).slice(0, count),
      isComplete: false,
    }),
  })),
  direct('the closest nodes are more than were asked for', CLOSEST, (sound) => ({
    closest: () => ({ nodes: [sound.self], isComplete: false }),
  })),
  direct('a node is the closest though it cannot be reached', CLOSEST, () => ({
    closest: (key, count) => ({ nodes: count > 0 ? [key] : [], isComplete: false }),
  })),
  direct('the explanation has another answer', 'explains the answer that it gives', ({ of }) => ({
    explain: (rule) => ({ ...of.explain(rule), action: REJECT }),
  })),
];

const EVENTS: readonly BrokenTable[] = [
  direct('linkDown is forgotten', UP, () => ({ linkDown: () => undefined })),
  direct('linkDown of one link drops the node', TWO_LINKS, ({ of, links }) => ({
    linkDown: (connectionId) => {
      for (const [other, nodeId] of links) if (nodeId === links.get(connectionId)) of.linkDown(other);
    },
  })),
  direct('linkDown of an unknown link drops one that is up', STRAY, ({ of, links }) => ({
    linkDown: (connectionId) => of.linkDown(links.has(connectionId) ? connectionId : ([...links.keys()][0] ?? 0)),
  })),
  direct('a second link to a node is not kept', TWO_LINKS, ({ of, links }) => ({
    linkUp: (connectionId, nodeId) => {
      if (![...links.values()].includes(nodeId)) of.linkUp(connectionId, nodeId);
    },
  })),
  direct('a second linkUp of a connection is a new link', STRAY, ({ of }) => ({
    linkUp: (connectionId, nodeId) => {
      of.linkDown(connectionId);
      of.linkUp(connectionId, nodeId);
    },
  })),
  direct('services are added up instead of replaced', 'takes each list of services in place of the one before', ({ of }) => {
    const all = new Map<number, readonly number[]>();
    return {
      linkServices: (connectionId, services) => {
        all.set(connectionId, [...(all.get(connectionId) ?? []), ...services]);
        of.linkServices(connectionId, all.get(connectionId) ?? []);
      },
    };
  }),
  direct('services outlive their link', UP, ({ of }) => {
    const stale = new Map<number, RouteAction>();
    return {
      pathToService: (id, meta, except) => {
        const now = stale.get(id) ?? of.pathToService(id, meta, except);
        if (now.type === 'next') stale.set(id, now);
        return now;
      },
    };
  }),
  direct('a link that went leaves its services to the next one', 'forgets a link that went as if it had not been', ({ of, links }) => ({
    linkDown: (connectionId) => {
      of.linkDown(connectionId);
      const heir = otherThan(links, connectionId);
      if (heir !== undefined) of.linkServices(heir[0], [64, 65, 66, 255]);
    },
  })),
  direct('a metric of an unknown connection throws', STRAY, ({ of, links }) => ({
    linkMetric: (connectionId, metric) => {
      if (!links.has(connectionId)) throw new Error('unknown connection');
      of.linkMetric(connectionId, metric);
    },
  })),
  direct('a false metric counts as the best', 'ignores false metrics', ({ of }) => ({
    linkMetric: (connectionId, metric) => {
      const isFalse = metric.rttMs !== undefined && !Number.isFinite(metric.rttMs);
      of.linkMetric(connectionId, isFalse ? { rttMs: 0, lossRatio: undefined, bandwidth: undefined } : metric);
    },
  })),
  direct('a sync takes effect though the table has no kind', SYNC, ({ of }) => ({
    applySync: (connectionId) => of.linkServices(connectionId, [64]),
  })),
  direct('a sync throws', SYNC, () => ({
    applySync: () => {
      throw new Error('not understood');
    },
  })),
  direct('unregisterService is forgotten', REGISTERED, () => ({ unregisterService: () => undefined })),
  direct('registerService is forgotten', REGISTERED, () => ({ registerService: () => undefined })),
];

const REACH: readonly BrokenTable[] = [
  direct('this node is not local', 'returns local for this node and for its own key', (sound) => ({
    pathToNode: (nodeId, except) => (nodeId === sound.self ? REJECT : sound.of.pathToNode(nodeId, except)),
  })),
  direct('only the first link is a neighbour', NEIGHBOURS, ({ of, links }) => ({
    pathToNode: (nodeId, except) => {
      const action = of.pathToNode(nodeId, except);
      return action.type === 'next' && action.connectionId !== [...links.keys()][0] ? REJECT : action;
    },
  })),
  direct('unknown nodes go to a neighbour', 'reaches its neighbours only', ({ of, links }) => ({
    pathToNode: (nodeId, except) => {
      const action = of.pathToNode(nodeId, except);
      const other = otherThan(links, except);
      return action.type !== 'reject' || other === undefined ? action : next(...other);
    },
  })),
  direct('keys compare by character code', KEY, (sound) => ({
    pathToKey: (key, except) => {
      const far = (id: string) => [...id].map((digit, at) => String.fromCharCode(digit.charCodeAt(0) ^ key.charCodeAt(at))).join('');
      const others = [...sound.links].filter(([connectionId]) => connectionId !== except).map(([, nodeId]) => nodeId);
      const best = others.reduce((closest, nodeId) => (far(nodeId) < far(closest) ? nodeId : closest), sound.self);
      return sound.of.pathToNode(best, except);
    },
  })),
  direct('a key never stays here', KEY, (sound) => ({
    pathToKey: (key, except) => {
      const action = sound.of.pathToKey(key, except);
      const other = otherThan(sound.links, except);
      return key === sound.self || action.type !== 'local' || other === undefined ? action : next(...other);
    },
  })),
  direct('a service gives up where the best provider is except', SERVICE, ({ of }) => ({
    pathToService: (id, meta, except) => {
      const best = of.pathToService(id, meta);
      return best.type === 'next' && best.connectionId === except ? REJECT : best;
    },
  })),
  direct('copies go to every neighbour', SERVICE, ({ of, links }) => ({
    pathsToServices: (id, scope, except) => {
      const connectionByNode = new Map(
        [...links].filter(([connectionId]) => connectionId !== except).map(([connectionId, nodeId]) => [nodeId, connectionId]),
      );
      return {
        local: of.pathsToServices(id, scope).local,
        next: [...connectionByNode].map(([nodeId, connectionId]) => ({ connectionId, nodeId })),
      };
    },
  })),
  direct('scopes are forgotten', SCOPE, ({ of }) => ({
    pathsToServices: (id, _scope, except) => of.pathsToServices(id, 0, except),
  })),
  direct('a scope is always its own', SCOPE, ({ of }) => ({
    pathsToServices: (id, scope, except) => of.pathsToServices(id, scope, except),
  })),
  greedy('a step need not come closer', STEP, (sound) => ({
    pathToNode: (nodeId, except) => {
      const action = sound.of.pathToNode(nodeId, except);
      const other = otherThan(sound.links, except);
      return action.type !== 'reject' || other === undefined ? action : next(...other);
    },
  })),
  greedy('a step goes to any neighbour that is closer', STEP, (sound) => ({
    pathToNode: (nodeId, except) => {
      const action = sound.of.pathToNode(nodeId, except);
      const closer = [...sound.links].find(([connectionId, id]) => connectionId !== except && isCloser(id, sound.self, nodeId));
      return action.type !== 'next' || action.nodeId === nodeId || closer === undefined ? action : next(...closer);
    },
  })),
  {
    mistake: 'no step is taken at all',
    reach: 'greedy',
    foundBy: 'reaches a node of a mesh when, and only when, every step comes closer',
    factory: () => new DirectRouter(),
  },
  direct('only one provider gets a copy', SERVICE, ({ of }) => ({
    pathsToServices: (id, scope, except) => {
      const { local, next: hops } = of.pathsToServices(id, scope, except);
      return { local, next: hops.slice(0, 1) };
    },
  })),
  { mistake: 'all is local', reach: 'neighbours', foundBy: NEIGHBOURS, factory: () => new ForceLocalRouter() },
  { mistake: 'there is a way', reach: 'none', foundBy: 'reaches no other node', factory: () => new DirectRouter() },
  {
    mistake: 'unknown nodes are rejected',
    reach: 'all',
    foundBy: 'reaches everything while its link is up',
    factory: () => new DirectRouter(),
  },
  {
    mistake: 'the one way stays when its link is down',
    reach: 'all',
    foundBy: 'reaches nothing over its link once it is down',
    factory: () => patched(new ForceNodeRouter(7, parseNodeId('ab'.repeat(32))), () => ({ linkDown: () => undefined })),
  },
];

export const BROKEN_TABLES: readonly BrokenTable[] = [...ANSWERS, ...EVENTS, ...REACH];
