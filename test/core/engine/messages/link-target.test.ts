/** @module Tests of `target` and `sendTo`: messages over a connection that was made ready once, of two pieces each. */
import { expect } from 'chai';
import { NetworkError, type SendTarget, toConnection } from '../../../../core/index.js';
import { BareNode, recordingBehavior } from '../../../../testing/index.js';
import { act, visitor } from '../../node/life-cycle.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

function setUp() {
  const behaviors = [recordingBehavior({ serviceId: 65 }), recordingBehavior({ serviceId: 66, name: 'other' })];
  const bob = new BareNode('bob', { behaviors, limits: { laneMessagesMax: 16 } });
  bob.start();
  const alice = visitor(bob, 'alice');
  const target = act(bob, 65, (agent) => agent.target(1, { streamId: 7 }));
  const send = (head: Uint8Array, body: Uint8Array, to: SendTarget = target) => act(bob, 65, (agent) => agent.sendTo(to, head, body));
  return { bob, alice, target, send };
}

describe('a connection that was made ready for many messages', () => {
  it('gets two pieces as one message, in order with others, under its stream id', () => {
    const { bob, alice, target, send } = setUp();
    expect([target.connectionId, target.streamId]).to.deep.equal([1, 7]);
    expect(send(bytes(1, 2), bytes(3))).to.equal('queued');
    act(bob, 65, (agent) => agent.send(toConnection(1), bytes(4), { streamId: 9 }));
    expect(send(bytes(), bytes(5))).to.equal('queued');
    const of65 = alice.messages.filter(({ serviceId }) => serviceId === 65);
    expect(of65.map(({ fromServiceId, payload }) => [fromServiceId, ...payload])).to.deep.equal([
      [65, 1, 2, 3],
      [65, 4],
      [65, 5],
    ]);
  });

  it('takes what is as large as a payload may be, and nothing larger', () => {
    const { bob, send } = setUp();
    const { payloadBytesMax } = bob.network.limits;
    const results = [-1, 0].map((more) => send(bytes(1), new Uint8Array(payloadBytesMax + more)));
    expect(results).to.deep.equal(['queued', 'too-large']);
  });

  it('is full at the lane’s bound, in the midst of a callback that is taken back as a whole when it throws', () => {
    const { bob, alice, target } = setUp();
    const results: string[] = [];
    const before = alice.messages.length;
    expect(() =>
      act(bob, 65, (agent) => {
        for (let index = 0; index < 17; index++) results.push(agent.sendTo(target, bytes(1), bytes(index)));
        throw new Error('as ever');
      }),
    ).to.throw('as ever');
    expect(results).to.deep.equal([...new Array(16).fill('queued'), 'full']);
    expect(alice.messages).to.have.lengthOf(before);
  });

  it('is unreachable when it has ended, and when there never was one', () => {
    const { bob, send } = setUp();
    const never = act(bob, 65, (agent) => agent.target(99));
    act(bob, 65, (agent) => agent.closeConnection(1));
    expect([send(bytes(), bytes(1)), send(bytes(), bytes(1), never)]).to.deep.equal(['unreachable', 'unreachable']);
  });

  it('is for the behaviour that asked for it alone', () => {
    const { bob, target } = setUp();
    const send = (to: SendTarget) => () => act(bob, 66, (agent) => agent.sendTo(to, bytes(), bytes(1)));
    for (const wrong of [target, { connectionId: 1, streamId: 7 }])
      expect(() => act(bob, 66, (agent) => codeOf(() => agent.sendTo(wrong, bytes(), bytes(1))))).to.satisfy(
        (run: () => unknown) => run() === 'ARGUMENT_INVALID',
      );
    expect(send(act(bob, 66, (agent) => agent.target(1)))()).to.equal('queued');
  });
});

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof NetworkError ? error.code : error;
  }
}
