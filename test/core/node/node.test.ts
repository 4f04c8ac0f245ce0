/** @module Tests of MeshNode: its states, what it refuses when, and that whatever is given to it cannot break it (USERS 4 and 5, rows 71-74). */
import { expect } from 'chai';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import {
  type BehaviorAgent,
  createNode,
  type DialSink,
  type Identity,
  type LinkSink,
  type Logger,
  type MeshNode,
  type Message,
  NetworkBehavior,
  NetworkError,
  type NodeOptions,
  parseAddress,
  Rpc,
  type Transport,
  type TransportLink,
  toConnection,
  token,
  toLocal,
} from '../../../index.js';
import { DirectRouter } from '../../../routing/index.js';
import { orderedIdentities, until, VirtualTime } from '../../../testing/index.js';
import { MemoryNetwork, MemoryTransport } from '../../../transports/memory/index.js';
import { turn } from '../../../transports/simulated/index.js';

/** Who decides about duplicates follows from the order. */
const IDENTITIES = orderedIdentities(2, nodeCrypto);

let nodes: MeshNode[] = [];

async function make(options: NodeOptions = {}): Promise<MeshNode> {
  const node = await createNode({ logger: 'silent', builtins: [], transports: [], ...options });
  nodes.push(node);
  return node;
}

async function started(options: NodeOptions = {}): Promise<MeshNode> {
  const node = await make(options);
  await node.start();
  return node;
}

async function codeOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return 'fine';
  } catch (error) {
    return error instanceof NetworkError ? error.code : error;
  }
}

class Plain extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'plain' } as const;
  readonly heard: unknown[] = [];
  work: (agent: BehaviorAgent) => unknown = () => {};
  override onMessage(_agent: BehaviorAgent, message: Message): void {
    this.heard.push(message.value());
  }
  override onBehaviorEvent(agent: BehaviorAgent): void {
    return this.work(agent) as undefined;
  }
  do<T>(work: (agent: BehaviorAgent) => T): T {
    return this.perform(work);
  }
}

class Other extends NetworkBehavior {
  static readonly behavior = { serviceId: 65, name: 'other' } as const;
}

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  nodes = [];
});

describe('the states of a node', () => {
  it('start may be called once, and not after stop', async () => {
    const node = await started();
    expect(await codeOf(() => node.start())).to.equal('ALREADY_STARTED');
    const stopped = await make();
    await stopped.stop();
    expect(await codeOf(() => stopped.start())).to.equal('ALREADY_STARTED');
  });

  it('stop may be called always and ends once', async () => {
    const node = await make({ behaviors: [Plain] });
    expect(node.stop()).to.equal(node.stop());
    await node.stop();
    const running = await started();
    expect(running.stop()).to.equal(running.stop());
  });

  it('a stop during the start ends both: start rejects with NOT_STARTED', async () => {
    const node = await make({ transports: [new MemoryTransport(new MemoryNetwork())], listen: ['mem://here'] });
    const starting = codeOf(() => node.start());
    await node.stop();
    expect(await starting).to.equal('NOT_STARTED');
  });

  it('a stop from onStarted ends both, too, and nothing listens', async () => {
    const network = new MemoryNetwork();
    const box: { node?: MeshNode } = {};
    class Quitter extends NetworkBehavior {
      static readonly behavior = { serviceId: 66, name: 'quitter' } as const;
      override onStarted(): void {
        void box.node?.stop();
      }
    }
    const node = await make({ behaviors: [Quitter], transports: [new MemoryTransport(network)], listen: ['mem://here'] });
    box.node = node;
    expect(await codeOf(() => node.start())).to.equal('NOT_STARTED');
    expect([node.addresses, network.listenerAt(parseAddress('mem://here'))]).to.deep.equal([[], undefined]);
  });

  it('a listener that cannot be opened rejects the start, is told, and leaves a stopped node', async () => {
    const network = new MemoryNetwork();
    await started({ transports: [new MemoryTransport(network)], listen: ['mem://taken'] });
    const node = await make({ transports: [new MemoryTransport(network)], listen: ['mem://free', 'mem://taken'], behaviors: [Plain] });
    const failed: string[] = [];
    node.on('listen-failed', ({ address }) => failed.push(address.text));
    expect(await codeOf(() => node.start())).to.equal('ADDRESS_IN_USE');
    expect([failed, network.listenerAt(parseAddress('mem://free'))]).to.deep.equal([['mem://taken'], undefined]);
    expect(await codeOf(() => node.connect('mem://taken'))).to.equal('NOT_STARTED');
  });

  it('before the start and after the stop, what needs a running node says NOT_STARTED', async () => {
    const fresh = await make();
    const over = await started({ behaviors: [Plain] });
    await over.stop();
    for (const node of [fresh, over]) {
      expect(await codeOf(() => node.connect('mem://x'))).to.equal('NOT_STARTED');
      expect(await codeOf(() => node.call(toLocal(), 64, 'x', 1))).to.equal('NOT_STARTED');
    }
    for (const work of [() => over.useRouter(DirectRouter), () => over.addBehavior(Other), () => over.removeBehavior(Plain)])
      expect(await codeOf(work)).to.equal('NOT_STARTED');
    expect(await codeOf(() => [over.disconnect(1), over.connections(), over.metrics(), over.queues(), over.limits()])).to.equal('fine');
  });

  it('is stopped by the end of its scope', async () => {
    const node = await make();
    {
      await using scoped = node;
      await scoped.start();
    }
    expect(await codeOf(() => node.connect('mem://x'))).to.equal('NOT_STARTED');
  });

  it('a crash leaves behaviours that say NOT_STARTED', async () => {
    const node = await started({ behaviors: [Plain] });
    const plain = node.behavior(Plain);
    node.kill();
    expect(await codeOf(() => plain.do(() => 'done'))).to.equal('NOT_STARTED');
  });
});

