/** @module Tests of what waits for a link: order, lanes, bounds, room again, and what is lost with the link (DESIGN section 6, rows 30, 31). */
import { expect } from 'chai';
import { type BehaviorAgent, type ConnectionAgent, type Lane, type SendResult, toConnection, toLocal } from '../../../../core/index.js';
import { BareNode, Pair, recordingBehavior, seededRandom } from '../../../../testing/index.js';
import { act, visitor } from '../../node/life-cycle.js';

/** A node with one connection whose writes the test lets through, and the peer at its other end. */
function dammed(limits = {}, reactions = {}) {
  const behaviors = [64, 65].map((serviceId) =>
    recordingBehavior({ serviceId, handlers: true, reactions: serviceId === 64 ? reactions : {} }),
  );
  const node = new BareNode('bob', { behaviors, limits });
  node.start();
  const peer = visitor(node, 'peer');
  const outbox = node.network.links.get(1)?.outbox as NonNullable<ReturnType<typeof node.network.links.get>>['outbox'];
  const dam = () => {
    outbox.inFlightBytes = 2 ** 40;
  };
  const open = () => {
    outbox.inFlightBytes = 0;
    node.step({ type: 'written', connectionId: 1, byteCount: 1 });
  };
  const send = (byte: number, lane: Lane = 'normal', serviceId = 64): SendResult =>
    act(node, serviceId, (agent) => agent.send(toConnection(1), Uint8Array.of(byte), { lane }));
  const heard = () => peer.messages.map(({ payload }) => payload[0] as number);
  return { node, peer, outbox, dam, open, send, heard, behaviors };
}

describe('messages on a link', () => {
  it('keep their order for each service, however they are sent and broken up', () => {
    const sent = new Map<number, number[]>([64, 65].map((serviceId) => [serviceId, []]));
    const received = new Map<number, number[]>([64, 65].map((serviceId) => [serviceId, []]));
    const note = (_agent: unknown, event: { type: string; message: { serviceId: number; payload: Uint8Array } }) => {
      if (event.type !== 'message') return;
      const { serviceId, payload } = event.message;
      received.get(serviceId)?.push(new DataView(payload.buffer, payload.byteOffset).getUint32(0));
    };
    const pair = new Pair({
      alice: { behaviors: [64, 65].map((serviceId) => recordingBehavior({ serviceId })) },
      bob: {
        behaviors: [64, 65].map((serviceId) => recordingBehavior({ serviceId, handlers: true, reactions: { 'handler.onEvent': note } })),
      },
    }).connect();
    const random = seededRandom('order');
    const route = toConnection(pair.connection('alice').id);
    for (let index = 0; index < 3_000; index++) {
      const serviceId = random.float() < 0.5 ? 64 : 65;
      const payload = new Uint8Array(4 + Math.floor(random.float() ** 4 * 200_000));
      new DataView(payload.buffer).setUint32(0, index);
      expect(act(pair.alice, serviceId, (agent) => agent.send(route, payload))).to.equal('queued');
      sent.get(serviceId)?.push(index);
      if (random.float() < 0.2) pair.drive();
    }
    pair.drive();
    expect(received).to.deep.equal(sent);
  });

  it('go by lane: control before normal before bulk', () => {
    const { dam, open, send, heard } = dammed();
    dam();
    for (const [index, lane] of (['bulk', 'normal', 'control', 'bulk', 'control', 'normal'] as const).entries()) send(index, lane);
    open();
    expect(heard()).to.deep.equal([2, 4, 1, 5, 0, 3]);
  });

  it('do not break into one that has begun: a large bulk message ends before a control message goes', () => {
    const { node, outbox, dam, open, heard, send } = dammed();
    dam();
    act(node, 64, (agent) => agent.send(toConnection(1), new Uint8Array(400_000).fill(7), { lane: 'bulk' }));
    outbox.inFlightBytes = 256 * 1_024 - 1;
    node.step({ type: 'written', connectionId: 1, byteCount: 0 });
    send(8, 'control');
    open();
    open();
    expect(heard()).to.deep.equal([7, 8]);
  });
});

