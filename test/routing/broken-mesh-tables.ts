/**
 * @module Router tables that exchange syncs and have one mistake each, with the check of `routerTableSuite` that has to find it.
 */
import type { NodeId } from '../../core/address/node-id.js';
import { LOCAL, type RouterTable } from '../../core/api/router-table.js';
import { DirectRouter } from '../../routing/direct-router.js';
import { type BrokenTable, patched, type Sound } from './patched.js';
import { PathListTable } from './path-list-table.js';

const MESH = 'reaches every node of a connected mesh, and none beyond it';
const FILLED = 'is filled when all its neighbours have sent a whole sync, and not before';
const LEFT = 'forgets a node that left, within bounded rounds';

type Mistake = (sound: Sound<PathListTable>) => { [name in keyof RouterTable]?: RouterTable[name] };

/** In any mesh and in zones. */
function mesh(mistake: string, foundBy: string, patch: Mistake): BrokenTable[] {
  const factory = () => patched(new PathListTable(), patch);
  return [
    { mistake, reach: 'mesh', foundBy, factory },
    { mistake, reach: 'zoned', foundBy: `zones: ${foundBy}`, factory },
  ];
}

function expensive(mistake: string, patch: Mistake): BrokenTable[] {
  const factory = () => patched(new PathListTable(), patch);
  return [
    { mistake, reach: 'mesh', foundBy: 'takes the cheapest route to every node', factory },
    { mistake, reach: 'zoned', foundBy: 'zones: takes the cheapest route within a zone', factory },
  ];
}

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (sync: Uint8Array) => new TextDecoder().decode(sync);

