/**
 * @module Tables: what a switch shows of itself, as snapshots.
 */
import type { NodeId } from '../core/index.js';
import type { HashnameState } from './states.js';

/** Another hashname, as a hosted one knows it. */
export interface HashnameEntry {
  readonly hashname: NodeId;
  readonly space: string;
  readonly state: HashnameState;
  /** Where it may be dialled; hints. */
  readonly addresses: readonly string[];
  /** Its public key, once it was asked for. */
  readonly key: Uint8Array | undefined;
  /** The id of its connection, while there is one. */
  readonly line: number | undefined;
  /** Streams of this level that are open; none without a line. */
  readonly streams: number;
}

/** The tables of one hosted hashname; 4,096 hashnames at most. */
export interface HostedTables {
  readonly hashnames: readonly HashnameEntry[];
  readonly lines: readonly { readonly line: number; readonly hashname: NodeId }[];
  /** Hashnames whose keys are asked for now. */
  readonly ops: readonly NodeId[];
  /** Keys whose closest hashnames are sought now. */
  readonly sees: readonly NodeId[];
}

/** A space as the switch has it. */
export interface SpaceEntry {
  readonly name: string;
  readonly isOpen: boolean;
  readonly operators: readonly string[];
  readonly hosted: readonly NodeId[];
  /** By distance, of each hosted hashname that has the flag `spacer`: how many contacts share how many first bits with it. */
  readonly index: readonly { readonly hosted: NodeId; readonly contacts: readonly number[] }[];
}