describe('a full lane', () => {
  it('answers full and keeps nothing; the sixteenth message is in, the seventeenth is not', () => {
    for (const lane of ['control', 'normal', 'bulk'] as const) {
      const { dam, open, send, heard } = dammed({ laneMessagesMax: 16 });
      dam();
      const results = Array.from({ length: 20 }, (_, index) => send(index, lane));
      expect(results).to.deep.equal([...new Array(16).fill('queued'), ...new Array(4).fill('full')]);
      open();
      expect(heard()).to.deep.equal(Array.from({ length: 16 }, (_, index) => index));
    }
  });

  it('is full to the byte', () => {
    const { node, dam } = dammed({ laneBytesMax: 65_536, payloadBytesMax: 60_000 });
    dam();
    const send = (size: number) => act(node, 64, (agent) => agent.send(toConnection(1), new Uint8Array(size)));
    // Each frame: the payload, eight bytes of header, three of length (one for a short frame).
    expect([send(60_000 - 11), send(5_536 - 10)]).to.deep.equal(['queued', 'queued']);
    expect(send(1)).to.equal('full');
    const other = dammed({ laneBytesMax: 65_536, payloadBytesMax: 60_000 });
    other.dam();
    const sendOther = (size: number) => act(other.node, 64, (agent) => agent.send(toConnection(1), new Uint8Array(size)));
    expect([sendOther(60_000 - 11), sendOther(5_536 - 9)]).to.deep.equal(['queued', 'full']);
  });

  it('tells the refused services, and only these, once, when there is room again', () => {
    const { node, dam, open, send, behaviors } = dammed({ laneMessagesMax: 16 });
    const writable = () =>
      behaviors.map(
        (behavior) => behavior.of('handler.onEvent').filter(({ args }) => (args[0] as { type: string }).type === 'writable').length,
      );
    dam();
    for (let count = 0; count < 17; count++) send(count);
    expect(writable()).to.deep.equal([0, 0]);
    open();
    node.step({ type: 'time' });
    node.step({ type: 'time' });
    expect(writable()).to.deep.equal([1, 0]);
    expect(behaviors[0]?.of('handler.onEvent').at(-1)?.args).to.deep.equal([{ type: 'writable', lane: 'normal' }]);
  });

  it('tells nobody while it is not below half', () => {
    const { node, outbox, dam, send, behaviors } = dammed({ laneMessagesMax: 1_000, laneBytesMax: 4 * 2 ** 20 });
    const writable = () =>
      behaviors[0]?.of('handler.onEvent').filter(({ args }) => (args[0] as { type: string }).type === 'writable').length;
    dam();
    for (let count = 0; count < 1_001; count++) act(node, 64, (agent) => agent.send(toConnection(1), new Uint8Array(4_000)));
    // Two records of 65,519 bytes at a time.
    const drain = () => {
      outbox.inFlightBytes = 256 * 1_024 - 1;
      node.step({ type: 'written', connectionId: 1, byteCount: 0 });
      node.step({ type: 'time' });
    };
    for (; outbox.queued.normal.messages >= 500; drain()) expect(writable()).to.equal(0);
    expect(writable()).to.equal(1);
    expect(send(1)).to.equal('queued');
  });

  it('calls a behaviour whose own send was refused, once, and none whose handler was', () => {
    const reply = (agent: ConnectionAgent, event: unknown) => event === 'fill' && Array.from({ length: 17 }, () => agent.reply('x'));
    const { node, dam, open, behaviors } = dammed({ laneMessagesMax: 16 }, { 'handler.onBehaviorEvent': reply });
    const writable = () => behaviors.map((behavior) => behavior.of('onWritable').map(({ args }) => args[0]));
    dam();
    act(node, 64, (agent) => agent.sendToHandlers('all', 'fill'));
    open();
    node.step({ type: 'time' });
    expect(writable()).to.deep.equal([[], []]);
    dam();
    for (let count = 0; count < 18; count++) act(node, 65, (agent) => agent.send(toConnection(1), 'x', { lane: 'bulk' }));
    open();
    node.step({ type: 'time' });
    node.step({ type: 'time' });
    const nodeId = node.network.links.openConnections()[0]?.nodeId;
    expect(writable()).to.deep.equal([[], [{ connectionId: 1, nodeId, lane: 'bulk' }]]);
  });

  it('that is gone with its link is reported to nobody', () => {
    const { node, dam, send, behaviors } = dammed({ laneMessagesMax: 16 });
    dam();
    for (let count = 0; count < 17; count++) send(count);
    act(node, 64, (agent) => agent.closeConnection(1));
    node.advance(10_000);
    expect([node.network.links.size, behaviors[0]?.of('onWritable')]).to.deep.equal([0, []]);
  });

  it('is filled again and again by a sender that only listens for room: nothing is lost, nothing doubled', () => {
    let next = 0;
    const pump = (agent: ConnectionAgent) => {
      while (next < 500 && agent.reply(Uint8Array.of(next >> 8, next & 0xff)) === 'queued') next++;
    };
    const reactions = {
      'handler.onBehaviorEvent': pump,
      'handler.onEvent': (agent: ConnectionAgent, event: { type: string }) => event.type === 'writable' && pump(agent),
    };
    const { node, peer, dam, open } = dammed({ laneMessagesMax: 16 }, reactions);
    dam();
    act(node, 64, (agent: BehaviorAgent) => agent.sendToHandlers('all', 'go'));
    for (let rounds = 0; rounds < 100 && next < 500; rounds++) {
      dam();
      open();
      node.step({ type: 'time' });
    }
    open();
    expect(peer.messages.map(({ payload }) => (payload[0] as number) * 256 + (payload[1] as number))).to.deep.equal(
      Array.from({ length: 500 }, (_, index) => index),
    );
  });
});