describe('behaviours of a running node', () => {
  it('come and go: added ones start, removed ones stop, a replacement takes the place', async () => {
    const node = await started({ behaviors: [Plain] });
    const stopped: string[] = [];
    node.on('behavior-stopped', ({ name }) => stopped.push(name));
    const other = node.addBehavior(Other);
    expect(node.behavior(Other)).to.equal(other);
    node.removeBehavior(Other);
    expect([stopped, await codeOf(() => node.behavior(Other))]).to.deep.equal([['other'], 'BEHAVIOR_MISSING']);
    const again = node.addBehavior(Other);
    expect(again).to.not.equal(other);
    node.removeBehavior(again);
    expect(await codeOf(() => node.removeBehavior(Other))).to.equal('BEHAVIOR_MISSING');
  });

  it('one whose service is taken is refused, and nothing has changed', async () => {
    const node = await started({ behaviors: [Plain] });
    class Rival extends NetworkBehavior {
      static readonly behavior = { serviceId: 64, name: 'rival' } as const;
    }
    expect(await codeOf(() => node.addBehavior(Rival))).to.equal('BEHAVIOR_DUPLICATE');
    node.behavior(Plain).do((agent) => agent.registerService(65));
    expect(await codeOf(() => node.addBehavior(Other))).to.equal('BEHAVIOR_DUPLICATE');
    expect(await codeOf(() => node.behavior(Other))).to.equal('BEHAVIOR_MISSING');
    node.behavior(Plain).do((agent) => agent.unregisterService(65));
    expect(node.addBehavior(Other)).to.equal(node.behavior(Other));
  });

  it('one whose name is taken is refused, until that one is removed', async () => {
    const node = await started({ behaviors: [Plain] });
    class Namesake extends NetworkBehavior {
      static readonly behavior = { serviceId: 66, name: Plain.behavior.name } as const;
    }
    expect(await codeOf(() => node.addBehavior(Namesake))).to.equal('BEHAVIOR_DUPLICATE');
    node.removeBehavior(Plain);
    expect(node.addBehavior(Namesake)).to.equal(node.behavior(Namesake));
    expect(await codeOf(() => node.addBehavior(Plain))).to.equal('BEHAVIOR_DUPLICATE');
  });

  it('one whose ports cannot be read is refused, before the start and after it', async () => {
    class Broken extends NetworkBehavior {
      static readonly behavior = { serviceId: 66, name: 'broken' } as const;
      override get ports(): never {
        throw new Error('bug');
      }
    }
    expect(await codeOf(() => make({ behaviors: [Broken] }))).to.equal('BEHAVIOR_FAILED');
    const node = await started();
    expect(await codeOf(() => node.addBehavior(Broken))).to.equal('BEHAVIOR_FAILED');
    expect(await codeOf(() => node.behavior(Broken))).to.equal('BEHAVIOR_MISSING');
  });

  it('a router that is none, or was used before, is refused, and the old one stays', async () => {
    const node = await started({ behaviors: [Plain] });
    const used = new DirectRouter();
    await started({ router: used });
    for (const wrong of [used, {}, null])
      expect(await codeOf(() => node.useRouter(wrong as never)), String(wrong)).to.equal('ARGUMENT_INVALID');
    expect(node.explain(toLocal()).action.type).to.equal('local');
  });

  it('reasons and deadlines that make no sense are refused', async () => {
    const node = await started();
    for (const work of [() => node.disconnect(1, 7 as never), () => node.disconnectNode(node.id, {} as never)])
      expect(await codeOf(work)).to.equal('ARGUMENT_INVALID');
    for (const timeoutMs of [0, -1, Number.NaN, '1000' as never])
      expect(await codeOf(() => node.connect('mem://x', { timeoutMs }))).to.equal('ARGUMENT_INVALID');
    expect(await codeOf(() => node.connect('nowhere'))).to.equal('ADDRESS_INVALID');
  });
});