export const BROKEN_MESH_TABLES: readonly BrokenTable[] = [
  { mistake: 'it learns nothing', reach: 'zoned', foundBy: `zones: ${MESH}`, factory: () => new DirectRouter() },
  { mistake: 'it learns nothing', reach: 'mesh', foundBy: MESH, factory: () => new DirectRouter() },
  ...mesh('it takes paths that lead through itself', LEFT, (sound) => ({
    createSync: () => sound.of.createSync('' as NodeId),
    applySync: (connectionId, metric, sync) => {
      if (sync.length > 50_000) return; // paths grow without end here
      const hidden = decode(sync).replaceAll(sound.self, `x${sound.self.slice(1)}`);
      sound.of.applySync(connectionId, metric, encode(hidden));
    },
  })),
  ...mesh('it ignores withdrawals: syncs add up instead of replacing', LEFT, ({ of }) => ({
    applySync: (connectionId, metric, sync) => {
      const before = of.pathsOver(connectionId);
      of.applySync(connectionId, metric, sync);
      of.addPaths(connectionId, before);
    },
  })),
  ...mesh('it keeps what a link taught after it is down', 'names only open links while the mesh changes', () => ({
    linkDown: () => undefined,
  })),
  ...mesh('it answers its except once it has learned a node', 'names only open links while the mesh changes', ({ of, links }) => ({
    pathToNode: (nodeId, except) => {
      const isNeighbour = [...links.values()].includes(nodeId);
      return of.pathToNode(nodeId, isNeighbour ? except : undefined);
    },
  })),
  ...mesh('it goes round: a learned node is always behind the next link but one', MESH, (sound) => ({
    pathToNode: (nodeId, except) => {
      const action = sound.of.pathToNode(nodeId, except);
      if (action.type !== 'next' || action.nodeId === nodeId) return action;
      const others = [...sound.links].filter(([connectionId]) => connectionId !== except && connectionId !== action.connectionId);
      const [other] = others;
      return other === undefined ? action : { type: 'next', connectionId: other[0], nodeId: other[1] };
    },
  })),
  ...mesh('it stops telling after a while', 'finds the path again after a node restarted', ({ of }) => {
    let told = 0;
    return { createSync: (nodeId) => (++told > 30 ? undefined : of.createSync(nodeId)) };
  }),
  ...mesh('it learns nodes but not their services', 'reaches a service when, and only when, a node of the mesh offers it', ({ of }) => ({
    applySync: (connectionId, metric, sync) =>
      of.applySync(connectionId, metric, encode(decode(sync).replaceAll(/,\[[\d,]*\]\]/g, ',[]]'))),
  })),
  ...mesh('it sends services the longer way', 'reaches a service when, and only when, a node of the mesh offers it', ({ of, links }) => ({
    pathToService: (serviceId, meta, except) => {
      const action = of.pathToService(serviceId, meta, except);
      const others = [...links].filter(([connectionId]) => connectionId !== except);
      const [connectionId, nodeId] = others.at(-1) ?? [];
      if (action.type !== 'next' || connectionId === undefined || nodeId === undefined) return action;
      return { type: 'next', connectionId, nodeId };
    },
  })),
  ...mesh('it copies to one neighbour only', 'brings a broadcast to every provider within its scope, and to no other node', ({ of }) => ({
    pathsToServices: (serviceId, scope, except, source) => {
      const { local, next } = of.pathsToServices(serviceId, scope, except, source);
      return { local, next: next.slice(0, 1) };
    },
  })),
  ...mesh('it takes the relay for the sender', 'brings a broadcast to every provider within its scope, and to no other node', ({ of }) => ({
    pathsToServices: (serviceId, scope, except) => of.pathsToServices(serviceId, scope, except),
  })),
  ...mesh(
    'it takes a sync without any bytes for none',
    'withdraws all that a neighbour has advertised, when that advertises nothing any more',
    ({ of }) => ({
      applySync: (connectionId, metric, sync) => (sync.length === 0 ? undefined : of.applySync(connectionId, metric, sync)),
    }),
  ),
  ...mesh(
    'it forgets the neighbour, too',
    'withdraws all that a neighbour has advertised, when that advertises nothing any more',
    ({ of }) => ({
      applySync: (connectionId, metric, sync) => of.applySync(connectionId, metric, sync.length === 0 ? encode('[]') : sync),
    }),
  ),
  ...mesh('it sends keys to neighbours only', 'sends a key to the closest node of the mesh', (sound) => ({
    pathToKey: (key, except) => {
      const action = sound.of.pathToKey(key, except);
      const isStraight =
        action.type === 'next' &&
        [...sound.links.values()].some((nodeId) => sound.of.pathToKey(nodeId).type === 'next' && nodeId === action.nodeId);
      return isStraight && key === sound.self ? LOCAL : isStraight && action.nodeId > key ? LOCAL : action;
    },
  })),
  ...mesh('it takes a sync with a byte behind its end', 'ignores malformed syncs', ({ of }) => ({
    applySync: (connectionId, metric, sync) => of.applySync(connectionId, metric, sync.at(-1) === 0 ? encode('[]') : sync),
  })).filter(({ reach }) => reach === 'mesh'),
  ...mesh('it is filled from the beginning', FILLED, () => ({ isFilled: true })),
  ...mesh('it is never filled', FILLED, () => ({ isFilled: false })),
  ...mesh('it leaves out the last node', 'has every node of the mesh when its closest nodes are complete', ({ of }) => ({
    closest: (key, count) => ({ nodes: of.closest(key, count).nodes.slice(0, -1), isComplete: true }),
  })),
  ...mesh('it draws by lot', 'gives equal results in equal meshes', ({ of }) => ({
    pathToKey: (key, except) => (Math.random() < 0.5 ? LOCAL : of.pathToKey(key, except)),
  })),
  ...expensive('it takes the first way that it knows, however long', ({ of, links }) => ({
    pathToNode: (nodeId, except) => {
      const action = of.pathToNode(nodeId, except);
      if (action.type !== 'next') return action;
      for (const [connectionId, peer] of [...links].reverse())
        if (connectionId !== except && of.pathsOver(connectionId).some(([id]) => id === nodeId))
          return { type: 'next', connectionId, nodeId: peer };
      return action;
    },
  })),
];
