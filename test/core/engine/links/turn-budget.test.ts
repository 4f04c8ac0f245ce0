/** @module What is read of links in one turn of the event loop, and what waits for the next ones. */
import { expect } from 'chai';
import type { Effect } from '../../../../core/engine/context.js';
import { joinBytes } from '../../../../core/structures/bytes.js';
import { BareNode, recordingBehavior, SecuredPeer } from '../../../../testing/index.js';

/** A node, and peers whose bytes reach it when the test wants that, without the turns that `BareNode` makes. */
function world(limits = {}, onMessage: () => void = () => {}) {
  const behavior = recordingBehavior({ reactions: { onMessage } });
  const bob = new BareNode('bob', { behaviors: [behavior], limits });
  bob.start();
  const visit = (name: string) => {
    const unsent: Uint8Array[] = [];
    let isHeldUp = false;
    const peer = bob.accept((link) => {
      const write = (chunks: readonly Uint8Array[]) => void (isHeldUp ? unsent.push(...chunks) : link.write(chunks));
      return new SecuredPeer({ ...link, write }, { name });
    });
    peer.begin();
    isHeldUp = true;
    const connectionId = bob.network.links.openTo(peer.identity.nodeId)?.id as number;
    const arrive = (bytes = joinBytes(unsent.splice(0))) => bob.network.step({ type: 'bytes', connectionId, bytes }, bob.time.nowMs);
    return { peer, connectionId, arrive, unsent };
  };
  /** The channels that are to be paused or resumed. */
  const flush = () =>
    bob.network
      .flush(bob.time.nowMs)
      .filter(isPause)
      .map(({ type }) => type);
  const turn = () => {
    if (bob.network.nextTurn()) bob.network.step({ type: 'turn' }, bob.time.nowMs);
  };
  const bytes = () => behavior.messages.map(({ payload }) => payload[0] as number);
  return { bob, behavior, visit, flush, turn, bytes };
}

const isPause = ({ type }: Effect) => type === 'pause' || type === 'resume';
const times = (count: number, work: (index: number) => void) => Array.from({ length: count }, (_, index) => work(index));
const one = (byte: number) => ({ payload: Uint8Array.of(byte) });

