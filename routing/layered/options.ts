/**
 * @module The options of `LayeredRouter` and their check.
 */
import { checkNumber, type PathVectorOptions, type PathVectorSettings, resolvePathVectorOptions } from '../path-vector/rib/options.js';
import { ZONE_BYTES_MAX } from '../path-vector/zones/zones.js';

/** The options of `LayeredRouter`: those of `PathVectorRouter`, and the zones. All may be left out. */
export interface LayeredOptions extends PathVectorOptions {
  /**
   * How many bytes of an id are zones, 1 to 3; 1 by default. Every zone of every length up to that has to be connected within itself. All
   * nodes of a network need the same number: tables with another one are not understood.
   */
  readonly zoneBytes?: number;
}

/** Throws `OPTION_INVALID`, naming the field. */
export function resolveLayeredOptions(options: LayeredOptions): { readonly zoneBytes: number; readonly settings: PathVectorSettings } {
  const isObject = typeof options === 'object' && options !== null;
  const { zoneBytes = 1, ...others } = isObject ? options : {};
  const settings = resolvePathVectorOptions(isObject ? others : options, 'LayeredRouter');
  checkNumber('LayeredRouter', 'zoneBytes', zoneBytes, 1, ZONE_BYTES_MAX);
  return { zoneBytes, settings };
}