describe('row 71: a promise that never settles', () => {
  it("or is rejected, of a provider's dispose, holds nothing up and is logged", async () => {
    const lines: unknown[] = [];
    const logger = {
      trace: () => {},
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (fields: object) => lines.push(fields),
      child: () => logger,
    };
    const bug = new Error('bug');
    const endings = [
      () => Promise.reject(bug),
      () => new Promise(() => {}),
      () => {
        throw bug;
      },
    ];
    const provide = endings.map((dispose, index) => ({ token: token(`resource ${index}`), useFactory: () => ({ dispose }) }));
    class User extends NetworkBehavior {
      static readonly behavior = { serviceId: 66, name: 'user' } as const;
      static readonly inject = provide.map((provider) => provider.token);
    }
    const node = await started({ behaviors: [User], provide, logger: logger as never });
    await node.stop();
    await turn();
    expect(lines).to.deep.equal([{ err: bug }, { err: bug }]);
  });

  it('in any hook does not hold the stop', async () => {
    class Waiting extends NetworkBehavior {
      static readonly behavior = { serviceId: 66, name: 'waiting' } as const;
      override onStarted = () => new Promise(() => {}) as never;
      override onTick = () => new Promise(() => {}) as never;
      override onStopped = () => new Promise(() => {}) as never;
      @Rpc() forever(): Promise<never> {
        return new Promise(() => {});
      }
    }
    const node = await started({ behaviors: [Waiting], builtins: ['rpc'], tickMs: 10 });
    const call = codeOf(() => node.client(Waiting, toLocal()).forever());
    await node.stop();
    expect(await call).to.be.a('string');
  });
});

describe('row 72: a callback that holds the event loop', () => {
  it('is named in one log line, with its behaviour and how long it took; a quick one is not', async () => {
    const time = new VirtualTime();
    const lines: unknown[] = [];
    const write = (fields: object, message: string) => void lines.push([fields, message]);
    const logger: Logger = { trace: () => {}, debug: () => {}, info: () => {}, warn: write, error: write, child: () => logger };
    const node = await make({ behaviors: [Plain], clock: time.clock, timers: time.timers, logger, provide: [] });
    await node.start();
    const plain = node.behavior(Plain);
    for (const heldMs of [1_000, 1_001]) {
      plain.work = () => time.advance(heldMs);
      plain.do((agent) => agent.sendToBehavior(64, 'go'));
    }
    expect(lines).to.deep.equal([
      [{ heldMs: 1_001, input: 'work', behavior: 'plain', callback: 'onBehaviorEvent' }, 'event loop was held up'],
    ]);
    let isStopped = false;
    void node.stop().then(() => {
      isStopped = true;
    });
    for (; !isStopped; await turn()) time.advance(100);
  });
});

describe('limits of one node', () => {
  it('hold for its values: what is too deep is refused when it is sent, and not decoded when it comes', async () => {
    const node = await started({ behaviors: [Plain], limits: { valueDepthMax: 2, valueItemsMax: 16 } });
    const plain = node.behavior(Plain);
    const send = (value: unknown) => codeOf(() => plain.do((agent) => agent.send(toLocal(), value)));
    expect([await send([[1]]), await send([[[1]]]), await send(new Array(17).fill(1))]).to.deep.equal([
      'fine',
      'CODEC_UNENCODABLE',
      'CODEC_UNENCODABLE',
    ]);
    plain.do((agent) => agent.send(toLocal(), Uint8Array.of(0x81, 0x81, 0x81, 0x01)));
    expect(plain.heard).to.deep.equal([[[1]], undefined]);
    expect(node.metrics()['payloads_undecodable_total']).to.equal(1);
  });

  it('hold for its metrics', async () => {
    const node = await started({ limits: { metricSeriesMax: 16 } });
    expect(Object.keys(node.metrics())).to.have.length(16);
    expect(node.metrics()['metrics_refused_total']).to.be.greaterThan(0);
  });
});