describe('A turn of the event loop', () => {
  it('row 105: reads 4,096 messages of a link, pauses its channel, and resumes it with the rest', () => {
    const { behavior, visit, flush, turn } = world();
    const { peer, arrive } = visit('mallory');
    times(4_097, () => peer.sendMessage(one(1)));
    arrive();
    expect([behavior.messages.length, flush()]).to.deep.equal([4_096, ['pause']]);
    turn();
    expect([behavior.messages.length, flush()]).to.deep.equal([4_097, ['resume']]);
  });

  it('row 105: leaves the channel alone with 4,095 messages, in each of two turns', () => {
    const { behavior, visit, flush, turn } = world();
    const { peer, arrive } = visit('mallory');
    for (const count of [4_095, 8_190]) {
      times(4_095, () => peer.sendMessage(one(1)));
      arrive();
      turn();
      expect([behavior.messages.length, flush()]).to.deep.equal([count, []]);
    }
  });

  it('row 105: reads 256 KiB of a link, also of a chunk that is larger', () => {
    const { bob, behavior, visit, flush, turn } = world();
    const { peer, arrive } = visit('mallory');
    const received = () => bob.network.metrics.bytesReceived.value;
    const before = received();
    times(40, (index) => peer.sendMessage({ payload: new Uint8Array(16_384 - 40).fill(index) }));
    arrive();
    expect([behavior.messages.length, received() - before > 40 * 16_300, flush()]).to.deep.equal([16, true, ['pause']]);
    turn();
    expect(behavior.messages.length).to.equal(32);
    turn();
    expect([behavior.messages.length, flush()]).to.deep.equal([40, ['resume']]);
  });

  it('row 105: takes 262,143 bytes without a pause, and pauses behind the next one', () => {
    const { visit, flush } = world();
    const { peer, arrive, unsent } = visit('mallory');
    times(17, () => peer.sendMessage({ payload: new Uint8Array(16_384) }));
    const bytes = joinBytes(unsent);
    arrive(bytes.subarray(0, 262_143));
    expect(flush()).to.deep.equal([]);
    arrive(bytes.subarray(262_143, 262_144));
    expect(flush()).to.deep.equal(['pause']);
  });

  it('row 105: works 4 ms for one link, which waits behind those that have waited longer', () => {
    const { bob, visit, flush, turn, bytes } = world({}, () => bob.time.advance(1));
    const [ann, ben] = [visit('ann'), visit('ben')];
    times(50, () => ann.peer.sendMessage(one(1)));
    ben.peer.sendMessage(one(2));
    ann.arrive();
    expect([bytes().length, flush()]).to.deep.equal([6, ['pause']]);
    ben.arrive();
    expect([bytes().at(-1), flush()]).to.deep.equal([2, []]);
    const counts = [bytes().length];
    while (counts.length < 9 && bytes().length < 51) {
      turn();
      counts.push(bytes().length);
    }
    expect(counts.slice(1).map((count, index) => count - (counts[index] as number))).to.satisfy((grown: number[]) =>
      grown.every((count) => count >= 4 && count <= 9),
    );
    turn();
    expect([counts.at(-1), flush()]).to.deep.equal([51, ['resume']]);
  });

  it('row 105: works 20 ms for all links; the others come first in the next turn', () => {
    const { bob, visit, flush, turn, bytes } = world({}, () => bob.time.advance(3));
    const links = Array.from({ length: 8 }, (_, index) => visit(`peer ${index}`));
    for (const [index, { peer, arrive }] of links.entries()) {
      peer.sendMessage(one(index));
      arrive();
    }
    expect([bytes(), flush()]).to.deep.equal([
      [0, 1, 2, 3, 4, 5, 6],
      ['pause', 'pause'],
    ]);
    turn();
    expect([bytes(), flush()]).to.deep.equal([
      [0, 1, 2, 3, 4, 5, 6, 7],
      ['resume', 'resume'],
    ]);
  });

  it('row 105: lets an end of the channel take effect behind what came before it', () => {
    const { bob, behavior, visit, turn } = world({ turnMessagesMax: 16 });
    const { peer, arrive, connectionId } = visit('mallory');
    times(40, () => peer.sendMessage(one(1)));
    arrive();
    bob.network.step({ type: 'closed', connectionId, cause: undefined }, bob.time.nowMs);
    turn();
    expect([behavior.messages.length, bob.network.links.size]).to.deep.equal([32, 1]);
    turn();
    expect([behavior.messages.length, bob.network.links.size, bob.emitted('disconnected').map(({ reason }) => reason.code)]).to.deep.equal([
      40,
      0,
      ['truncated'],
    ]);
  });

  it('row 105: keeps 4 MiB of a channel that cannot be paused, and closes the link with more', () => {
    for (const [count, codes] of [
      [272, []],
      [273, ['read-queue-full']],
    ] as const) {
      const { bob, behavior, visit, turn } = world();
      const { peer, arrive } = visit('mallory');
      times(count, () => peer.sendMessage({ payload: new Uint8Array(16_384 - 40) }));
      arrive();
      const codesOf = () => bob.emitted('disconnected').map(({ reason }) => reason.code);
      expect(codesOf()).to.deep.equal(codes);
      times(20, turn);
      expect([codesOf(), behavior.messages.length]).to.deep.equal([codes, codes.length > 0 ? 16 : count]);
    }
  });

  it('row 105: leaves nothing of a link that is closed while it has more to read', () => {
    const { bob, behavior, visit, turn } = world({ turnMessagesMax: 16 });
    const { peer, arrive } = visit('mallory');
    times(40, () => peer.sendMessage(one(1)));
    arrive();
    bob.network.links.closeByNode(peer.identity.nodeId, 'enough');
    turn();
    bob.settle();
    expect([behavior.messages.length, bob.network.nextTurn(), bob.network.links.size]).to.deep.equal([16, false, 0]);
  });

  it('row 105: keeps every message in order, however small the shares and the chunks', () => {
    const { behavior, visit, turn } = world({ turnMessagesMax: 16, turnBytesMax: 4_096 });
    const { peer, arrive, unsent } = visit('mallory');
    const sizes = Array.from({ length: 300 }, (_, index) => 1 + ((index * 7_919) % 9_000));
    for (const size of sizes) peer.sendMessage({ payload: new Uint8Array(size).fill(size) });
    const bytes = joinBytes(unsent);
    for (let start = 0, size = 1; start < bytes.length; start += size, size = 1 + ((size * 31) % 20_011)) {
      arrive(bytes.subarray(start, start + size));
      turn();
    }
    times(400, turn);
    expect(behavior.messages.map(({ payload }) => payload.length)).to.deep.equal(sizes);
    expect(behavior.messages.every(({ payload }) => payload.every((byte) => byte === payload.length % 256))).to.equal(true);
  });

  it('names the bounds among the limits', () => {
    const { limits } = world().bob.network;
    const { turnMessagesMax, turnBytesMax, turnWorkMs, readQueueBytesMax } = limits;
    expect([turnMessagesMax, turnBytesMax, turnWorkMs, readQueueBytesMax]).to.deep.equal([4_096, 262_144, 20, 4_194_304]);
  });
});
