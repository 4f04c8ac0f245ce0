/** @module Tests of tracing (USERS 19): spans over hops, what begins one, what it costs when it is off, and what a remote can make of it. */
import * as api from '@opentelemetry/api';
import { expect } from 'chai';
import {
  type BehaviorAgent,
  type MeshNode,
  type Message,
  NetworkBehavior,
  type NetworkError,
  type NodeOptions,
  toNode,
} from '../../index.js';
import { openTelemetryTracing } from '../../operation/index.js';
import { readTraceContext, writeTraceContext } from '../../operation/tracing/trace-context.js';
import { SimulatedNetwork } from '../../simulation.js';
import { RecordedSpans } from './recorded-spans.js';

/** Sends back what it gets once; `quiet` ones do not. */
class Echo extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'echo', rpc: ['double'] } as const;
  readonly received: unknown[] = [];

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const value = message.value<string>() ?? '';
    this.received.push(value);
    if (value.startsWith('answer')) agent.send(toNode(message.source), 'thanks');
  }

  double(value: number): number {
    return 2 * value;
  }
}

const CONTEXT = { traceId: '0123456789abcdef0123456789abcdef', spanId: 'fedcba9876543210', traceFlags: 1 };

describe('tracing with OpenTelemetry', () => {
  let recorded: RecordedSpans;
  let network: SimulatedNetwork;
  beforeEach(() => {
    recorded = new RecordedSpans();
    network = new SimulatedNetwork({ seed: 5, latencyMs: 1 });
  });
  afterEach(async () => {
    await network.stop();
    recorded.end();
  });

  /** A line of so many nodes, each connected to the next. */
  const line = async (count: number, options: NodeOptions) => {
    const nodes: MeshNode[] = [];
    for (let index = 0; index < count; index++) {
      const node = await network.createNode({ behaviors: [Echo], builtins: ['handshake', 'router-sync', 'rpc'], ...options });
      nodes.push(node);
      await node.start();
      if (index > 0) void node.connect(String(nodes[index - 1]?.addresses[0]));
    }
    const [first, last] = [nodes[0] as MeshNode, nodes.at(-1) as MeshNode];
    await network.runUntil(
      () => first.explain(toNode(last.id)).action.type === 'next' && last.explain(toNode(first.id)).action.type === 'next',
      10_000,
    );
    return { nodes, first, last };
  };
  const tracing = (sampleRatio = 0, follow: 'calls' | 'messages' = 'messages') => ({
    tracing: openTelemetryTracing(api, { sampleRatio, follow }),
  });
  const inSpan = (work: () => void) => {
    const span = api.trace.getTracer('application').startSpan('application');
    api.context.with(api.trace.setSpan(api.ROOT_CONTEXT, span), work);
    span.end();
    return span.spanContext();
  };

  it('goes on over three hops, and into what the receiver sends, with the application’s span as the root', async () => {
    const { nodes, first, last } = await line(4, tracing());
    recorded.spans.length = 0;
    const root = inSpan(() => first.send(toNode(last.id), 64, 'answer me'));
    await network.run(1_000);
    expect(last.behavior(Echo).received).to.deep.equal(['answer me']);
    expect(first.behavior(Echo).received).to.deep.equal(['thanks']);
    const own = recorded.spans.filter(({ name }) => name.startsWith('meshwright'));
    expect(new Set(own.map(({ traceId }) => traceId))).to.deep.equal(new Set([root.traceId]));
    expect(own.every(({ isEnded }) => isEnded)).to.equal(true);
    const where = (name: string) =>
      recorded.named(name).map(({ attributes }) => nodes.findIndex(({ id }) => id === attributes['meshwright.node']));
    expect([where('send'), where('forward'), where('receive')]).to.deep.equal([
      [0, 3],
      [1, 2, 2, 1],
      [3, 0],
    ]);
    const [sent, answered] = recorded.named('send');
    const [came, cameBack] = recorded.named('receive');
    expect(sent?.parentId).to.equal(root.spanId);
    expect([
      came?.parentId,
      ...recorded
        .named('forward')
        .slice(0, 2)
        .map(({ parentId }) => parentId),
    ]).to.deep.equal(Array(3).fill(sent?.spanId));
    expect(answered?.parentId).to.equal(came?.spanId);
    expect(cameBack?.parentId).to.equal(answered?.spanId);
    expect(sent?.attributes).to.include({ 'meshwright.route': 'node', 'meshwright.service': 64, 'meshwright.result': 'queued' });
  });

  it('has the result of a send that came to nothing', async () => {
    const { first } = await line(2, tracing());
    inSpan(() => expect(first.send(toNode('f'.repeat(64) as never), 64, 'x')).to.equal('unreachable'));
    expect(recorded.named('send').at(-1)?.attributes).to.include({ 'meshwright.result': 'unreachable' });
  });

  it('ends the span of a send that throws, and checks options as without it', async () => {
    const { first, last } = await line(2, tracing());
    const codeOf = (work: () => unknown) => {
      try {
        return String(work());
      } catch (error) {
        return (error as NetworkError).code;
      }
    };
    inSpan(() => expect(codeOf(() => first.send(toNode(last.id), 64, () => {}))).to.equal('CODEC_UNENCODABLE'));
    expect(recorded.named('send').at(-1)).to.deep.include({ isEnded: true });
    expect(recorded.named('send').at(-1)?.attributes).to.include({ 'meshwright.result': 'failed' });
    const { length } = recorded.named('send');
    for (const options of [null, { lan: 'bulk' }, { ttl: 0 }])
      inSpan(() => expect(codeOf(() => first.send(toNode(last.id), 64, 'x', options as never))).to.equal('ARGUMENT_INVALID'));
    expect(recorded.named('send')).to.have.length(length);
  });

  it('traces calls, whose request and answer belong to the trace', async () => {
    const { first, last } = await line(2, tracing());
    let answer: Promise<unknown> | undefined;
    const root = inSpan(() => {
      answer = first.call(toNode(last.id), 64, 'double', 21);
    });
    await network.run(1_000);
    expect(await answer).to.equal(42);
    const [request] = recorded.named('send');
    expect([request?.parentId, recorded.named('receive')[0]?.parentId]).to.deep.equal([root.spanId, request?.spanId]);
  });

  it('looks at the active span for calls alone, unless it is to follow all messages', async () => {
    const { first, last } = await line(2, tracing(0, 'calls'));
    recorded.calls = 0;
    for (let count = 0; count < 100; count++) first.send(toNode(last.id), 64, 'x');
    expect(recorded.calls).to.equal(0);
    let answer: Promise<unknown> | undefined;
    inSpan(() => {
      first.send(toNode(last.id), 64, 'x');
      answer = first.call(toNode(last.id), 64, 'double', 2);
    });
    await network.run(100);
    expect(await answer).to.equal(4);
    expect(recorded.named('send')[0]?.attributes).to.include({ 'meshwright.service': 6 });
    expect(recorded.named('send').some(({ attributes }) => attributes['meshwright.service'] === 64)).to.equal(false);
  });

  it('begins traces by itself with a share of the messages', async () => {
    const { first, last } = await line(2, tracing(0.1));
    recorded.spans.length = 0;
    for (let count = 0; count < 2_000; count++) first.send(toNode(last.id), 64, 'x');
    expect(recorded.named('send').length).to.be.within(140, 260);
    expect(recorded.named('send').every(({ parentId }) => parentId === undefined)).to.equal(true);
  });

  it('is not asked when it is off: no call into the API on the path of a message', async () => {
    const off = await line(3, {});
    recorded.calls = 0;
    for (let count = 0; count < 1_000; count++) off.first.send(toNode(off.last.id), 64, count === 0 ? 'answer' : 'x');
    await network.run(1_000);
    expect(off.last.behavior(Echo).received.length).to.equal(1_000);
    expect(recorded.calls).to.equal(0);
    const on = await line(2, tracing(0));
    recorded.calls = 0;
    on.first.send(toNode(on.last.id), 64, 'x');
    expect(recorded.calls, 'the counter counts').to.be.above(0);
    expect(recorded.named('send'), 'and nothing was drawn').to.deep.equal([]);
  });

  it('leaves an extension of the application alone, and handles what is no context, or is not recorded', async () => {
    const { first, last } = await line(2, tracing(1));
    recorded.spans.length = 0;
    const own = (name: string) => recorded.named(name).filter(({ attributes }) => attributes['meshwright.service'] === 64);
    const good = writeTraceContext(CONTEXT) as Uint8Array;
    const bad = [
      Uint8Array.of(9),
      good.subarray(1),
      Uint8Array.of(2, ...good.subarray(1)),
      new Uint8Array(26).fill(0),
      Uint8Array.of(...good.subarray(0, 25), 0),
    ];
    for (const extension of bad) first.send(toNode(last.id), 64, 'x', { extension });
    await network.run(100);
    expect([last.behavior(Echo).received.length, own('send').length, own('receive').length]).to.deep.equal([5, 0, 0]);
    first.send(toNode(last.id), 64, 'x', { extension: good });
    await network.run(100);
    expect(own('receive')[0]).to.deep.include({ traceId: CONTEXT.traceId, parentId: CONTEXT.spanId });
  });

  it('records what others have traced at a bounded rate, and handles all of it', async () => {
    const { first, last } = await line(2, { tracing: openTelemetryTracing(api, { sampleRatio: 0, remoteSpansPerSecondMax: 50 }) });
    recorded.spans.length = 0;
    const extension = writeTraceContext(CONTEXT) as Uint8Array;
    for (let count = 0; count < 500; count++) first.send(toNode(last.id), 64, 'x', { extension });
    await network.run(100);
    expect(last.behavior(Echo).received.length).to.equal(500);
    expect(recorded.named('receive').length).to.be.within(50, 60);
  });

  it('reads what it writes, and refuses wrong options', async () => {
    expect(readTraceContext(writeTraceContext(CONTEXT) as Uint8Array)).to.deep.equal({ ...CONTEXT, isRemote: true });
    expect(writeTraceContext({ ...CONTEXT, traceId: 'x' })).to.equal(undefined);
    for (const options of [{ sampleRatio: 1.1 }, { sampleRatio: -0.1 }, { remoteSpansPerSecondMax: 0 }, { ratio: 1 }])
      expect(() => openTelemetryTracing(api, options)).to.throw(/openTelemetryTracing: option/);
    for (const none of [undefined, {}, { ...api, trace: {} }])
      expect(() => openTelemetryTracing(none as never)).to.throw(/openTelemetryTracing: the api: /);
    const error = await network.createNode({ tracing: {} as never }).catch((thrown: NetworkError) => thrown);
    expect((error as NetworkError).code).to.equal('OPTION_INVALID');
  });
});