describe('a transport that does not keep to its contract', () => {
  /** Hands bytes over as soon as they are written, and says so at once. */
  class Hasty implements Transport {
    readonly schemes = ['mem'];
    static readonly links: (TransportLink & { sink: LinkSink | undefined })[] = [];
    constructor(private readonly peer: () => ((link: TransportLink) => LinkSink | undefined) | undefined) {}
    onAccepted: ((link: TransportLink) => LinkSink | undefined) | undefined;
    listen(
      address: ReturnType<typeof parseAddress>,
      sink: { onListening(addresses: readonly (typeof address)[]): void; onAccepted(link: TransportLink): LinkSink | undefined },
    ) {
      this.onAccepted = (link) => sink.onAccepted(link);
      setImmediate(() => sink.onListening([address]));
      return { close: () => {} };
    }
    dial(address: ReturnType<typeof parseAddress>, sink: DialSink) {
      setImmediate(() => {
        const ends: { sink: LinkSink | undefined }[] = [{ sink: undefined }, { sink: undefined }];
        const link = (own: number, other: number): TransportLink => ({
          remoteAddress: address,
          localAddress: undefined,
          write: (chunks) => {
            for (const chunk of chunks) ends[other]?.sink?.onBytes(chunk);
            ends[own]?.sink?.onWritten(chunks.reduce((sum, { length }) => sum + length, 0));
          },
          end: () => setImmediate(() => [ends[own]?.sink?.onClosed(), ends[other]?.sink?.onClosed()]),
          destroy: () => setImmediate(() => ends[own]?.sink?.onClosed()),
        });
        (ends[1] as { sink: LinkSink | undefined }).sink = this.peer()?.(link(1, 0));
        (ends[0] as { sink: LinkSink | undefined }).sink = sink.onConnected(link(0, 1));
      });
      return { cancel: () => {} };
    }
  }

  it('and speaks during a write does not change the order of records', async () => {
    const receiving: Hasty = new Hasty(() => undefined);
    const sending = new Hasty(() => receiving.onAccepted);
    const bob = await started({ transports: [receiving], listen: ['mem://bob'], behaviors: [Plain] });
    const alice = await started({ transports: [sending], behaviors: [Plain] });
    const { id } = await alice.connect('mem://bob');
    for (let index = 0; index < 200; index++) alice.behavior(Plain).do((agent) => agent.send(toConnection(id), [index, 'x'.repeat(5_000)]));
    await until(() => bob.behavior(Plain).heard.length === 200);
    expect(bob.behavior(Plain).heard.map((value) => (value as [number])[0])).to.deep.equal(
      Array.from({ length: 200 }, (_, index) => index),
    );
  });

  it('and throws fails that dial or that link, and nothing else', async () => {
    const bug = new Error('bug');
    const fail = () => {
      throw bug;
    };
    const broken: Transport = { schemes: ['tcp'], listen: fail, dial: fail };
    for (const [own, other] of [IDENTITIES, [...IDENTITIES].reverse()] as [Identity, Identity][]) {
      const network = new MemoryNetwork();
      await started({ identity: other, transports: [new MemoryTransport(network)], listen: ['mem://good'] });
      const node = await started({ identity: own, transports: [broken, new MemoryTransport(network)] });
      const error = (await node.connect('tcp://127.0.0.1:1').catch((thrown) => thrown)) as NetworkError;
      expect([error.code, error.cause]).to.deep.equal(['TRANSPORT_FAILED', bug]);
      const { id } = await node.connect('mem://good');
      const link = node['runner']['channels'].links.get(id) as unknown as { write: () => void };
      link.write = fail;
      const closed = new Promise((resolve) => node.on('disconnected', ({ reason }) => resolve(reason.code)));
      node.addBehavior(Plain);
      expect(await closed).to.equal('transport');
      expect((await node.connect('mem://good')).id).to.be.greaterThan(id);
    }
    const listening = await make({ transports: [broken], listen: ['tcp://127.0.0.1:0'] });
    const failed = (await listening.start().catch((thrown) => thrown)) as NetworkError;
    expect([failed.code, failed.cause]).to.deep.equal(['TRANSPORT_FAILED', bug]);
  });
});
