/**
 * @module Router tables that exchange syncs and have one mistake each, with the check of `routerTableSuite` that has to find it.
 */
import type { NodeId } from '../../core/node-id.js';
import { LOCAL, type RouterTable } from '../../core/router-table.js';
import { DirectRouter } from '../../routing/direct-router.js';
import { type BrokenTable, patched, type Sound } from './patched.js';
import { PathListTable } from './path-list-table.js';

const MESH = 'reaches every node of a connected mesh, and none beyond it';
const LEFT = 'forgets a node that left, within bounded rounds';
const ZONED = 'reaches every node of a mesh whose zones are connected within themselves';

type Mistake = (sound: Sound<PathListTable>) => { [name in keyof RouterTable]?: RouterTable[name] };

const mesh = (mistake: string, foundBy: string, patch: Mistake): BrokenTable => ({
  mistake,
  reach: 'mesh',
  foundBy,
  factory: () => patched(new PathListTable(), patch),
});

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (sync: Uint8Array) => new TextDecoder().decode(sync);

export const BROKEN_MESH_TABLES: readonly BrokenTable[] = [
  { mistake: 'it learns nothing', reach: 'zoned', foundBy: ZONED, factory: () => new DirectRouter() },
  { mistake: 'it learns nothing', reach: 'mesh', foundBy: MESH, factory: () => new DirectRouter() },
  mesh('it takes paths that lead through itself', LEFT, (sound) => ({
    createSync: () => sound.of.createSync('' as NodeId),
    applySync: (connectionId, metric, sync) => {
      if (sync.length > 50_000) return; // paths grow without end here
      const hidden = decode(sync).replaceAll(sound.self, `x${sound.self.slice(1)}`);
      sound.of.applySync(connectionId, metric, encode(hidden));
    },
  })),
  mesh('it adds syncs up instead of replacing', LEFT, ({ of }) => ({
    applySync: (connectionId, metric, sync) => {
      const before = of.pathsOver(connectionId);
      of.applySync(connectionId, metric, sync);
      of.addPaths(connectionId, before);
    },
  })),
  mesh('it keeps what a link taught after it is down', 'names only open links while the mesh changes', () => ({
    linkDown: () => undefined,
  })),
  mesh('it stops telling after a while', 'knows the way again after a node restarted', ({ of }) => {
    let told = 0;
    return { createSync: (nodeId) => (++told > 12 ? undefined : of.createSync(nodeId)) };
  }),
  mesh('it learns nodes but not their services', 'reaches a service when, and only when, a node of the mesh offers it', ({ of }) => ({
    applySync: (connectionId, metric, sync) =>
      of.applySync(connectionId, metric, encode(decode(sync).replaceAll(/,\[[\d,]*\]\]/g, ',[]]'))),
  })),
  mesh('it sends keys to neighbours only', 'sends a key to the closest node of the mesh', (sound) => ({
    pathToKey: (key, except) => {
      const action = sound.of.pathToKey(key, except);
      const isStraight =
        action.type === 'next' &&
        [...sound.links.values()].some((nodeId) => sound.of.pathToKey(nodeId).type === 'next' && nodeId === action.nodeId);
      return isStraight && key === sound.self ? LOCAL : isStraight && action.nodeId > key ? LOCAL : action;
    },
  })),
  mesh('it takes a sync with a byte behind its end', 'ignores malformed syncs', ({ of }) => ({
    applySync: (connectionId, metric, sync) => of.applySync(connectionId, metric, sync.at(-1) === 0 ? encode('[]') : sync),
  })),
  mesh('it draws by lot', 'gives equal answers in equal meshes', ({ of }) => ({
    pathToKey: (key, except) => (Math.random() < 0.5 ? LOCAL : of.pathToKey(key, except)),
  })),
];
