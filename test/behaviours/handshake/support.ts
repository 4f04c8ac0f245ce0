/**
 * @module What the handshake's tests share: real nodes that reach each other in memory, a peer that says what the test wants instead of
 * shaking hands, and promises of a node's events.
 */
import { HandshakeBehavior } from '../../../behaviours/index.js';
import {
  type Address,
  type Connection,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  createNode,
  type ListenerSink,
  type MeshNode,
  NetworkBehavior,
  type NodeEventName,
  type NodeEvents,
  type NodeOptions,
  type Transport,
} from '../../../index.js';
import { MemoryNetwork, MemoryTransport } from '../../../transports/memory/index.js';

/** Nodes of one test. */
export class World {
  private readonly network = new MemoryNetwork();
  private readonly nodes: MeshNode[] = [];

  /** A running node that listens at `mem://name`, and shakes hands unless the options say otherwise. */
  async node(name: string, options: NodeOptions = {}): Promise<MeshNode> {
    const node = await this.stillNode({ listen: [`mem://${name}`], transports: [this.transport()], ...options });
    await node.start();
    return node;
  }

  /** A node that was not started. */
  async stillNode(options: NodeOptions): Promise<MeshNode> {
    const node = await createNode({ builtins: ['handshake'], logger: 'silent', ...options });
    this.nodes.push(node);
    return node;
  }

  transport(): MemoryTransport {
    return new MemoryTransport(this.network);
  }

  async end(): Promise<void> {
    await Promise.all(this.nodes.splice(0).map((node) => node.stop()));
  }
}

/** A transport whose listener on the host `late` is not heard of before `listenLate`. */
export function lateTransport(transport: Transport): { readonly transport: Transport; readonly listenLate: () => void } {
  let tell = () => {};
  const listen = (address: Address, sink: ListenerSink) => {
    const onListening = (addresses: readonly Address[]) => {
      if (address.host === 'late') tell = () => sink.onListening(addresses);
      else sink.onListening(addresses);
    };
    return transport.listen(address, {
      onListening,
      onAccepted: (link) => sink.onAccepted(link),
      onFailed: (cause) => sink.onFailed(cause),
    });
  };
  return {
    transport: { schemes: transport.schemes, dial: (address, sink) => transport.dial(address, sink), listen },
    listenLate: () => tell(),
  };
}

/** The next event of that name. */
export function next<Name extends NodeEventName>(node: MeshNode, name: Name): Promise<NodeEvents[Name]> {
  return new Promise((resolve) => {
    const forget = node.on(name, (event) => {
      forget();
      resolve(event);
    });
  });
}

/** Every event of that name from now on. */
export function all<Name extends NodeEventName>(node: MeshNode, name: Name): NodeEvents[Name][] {
  const events: NodeEvents[Name][] = [];
  node.on(name, (event) => events.push(event));
  return events;
}

export function handshakeOf(node: MeshNode): HandshakeBehavior {
  return node.behavior(HandshakeBehavior);
}

/** How two nodes' one connection is named at `node`. */
export function onlyConnection(node: MeshNode): Connection {
  const [connection, ...others] = node.connections();
  if (connection === undefined || others.length > 0) throw new Error(`${node.connections().length} connections`);
  return connection;
}

/** What the peer does: once when the connection is proven, and with every message. */
export type Part = (say: (value: unknown) => void, heard: unknown, agent: ConnectionAgent) => void;

/** Stands where the handshake would: admits every connection at once, and says what its part says. */
export class Peer extends NetworkBehavior {
  static readonly behavior = { serviceId: 1, name: 'handshake', gate: true } as const;
  /** Decoded messages, in order. */
  readonly heard: unknown[] = [];

  constructor(private readonly part: Part = () => {}) {
    super();
  }

  override onIncomingConnectionConnected(agent: { admit(id: number): void }, { id }: Connection): PeerHandler {
    agent.admit(id);
    return new PeerHandler(this.part, this.heard);
  }

  override onOutgoingConnectionConnected(agent: { admit(id: number): void }, connection: Connection): PeerHandler {
    return this.onIncomingConnectionConnected(agent, connection);
  }
}

class PeerHandler extends ConnectionHandler {
  constructor(
    private readonly part: Part,
    private readonly heard: unknown[],
  ) {
    super();
  }

  override onOpened(agent: ConnectionAgent): void {
    this.part((value) => agent.reply(value, { lane: 'control' }), undefined, agent);
  }

  override onEvent(agent: ConnectionAgent, event: ConnectionEvent): void {
    if (event.type !== 'message') return;
    const value = event.value();
    this.heard.push(value);
    this.part((answer) => agent.reply(answer, { lane: 'control' }), value, agent);
  }
}
