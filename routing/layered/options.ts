/**
 * @module The options of `LayeredRouter` and their check.
 */
import { fallback, mapped, options, optionsReader, whole } from '../../core/schema/index.js';
import { PATH_VECTOR_FIELDS, type PathVectorOptions, withBounds } from '../path-vector/rib/options.js';
import { ZONE_BYTES_MAX } from '../path-vector/zones/zones.js';

/** The options of `LayeredRouter`: those of `PathVectorRouter`, and the zones. All may be left out. */
export interface LayeredOptions extends PathVectorOptions {
  /**
   * How many bytes of an id are zones, 1 to 3; 1 by default. Every zone of every length up to that has to be connected within itself. All
   * nodes of a network need the same number: tables with another one are not understood.
   */
  readonly zoneBytes?: number;
}

/** Throws `OPTION_INVALID`, naming the option. */
export const readLayeredOptions = optionsReader(
  'LayeredRouter',
  mapped(options({ ...PATH_VECTOR_FIELDS, zoneBytes: fallback(whole(1, ZONE_BYTES_MAX), 1) }), ({ zoneBytes, ...read }) => ({
    zoneBytes,
    settings: withBounds(read),
  })),
);
