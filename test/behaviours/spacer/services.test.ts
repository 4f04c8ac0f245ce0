/**
 * @module Routes to a service beyond the router's reach, over the provider records of a space: calls and messages find a provider, what is found is kept
 * for a while, and where there is none the sender gets to know.
 */
import { expect } from 'chai';
import { SpacerBehavior } from '../../../behaviours/spacer/index.js';
import { type BehaviorEntry, type Lost, type Message, NetworkBehavior, type NetworkError, Rpc, toService } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { Space, spacerOf } from './support.js';

const COUNT = 50;
const PROVIDERS = [3, 20, 37];
const SPACER = [SpacerBehavior, { meshLevel: 10 }] as const;

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter' } as const;
  readonly got: number[] = [];

  @Rpc() greet(request: { readonly name: string }): { readonly text: string } {
    return { text: `hello ${request.name}` };
  }

  override onMessage(_agent: unknown, message: Message): void {
    this.got.push(message.value<number>() ?? -1);
  }
}

class Late extends NetworkBehavior {
  static readonly behavior = { serviceId: 71, name: 'late' } as const;

  @Rpc() ask(): string {
    return 'late';
  }
}

describe('routes to a service, by provider records (ATM-48)', function () {
  this.timeout(300_000);
  const random = new SeededRandom(12);
  let space: Space;
  let nodes: readonly SimulatedNode[];

  before(async () => {
    space = new Space();
    for (let index = 0; index < COUNT; index++) {
      const behaviors = [[...SPACER], ...(PROVIDERS.includes(index) ? [Greeter] : [])] as BehaviorEntry[];
      const seeds = index === 0 ? [] : [`n${random.below(index)}`];
      await space.node(`n${index}`, seeds, undefined, { behaviors, limits: { awaitedMessagesMax: 8 } });
    }
    await space.net.run(20_000);
    nodes = space.nodes;
  });
  after(() => space.net.stop());
  const at = (index: number) => nodes[index] as SimulatedNode;
  const idOf = (index: number) => at(index).id;
  const questionsOf = (index: number) => spacerOf(at(index)).counters.questionsSent;
  const greet = (index: number) =>
    at(index)
      .client(Greeter, toService())
      .greet({ name: `${index}` });
  const failureOf = (promise: Promise<unknown>): Promise<NetworkError | undefined> =>
    promise.then(
      () => undefined,
      (error: NetworkError) => error,
    );
  /** It is no provider, and has no link to one. */
  const farNode = () => {
    const providers = PROVIDERS.map(idOf);
    return nodes.findIndex(
      ({ id }, index) =>
        ![
          id,
          ...at(index)
            .connections()
            .map(({ nodeId }) => nodeId),
        ].some((one) => providers.includes(one)),
    );
  };

  it('a call reaches a provider from everywhere, also the first one, and takes turns', async () => {
    for (let index = 0; index < COUNT; index++) expect(await greet(index)).to.deep.equal({ text: `hello ${index}` });
    const far = farNode();
    const chosen = Array.from({ length: 6 }, () => at(far).router.providerOf(64, 0));
    expect(new Set(chosen).size).to.equal(3);
    expect(at(far).router.providersOf(64, 0, 9)).to.have.members(PROVIDERS.map(idOf));
    expect(at(far).explain(toService(64)).reason).to.contain('was found to provide it');
  });

  it('what was found is used without asking for half a minute; the first use after that looks it up again, and does not wait', async () => {
    const far = farNode();
    await space.net.run(61_000);
    await greet(far);
    const calling = async (count: number) => {
      const [before, startMs] = [questionsOf(far), space.net.nowMs];
      for (let at = 0; at < count; at++) await greet(far);
      return { asked: questionsOf(far) - before, tookMs: (space.net.nowMs - startMs) / count };
    };
    const known = await calling(20);
    expect(known.asked).to.equal(0);
    await space.net.run(31_000);
    const late = await calling(1);
    expect(late.asked).to.be.above(0);
    expect(late.tookMs).to.be.at.most(1.5 * known.tookMs);
    await space.net.run(1_000);
    expect((await calling(20)).asked).to.equal(0);
  });

  it('a message that is sent before its provider is known waits, in order, and arrives', async () => {
    const far = farNode();
    await space.net.run(61_000);
    const got = () => PROVIDERS.flatMap((index) => at(index).behavior(Greeter).got);
    for (let count = 0; count < 8; count++) expect(at(far).send(toService(64), 64, count, { streamId: 9 })).to.equal('queued');
    expect(
      at(far)
        .queues()
        .find(({ name }) => name === 'awaited')?.messages,
    ).to.equal(8);
    expect(at(far).send(toService(64), 64, 8, { streamId: 9 }), 'one more than there is room for').to.equal('unreachable');
    await space.net.run(3_000);
    expect(got()).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(
      at(far)
        .queues()
        .find(({ name }) => name === 'awaited')?.messages,
    ).to.equal(0);
  });

  it('where nobody provides it, a call fails as unreachable, a message is lost, and nobody is asked again for a while', async () => {
    const lost: Lost[] = [];
    at(5).on('lost', (event) => lost.push(event));
    expect(at(5).send(toService(70), 70, 1)).to.equal('queued');
    const failure = await failureOf(at(5).call(toService(70), 70, 'ask', undefined));
    expect(failure?.code).to.equal('RPC_UNREACHABLE');
    expect(lost.filter(({ serviceId }) => serviceId === 70).map(({ cause }) => cause)).to.deep.equal(['unreachable']);
    const before = questionsOf(5);
    expect(at(5).send(toService(70), 70, 1)).to.equal('unreachable');
    expect(questionsOf(5)).to.equal(before);
  });

  it('who waits for the route gets it once somebody offers the service', async () => {
    const waiting = at(8).client(Late, toService()).ask(undefined, { waitForRoute: true, timeoutMs: 120_000 });
    await space.net.run(1_000);
    await at(45).addBehavior(Late);
    expect(await waiting).to.equal('late');
  });

  it('when one provider of three has crashed, calls go to the others once its neighbours have noticed, after 75 s at most', async () => {
    space.net.crash(at(PROVIDERS[1] as number));
    await space.net.run(76_000);
    const callers = [10, 15, 25, 30, 40, 45, 49];
    for (const index of callers) expect(await greet(index)).to.deep.equal({ text: `hello ${index}` });
  });
});
