/** @module Tests of the pair: two nodes and the wire between them. */
import { expect } from 'chai';
import { NetworkBehavior, NetworkError, toConnection } from '../../core/index.js';
import { nobleCrypto } from '../../core/security/crypto-noble.js';
import { orderedIdentities, Pair, recordingBehavior } from '../../testing/index.js';

const both = () => [recordingBehavior({ handlers: true })];

class Echo extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'echo' } as const;
  readonly heard: unknown[] = [];
  say(connectionId: number, text: string): string {
    return this.perform((agent) => agent.send(toConnection(connectionId), text));
  }
  override onMessage(_agent: unknown, message: { value(): unknown }): void {
    this.heard.push(message.value());
  }
}

describe('Pair', () => {
  it('connects two nodes: one connection each, the same session, no time passed', () => {
    const pair = new Pair({ both }).connect();
    expect(pair.connection('alice').nodeId).to.equal(pair.bob.id);
    expect(pair.connection('bob').nodeId).to.equal(pair.alice.id);
    expect(pair.connection('alice').channelBinding).to.deep.equal(pair.connection('bob').channelBinding);
    expect(pair.nowMs).to.equal(0);
    expect(pair.isQuiet).to.equal(true);
  });

  it('works with real cryptography', () => {
    expect(new Pair({ crypto: nobleCrypto }).connect().connection('bob').nodeId).to.match(/^[0-9a-f]{64}$/);
  });

  it('runs built-in behaviours where they are named', () => {
    const pair = new Pair({ builtins: ['handshake'] }).connect();
    expect(pair.alice.network.behaviors.services).to.deep.equal([1]);
    expect(pair.connection('bob').nodeId).to.equal(pair.alice.id);
  });

  it('gives the same bytes every time', () => {
    const bytesOf = () => {
      const pair = new Pair().dial();
      const seen: string[] = [];
      do seen.push(pair.wire.take('bob').join(), pair.wire.take('alice').join());
      while (pair.step() && seen.length < 20);
      return seen;
    };
    expect(bytesOf()).to.deep.equal(bytesOf());
    expect(bytesOf()[0]).to.match(/^77,87,1,1,/);
  });

  it('hands one chunk over at a step, then jumps to the next deadline', () => {
    const pair = new Pair().dial();
    expect(pair.step()).to.equal(true);
    expect([pair.nowMs, pair.wire.inFlight('alice').length > 0]).to.deep.equal([0, true]);
    pair.drive();
    expect(pair.step()).to.equal(true);
    expect(pair.nowMs).to.equal(1_000);
  });

  it('lets time pass from deadline to deadline: an idle link stays up by pings', () => {
    const pair = new Pair({ limits: { idleMs: 3_600_000 } }).connect().advance(60_000);
    expect(pair.nowMs).to.equal(60_000);
    expect(pair.connection('alice').nodeId).to.equal(pair.bob.id);
  });

  it('delivers messages of behaviours', () => {
    const pair = new Pair({ alice: { behaviors: [Echo] }, bob: { behaviors: [Echo] } }).connect();
    expect(pair.alice.behavior(Echo).say(pair.connection('alice').id, 'hello')).to.equal('queued');
    pair.drive();
    expect(pair.bob.behavior(Echo).heard).to.deep.equal(['hello']);
  });

  it('loses what the test drops: the handshake never ends', () => {
    const pair = new Pair().dial();
    expect(pair.wire.drop('bob')).to.be.greaterThan(32);
    pair.advance(10_000);
    expect(pair.bob.emitted('connected')).to.deep.equal([]);
    expect(pair.alice.emitted('dial-failed')[0]?.error.code).to.equal('DIAL_TIMEOUT');
  });

  it('a flipped byte of any record closes the link, and nobody is told its content', () => {
    const pair = new Pair({ alice: { behaviors: [Echo] }, bob: { behaviors: [Echo] } }).connect();
    pair.alice.behavior(Echo).say(pair.connection('alice').id, 'hello');
    pair.wire.flip('bob', 20);
    pair.drive();
    expect(pair.bob.emitted('disconnected')[0]?.reason.code).to.equal('record-failed');
    expect(pair.bob.behavior(Echo).heard).to.deep.equal([]);
    expect(() => pair.wire.flip('bob', 1_000_000)).to.throw('bytes are on the wire');
  });

  it('cuts after any byte: within 15 s both sides know, at every place of the handshake', () => {
    for (let byteCount = 0; byteCount < 300; byteCount += 7) {
      const pair = new Pair().dial();
      pair.wire.cutAfter('bob', byteCount);
      pair.advance(26_000);
      expect(pair.alice.network.links.size, `alice, ${byteCount} bytes`).to.equal(0);
      expect(pair.bob.network.links.size, `bob, ${byteCount} bytes`).to.equal(0);
    }
  });

  it('injects bytes: noise behind a good record closes the link', () => {
    const pair = new Pair().connect();
    pair.wire.inject('bob', new Uint8Array(100));
    pair.drive();
    expect(pair.bob.emitted('disconnected')[0]?.reason.code).to.equal('record-failed');
  });

  it('ends a channel in good order or as a failure', () => {
    for (const [cause, code] of [
      [undefined, 'truncated'],
      [new NetworkError('TRANSPORT_FAILED', 'reset'), 'transport'],
    ] as const) {
      const pair = new Pair().connect();
      pair.wire.end(cause);
      for (const side of ['alice', 'bob'] as const) expect(pair[side].emitted('disconnected')[0]?.reason.code).to.equal(code);
    }
  });

  it('proves a livelock: driveBounded throws when the wire does not get quiet', () => {
    const forever = () => [
      recordingBehavior({
        reactions: {
          onOutgoingConnectionConnected: (agent, { id }) => void agent.send(toConnection(id), 1),
          onMessage: (agent, { connectionId }) => void agent.send(toConnection(connectionId), 1),
        },
      }),
    ];
    const pair = new Pair({ both: forever }).dial();
    expect(() => pair.driveBounded(50)).to.throw('not quiet after 50 chunks');
    expect(() => new Pair({ both }).dial().driveBounded(50)).to.not.throw();
  });

  it('row 15: both dial at once: one connection, the same one, whoever is smaller', () => {
    const [smaller, larger] = orderedIdentities(2);
    for (const [alice, bob] of [
      [smaller, larger],
      [larger, smaller],
    ]) {
      const pair = new Pair({ both, alice: { identity: alice as never }, bob: { identity: bob as never } });
      pair.dial('alice').dial('bob').advance(5_000);
      expect(pair.connection('alice').channelBinding).to.deep.equal(pair.connection('bob').channelBinding);
    }
  });

  it('says what is wrong when there is not one connection, or no wire', () => {
    expect(() => new Pair().connection('alice')).to.throw('alice has no open connections');
    expect(() => new Pair().wire).to.throw('no channel was made');
  });
});
