/** @module What the tests of the facade share: a facade over a table, with two links, and the faults that it reports. Holds no test. */

import type { RouterTable } from '../../../core/api/router-table.js';
import { RouterFacade } from '../../../core/engine/router-facade.js';
import { A, B, SELF } from '../../routing/ids.js';

export type Fault = readonly [callback: string, cause: unknown];

export function facadeOver(table: RouterTable): { facade: RouterFacade; faults: Fault[] } {
  const faults: Fault[] = [];
  const facade = new RouterFacade(table, (callback, cause) => faults.push([callback, cause]));
  facade.attach(SELF);
  facade.linkUp(1, A);
  facade.linkUp(2, B);
  return { facade, faults };
}