describe('messages to this node itself', () => {
  it('are bounded in number and bytes, and the room comes back', () => {
    const recording = recordingBehavior();
    const node = new BareNode('bob', {
      behaviors: [recording],
      limits: { localQueueMessagesMax: 16, localQueueBytesMax: 65_536, payloadBytesMax: 60_000 },
    });
    node.start();
    const sendAll = (sizes: readonly number[]) =>
      act(node, 64, (agent) => sizes.map((size) => agent.send(toLocal(), new Uint8Array(size))));
    expect(sendAll(new Array(17).fill(1))).to.deep.equal([...new Array(16).fill('queued'), 'full']);
    expect(recording.messages).to.have.length(16);
    expect(sendAll([60_000, 5_536, 1])).to.deep.equal(['queued', 'queued', 'full']);
    expect(sendAll([60_000, 5_537, 5_536])).to.deep.equal(['queued', 'full', 'queued']);
    expect(recording.messages).to.have.length(20);
  });
});

describe('what waits when the link ends', () => {
  it('is written before a goodbye', () => {
    const { node, peer, send, heard } = dammed();
    node.step({
      type: 'work',
      work: () => {
        const slot = node.network.behaviors.at(64);
        if (slot !== undefined)
          node.network.callbacks.perform(slot, (agent) => [1, 2, 3].map((byte) => agent.send(toConnection(1), Uint8Array.of(byte))));
        node.network.links.closeById(1, 'enough');
      },
    });
    expect([heard(), peer.isClosed, send(4)]).to.deep.equal([[1, 2, 3], true, 'unreachable']);
    expect(node.emitted('dropped')).to.deep.equal([]);
  });

  it('is lost and counted when the channel breaks, the remote leaves, or nothing is taken for a second', () => {
    const endings: readonly ((world: ReturnType<typeof dammed>) => void)[] = [
      ({ peer }) => peer.destroy(),
      ({ peer }) => peer.end(),
      ({ node }) => {
        node.step({ type: 'work', work: () => node.network.links.closeById(1, '') });
        node.advance(999);
        expect(node.emitted('dropped')).to.deep.equal([]);
        node.advance(1);
      },
      ({ node }) =>
        node.step({ type: 'work', work: () => node.network.links.close(node.network.links.get(1) as never, 'protocol-error', '') }),
    ];
    for (const end of endings) {
      const world = dammed();
      world.dam();
      for (let count = 0; count < 5; count++) world.send(count);
      end(world);
      expect(world.node.emitted('dropped')).to.deep.equal([{ cause: 'link-closed', count: 5, connectionId: 1, serviceId: undefined }]);
      expect(world.node.network.metrics.dropped['link-closed'].value).to.equal(5);
    }
  });
});
