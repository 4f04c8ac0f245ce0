/**
 * @module Secure stream: from the first byte to the last record, as a link drives it, with hostile bytes at every point.
 */
import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { NetworkError } from '../../../core/errors.js';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { COUNTER_MAX } from '../../../core/security/cipher-state.js';
import type { SecureStream } from '../../../core/security/secure-stream.js';
import { ALICE, BOB, bytes, fixedPair, hex, joined, outputOf, receive, sealed, securedPair, shakeHands, streamOf } from './support.js';

const KEY = bytes('05'.repeat(32));

describe('secure stream', () => {
  it('secures both ends and carries records both ways', () => {
    const { alice, bob } = securedPair();
    expect([alice.remote?.nodeId, bob.remote?.nodeId]).deep.equal([BOB.identity.nodeId, ALICE.identity.nodeId]);
    expect(hex(alice.remote?.channelBinding)).equal(hex(bob.remote?.channelBinding));
    expect(receive(bob, sealed(alice, bytes('010203'))).map(hex)).deep.equal(['010203']);
    expect(receive(alice, sealed(bob, bytes('0405'))).map(hex)).deep.equal(['0405']);
  });

  it('begins with preamble and message 1, and says nothing until it is asked', () => {
    const [alice, bob] = [streamOf(ALICE, true), streamOf(BOB, false)];
    bob.start();
    expect([outputOf(alice), outputOf(bob)].map((one) => one.length)).deep.equal([0, 0]);
    alice.start();
    const first = outputOf(alice);
    expect(hex(first.slice(0, 6))).equal('4d5701010020');
    expect(first.length).equal(38);
    const privately = streamOf(ALICE, true, { networkKey: KEY });
    privately.start();
    expect(hex(outputOf(privately).slice(0, 6))).equal('4d5701020030');
  });

  it('gives the recorded bytes for fixed keys: public and private space', () => {
    const transcripts = [undefined, KEY].map((networkKey) => {
      const [alice, bob] = fixedPair(networkKey);
      const { first, second, third } = shakeHands(alice, bob);
      return hex(nodeCrypto.sha256(joined([first, second, third, sealed(alice, bytes('01')), sealed(bob, bytes('02'))])));
    });
    expect(transcripts).deep.equal([
      '46fe22d0957a56a8ff235b9dadb2742fb333cca1baa956669c34adc3092d6cd3',
      '70fcc98368b20df15e4b2c5f1e20bb85cf8e1857b962bf2d2d2bc2314c2afada',
    ]);
  });

  it('row 21: a record that is replayed, skipped or swapped ends the stream', () => {
    for (const order of [[0, 0], [1], [1, 0], [0, 2]]) {
      const { alice, bob } = securedPair();
      const records = [0, 1, 2].map((value) => sealed(alice, Uint8Array.of(value)));
      receive(bob, joined(order.map((index) => records[index] as Uint8Array)));
      expect([bob.state, bob.failure], order.join()).deep.equal(['failed', 'record-failed']);
      expect(receive(bob, records[1] as Uint8Array)).deep.equal([]);
      expect(bob.seal(bytes('01'))).equal(undefined);
    }
  });

  it('row 23: the stream ends when its counter reaches 2^48', () => {
    const { alice, bob } = securedPair({ hooks: { nonce: COUNTER_MAX - 1 } });
    expect(receive(bob, sealed(alice, bytes('01'))).map(hex)).deep.equal(['01']);
    expect([alice.seal(bytes('01')), alice.state, alice.failure]).deep.equal([undefined, 'failed', 'record-failed']);
    expect(receive(bob, bytes(`0011${'00'.repeat(17)}`))).deep.equal([]);
    expect(bob.failure).equal('record-failed');
  });

  it('begins at whole counters from 0 only: below lies that of a rekey', () => {
    for (const nonce of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => streamOf(ALICE, true, { hooks: { nonce } })).to.throw('whole number');
    for (const nonce of [0, 1, COUNTER_MAX]) expect(streamOf(ALICE, true, { hooks: { nonce } }).state).to.equal('handshaking');
  });

  it('row 24: both directions rekey by themselves, however different their traffic is', () => {
    const { alice, bob } = securedPair({ hooks: { rekey: { bytes: 1_000, records: 10 } } });
    for (let index = 0; index < 200; index++) {
      expect(receive(bob, sealed(alice, new Uint8Array(1 + index)))).lengthOf(1);
      if (index % 3 === 0) expect(receive(alice, sealed(bob, bytes('01')))).lengthOf(1);
    }
    expect([alice.state, bob.state]).deep.equal(['secured', 'secured']);
  });

  it('row 25: a side that does not rekey where it must is refused', () => {
    const alice = streamOf(ALICE, true, { hooks: { rekey: { bytes: 2 ** 30, records: 11 } } });
    const bob = streamOf(BOB, false, { hooks: { rekey: { bytes: 2 ** 30, records: 10 } } });
    shakeHands(alice, bob);
    for (let index = 0; index < 10; index++) expect(receive(bob, sealed(alice, bytes('01')))).lengthOf(1);
    expect(receive(bob, sealed(alice, bytes('01')))).lengthOf(0);
    expect(bob.failure).equal('record-failed');
  });

  it('row 26: the first record that does not authenticate ends the stream and releases what it holds', () => {
    const { alice, bob } = securedPair();
    const good = sealed(alice, bytes('01'));
    bob.push(bytes(`0020${'00'.repeat(32)}`));
    expect([bob.read(), bob.state, bob.bufferedBytes]).deep.equal([undefined, 'failed', 0]);
    expect(receive(bob, good)).deep.equal([]);
  });

  it('row 32: works in single bytes and with everything in one chunk', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        const [alice, bob] = [streamOf(ALICE, true), streamOf(BOB, false)];
        const delivered: string[] = [];
        const deliver = (to: SecureStream, wire: Uint8Array): void => {
          for (let offset = 0, turn = 0; offset < wire.length; turn++) {
            const size = sizes[turn % sizes.length] as number;
            const chunk = wire.slice(offset, offset + size);
            for (const plaintext of receive(to, chunk)) delivered.push(hex(plaintext) as string);
            chunk.fill(0xee);
            offset += size;
          }
        };
        alice.start();
        deliver(bob, outputOf(alice));
        deliver(alice, outputOf(bob));
        deliver(bob, joined([outputOf(alice), sealed(alice, bytes('01')), sealed(alice, bytes('0203'))]));
        expect([delivered, bob.state, bob.bufferedBytes]).deep.equal([['01', '0203'], 'secured', 0]);
      }),
      { seed: 32, numRuns: 40, examples: [[[1]], [[90]]] },
    );
  });

  it('reads records that came in one chunk with the last handshake message', () => {
    const [alice, bob] = [streamOf(ALICE, true), streamOf(BOB, false)];
    alice.start();
    bob.push(outputOf(alice));
    alice.push(outputOf(bob));
    expect(alice.state).equal('secured');
    expect(receive(bob, joined([outputOf(alice), sealed(alice, bytes('aa')), sealed(alice, bytes('bb'))])).map(hex)).deep.equal([
      'aa',
      'bb',
    ]);
  });

  it('lets a caller stop before the chunk is read to its end', () => {
    const { alice, bob } = securedPair();
    const chunk = joined([sealed(alice, bytes('aa')), sealed(alice, bytes('bb'))]);
    bob.push(chunk);
    expect(hex(bob.read())).equal('aa');
    bob.settle();
    chunk.fill(0);
    expect([hex(bob.read()), bob.read()]).deep.equal(['bb', undefined]);
  });

  it('throws when something is sealed before the handshake is over', () => {
    expect(() => streamOf(ALICE, true).seal(bytes('01'))).to.throw(NetworkError, 'handshake');
  });

  it('keeps no buffer between whole records, and ends with wipe', () => {
    const { alice, bob } = securedPair();
    const record = sealed(alice, new Uint8Array(1_000));
    bob.push(record.subarray(0, 500));
    expect([bob.read(), bob.bufferedBytes]).deep.equal([undefined, 1_016]);
    expect(receive(bob, record.subarray(500))).lengthOf(1);
    expect(bob.bufferedBytes).equal(0);
    bob.wipe();
    expect([bob.state, bob.failure, bob.seal(bytes('01')), bob.remote?.nodeId]).deep.equal([
      'failed',
      undefined,
      undefined,
      ALICE.identity.nodeId,
    ]);
    bob.wipe();
  });

  it('row 90: shows no secret when it is printed or encoded', () => {
    const { alice } = securedPair({ networkKey: KEY });
    const fresh = streamOf(ALICE, true, { networkKey: KEY });
    const shown = [alice, fresh].map((stream) => inspect(stream, { depth: 9, showHidden: true }) + JSON.stringify(stream)).join();
    for (const secret of [KEY, ALICE.identity.exportSeed()]) {
      expect(shown).not.include(hex(secret));
      expect(shown).not.include(Array.from(secret.slice(0, 4)).join(', '));
    }
  });
});
