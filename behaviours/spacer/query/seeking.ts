/**
 * @module Seeking: answers who is closest to a key, of the neighbours that this node has a live link to: those who are closer than itself first.
 */
import { ByteWriter, type NodeId } from '../../../core/index.js';
import type { Members } from '../members.js';
import { readSeek, writeNodes } from '../messages.js';
import type { NodeTable } from '../table/node-table.js';
import type { Asker, Served } from './serving.js';

export class Seeking {
  private readonly writer = new ByteWriter();

  constructor(
    private readonly table: NodeTable,
    private readonly members: Members,
    private readonly k: number,
  ) {}

  seek(body: Uint8Array, asker: Asker): Served {
    const wanted = readSeek(body);
    if (wanted === undefined) return { code: 'malformed' };
    return { code: 'ok', body: this.nodesFor(this.writer.clear(), wanted.key, asker, wanted.count).copy() };
  }

  /** Writes them, with the addresses that the asking neighbour may use. */
  nodesFor(writer: ByteWriter, key: NodeId, asker: Asker, count = this.k): ByteWriter {
    const mode = this.members.modeOver(asker.nodeId);
    const except = asker.isRelayed ? undefined : asker.nodeId;
    const closest = this.table.closestLinked(key, Math.min(count, this.k), except);
    return writeNodes(
      writer,
      closest.map(({ nodeId }) => ({ nodeId, addresses: this.members.addressesFor(nodeId, mode) })),
    );
  }
}
