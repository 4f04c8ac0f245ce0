/** @module What the tests of router-sync share: a table that says what the test wants, and a peer that speaks the behaviour's messages. */
import { RouterSyncBehavior } from '../../../behaviours/router-sync/index.js';
import { decodeMessage, encodeHello, encodeSync } from '../../../behaviours/router-sync/messages.js';
import type { LinkMetric, NodeId, NodeOptions, RouterTable } from '../../../core/index.js';
import { encodePong } from '../../../core/wire/link-control.js';
import { ForceLocalRouter } from '../../../routing/index.js';
import { BareNode, SecuredPeer } from '../../../testing/index.js';

export const SERVICE = 3;
/** For a table that has no kind. */
export const NO_KIND = 'none';

/** What a table was handed. */
export interface Taken {
  readonly connectionId: number;
  readonly metric: LinkMetric;
  readonly sync: readonly number[];
}

/** Understands nothing of syncs: it writes down what it gets, and tells what the test has put in. */
export class ScriptedTable extends ForceLocalRouter {
  override readonly kind: string | undefined;
  readonly taken: Taken[] = [];
  readonly asked: ('sync' | 'news')[] = [];
  syncs: Uint8Array[] = [];
  news: Uint8Array[] = [];

  constructor(kind = 'scripted') {
    super();
    this.kind = kind === NO_KIND ? undefined : kind;
  }

  override get isFilled(): boolean {
    return this.taken.length > 0;
  }

  override createSync(_forNode: NodeId): Uint8Array | undefined {
    this.asked.push('sync');
    return this.syncs.shift();
  }

  override createNews(_forNode: NodeId): Uint8Array | undefined {
    this.asked.push('news');
    return this.news.shift();
  }

  override applySync(connectionId: number, { rttMs, lossRatio, bandwidth }: LinkMetric, sync: Uint8Array): void {
    this.taken.push({ connectionId, metric: { rttMs, lossRatio, bandwidth }, sync: [...sync] });
  }
}

/** A node with the behaviour and the table, started. */
export function syncNode(table: RouterTable = new ScriptedTable(), options: NodeOptions = {}): BareNode {
  const node = new BareNode('node', { behaviors: [RouterSyncBehavior], router: table, ...options });
  node.start();
  return node;
}

/** A neighbour that dialled the node, and says and hears what the behaviour does. */
export class SyncPeer {
  readonly peer: SecuredPeer;
  private heardCount = 0;

  constructor(
    readonly node: BareNode,
    name = 'peer',
    /** Whether it answers pings. */
    isPolite = true,
  ) {
    this.peer = node.accept((link) => new SecuredPeer(link, { name, services: [SERVICE], isPolite })).begin();
    if (!isPolite) this.peer.sendReady();
  }

  hello(kind = 'scripted', isAnswerWanted = false): this {
    return this.say(encodeHello({ kind, isAnswerWanted }));
  }

  sync(...bytes: readonly number[]): this {
    return this.say(encodeSync(Uint8Array.from(bytes)));
  }

  say(message: Uint8Array): this {
    this.peer.sendMessage({ fromServiceId: SERVICE, serviceId: SERVICE, payload: message });
    return this;
  }

  /** Answers every ping so far. */
  pong(): this {
    for (const said of this.peer.control)
      if (typeof said === 'object' && said.type === 'ping') this.peer.sendControl(encodePong(said.value));
    return this;
  }

  /** Every message of the behaviour so far. */
  get messages(): readonly Uint8Array[] {
    return this.peer.messages.filter(({ serviceId }) => serviceId === SERVICE).map(({ payload }) => payload);
  }

  /** What was heard since the last time, in short. */
  heard(): string[] {
    const messages = this.messages.slice(this.heardCount);
    this.heardCount = this.messages.length;
    return messages.map((message) => {
      const heard = decodeMessage(message);
      if (heard === undefined) return 'malformed';
      if (heard.type === 'hello') return `hello ${heard.kind}${heard.isAnswerWanted ? '?' : ''}`;
      return `sync ${heard.bytes.length > 8 ? `of ${heard.bytes.length}` : [...heard.bytes].join()}`;
    });
  }
}
