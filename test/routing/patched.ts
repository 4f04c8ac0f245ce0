/**
 * @module Sound router tables with a mistake put in: some methods are replaced, and may use the sound ones.
 */
import type { NodeId } from '../../core/address/node-id.js';
import type { RouteAction, RouterTable } from '../../core/api/router-table.js';
import type { RouterReach } from '../../testing/conformance/router-table-suite.js';

export interface BrokenTable {
  readonly mistake: string;
  readonly reach: RouterReach;
  /** The check that has to find it. */
  readonly foundBy: string;
  readonly factory: () => RouterTable;
}

/** What a mistake may use: the table's sound methods, its own id, and the open links. */
export interface Sound<Table> {
  readonly of: Table;
  readonly self: NodeId;
  readonly links: ReadonlyMap<number, NodeId>;
}

type Methods = { [name in keyof RouterTable]?: RouterTable[name] };

/** The table with the methods of `mistake` in place of its own. */
export function patched<Table extends RouterTable>(table: Table, mistake: (sound: Sound<Table>) => Methods): Table {
  const prototype: Table = Object.getPrototypeOf(table);
  const links = new Map<number, NodeId>();
  const of = new Proxy(table, {
    get: (_target, name) => {
      const member: unknown = Reflect.get(name in prototype ? prototype : table, name, table);
      return typeof member === 'function' ? member.bind(table) : member;
    },
  });
  const own = mistake({
    of,
    links,
    get self() {
      return table['self'] as NodeId;
    },
  });
  Object.defineProperties(table, Object.getOwnPropertyDescriptors(own));
  return Object.assign(table, {
    linkUp: (connectionId: number, nodeId: NodeId) => {
      (own.linkUp ?? of.linkUp)(connectionId, nodeId);
      if (!links.has(connectionId)) links.set(connectionId, nodeId);
    },
    linkDown: (connectionId: number) => {
      (own.linkDown ?? of.linkDown)(connectionId);
      links.delete(connectionId);
    },
  });
}

export function next(connectionId: number, nodeId: NodeId): RouteAction {
  return { type: 'next', connectionId, nodeId };
}
