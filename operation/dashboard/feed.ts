/**
 * @module Feed: the nodes of the mesh for the pages that are open, as lines of JSON. As long as there is a page, one watch follows the nodes;
 * once a second each page gets what has changed. Without a page nothing is asked of any node.
 */
import type { ServerResponse } from 'node:http';
import { type ObservedNode, TelemetryBehavior, type TelemetryEvent, type TelemetryWatch } from '../../behaviours/telemetry/index.js';
import type { MeshNode, NodeId } from '../../core/index.js';
import { nodeTimers } from '../../core/platform/node/ports-node.js';
import { Lines } from './lines.js';

const FLUSH_MS = 1_000;
const PAGES_MAX = 8;
/** A page that does not read gets nothing more, and less than that is kept for it. */
const UNREAD_BYTES_MAX = 4_194_304;
/** Details are wanted of the nodes that were asked for last. */
const DETAILED_MAX = 8;

export class Feed {
  private readonly pages = new Set<ServerResponse>();
  private readonly lines = new Lines();
  private readonly changed = new Set<NodeId>();
  private readonly removed = new Set<number>();
  private detailed: readonly NodeId[] = [];
  private watch: TelemetryWatch | undefined;
  private cancel: (() => void) | undefined;
  private readonly stopListening: () => void;

  constructor(private readonly node: Pick<MeshNode, 'id' | 'behavior' | 'on'>) {
    this.stopListening = node.on('behavior-stopped', ({ name }) => {
      if (name === TelemetryBehavior.behavior.name) this.closePages();
    });
  }

  get pageCount(): number {
    return this.pages.size;
  }

  /** False when there are too many pages. */
  open(response: ServerResponse): boolean {
    if (this.pages.size >= PAGES_MAX) return false;
    if (this.watch === undefined) this.begin();
    this.send();
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    this.pages.add(response);
    response.on('close', () => this.left(response));
    this.write(response, { self: this.lines.numberOf(this.node.id), nodes: this.lines.all, removed: [] });
    return true;
  }

  /** What is known of a node, with details from its next report on; `undefined` for a node that is not followed, or without a page. */
  detailsOf(nodeId: NodeId): ObservedNode | undefined {
    if (!this.detailed.includes(nodeId)) {
      this.detailed = [...this.detailed, nodeId].slice(-DETAILED_MAX);
      this.watch?.setDetailed(this.detailed);
    }
    return this.watch?.node(nodeId);
  }

  /** For good. */
  close(): void {
    this.stopListening();
    this.closePages();
  }

  /** Ends every page's stream. */
  private closePages(): void {
    for (const page of [...this.pages]) page.end();
    this.pages.clear();
    this.end();
  }

  private begin(): void {
    this.detailed = [this.node.id];
    this.watch = this.node.behavior(TelemetryBehavior).watch((event) => this.happened(event), { detailed: this.detailed });
    this.cancel = nodeTimers.after(FLUSH_MS, () => this.flush());
    for (const { id } of this.watch.nodes()) this.happened({ type: 'node-changed', nodeId: id });
  }

  private happened({ type, nodeId }: TelemetryEvent): void {
    if (type === 'node-changed') {
      this.lines.numberOf(nodeId);
      return void this.changed.add(nodeId);
    }
    const number = this.lines.remove(nodeId);
    if (number !== undefined) this.removed.add(number);
    this.changed.delete(nodeId);
  }

  private flush(): void {
    this.cancel = nodeTimers.after(FLUSH_MS, () => this.flush());
    this.send();
  }

  /** What pages do not have yet. */
  private send(): void {
    const nodes = [...this.changed].flatMap((nodeId) => this.watch?.node(nodeId) ?? []);
    const lines = nodes.flatMap((node) => this.lines.next(node) ?? []);
    const line = { nodes: lines, removed: [...this.removed] };
    if (lines.length > 0 || this.removed.size > 0) for (const page of [...this.pages]) this.write(page, line);
    this.changed.clear();
    this.removed.clear();
  }

  /** A page that is too slow is closed: it asks anew, and gets the whole. */
  private write(page: ServerResponse, line: object): void {
    page.write(`${JSON.stringify(line)}\n`);
    if (page.writableLength > UNREAD_BYTES_MAX) page.destroy();
  }

  private left(page: ServerResponse): void {
    this.pages.delete(page);
    if (this.pages.size === 0) this.end();
  }

  private end(): void {
    this.cancel?.();
    this.cancel = undefined;
    const { watch } = this;
    this.watch = undefined;
    for (const known of [this.lines, this.changed, this.removed]) known.clear();
    try {
      watch?.close();
    } catch {
      // The node has stopped: so has the watch.
    }
  }
}
