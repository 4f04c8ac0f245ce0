/**
 * @module Secure handshake: the attacks on it, played with real Noise messages: middlemen, weak keys, replays, reflections, downgrades.
 */
import { expect } from 'chai';
import type { LinkKind } from '../../../core/api/transport.js';
import { NetworkError } from '../../../core/errors.js';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import type { AgreementKey } from '../../../core/security/crypto.js';
import { writeProof } from '../../../core/security/identity-proof.js';
import { HandshakeState } from '../../../core/security/noise.js';
import { type HandshakeStep, SecureHandshake, type SecureHandshakeOptions } from '../../../core/security/secure-handshake.js';
import { type SpaceOptions, spaceOf } from '../../../core/security/space.js';
import {
  ALICE,
  BACKENDS,
  BOB,
  bytes,
  hex,
  LOW_ORDER_X25519,
  type Party,
  party,
  SMALL_ORDER_ED25519,
  vectorFile,
  type WycheproofFile,
} from './support.js';

const EMPTY = new Uint8Array(0);
const PUBLIC_SPACE = spaceOf({ networkName: 'public' }, 'stream', nodeCrypto);

function side(
  owner: Party,
  isInitiator: boolean,
  options: Partial<SecureHandshakeOptions & SpaceOptions> = {},
  kind: LinkKind = 'stream',
): SecureHandshake {
  const { networkName = 'public', networkKey } = options;
  const space = spaceOf({ networkName, networkKey }, kind, nodeCrypto);
  return new SecureHandshake({ crypto: nodeCrypto, space, ...owner, isInitiator, ...options });
}

/** A Noise side with no proofs of its own: what an attacker runs. */
function attacker(
  isInitiator: boolean,
  staticKey: AgreementKey = MALLORY.staticKey,
  ephemeral: AgreementKey = nodeCrypto.agreementKey(bytes('66'.repeat(32))),
): HandshakeState {
  return new HandshakeState({
    crypto: nodeCrypto,
    pattern: 'XX',
    isInitiator,
    prologue: PUBLIC_SPACE.prologue,
    staticKey,
    ephemeral: () => ephemeral,
  });
}

/** A key pair that is none: the public key is of low order, and every agreement is all-zero, as an attacker would compute it. */
function lowOrderKey(publicKey: Uint8Array): AgreementKey {
  return { publicKey, agree: () => new Uint8Array(32) };
}

function messageOf(step: HandshakeStep): Uint8Array {
  if (step.type === 'failed' || step.message === undefined) throw new Error(`no message: ${step.type}`);
  return step.message;
}

const MALLORY = party(666);

interface AgreementCase {
  readonly public: string;
  readonly shared: string;
}

const published = vectorFile<WycheproofFile<{ readonly tests: readonly AgreementCase[] }>>('wycheproof/x25519_test.json');

/** Row 13: the 31 published cases, or the encodings that the repository knows. */
function lowOrderPublicKeys(): Uint8Array[] {
  const cases = published?.testGroups.flatMap((group) => group.tests).filter((test) => /^0+$/.test(test.shared));
  return cases?.map((test) => bytes(test.public)) ?? [...LOW_ORDER_X25519];
}

describe('secure handshake', () => {
  it('proves both sides to each other, on both backends, with one channel binding', () => {
    for (const crypto of BACKENDS) {
      const [alice, bob] = [party(1, crypto), party(2, crypto)];
      const [initiator, responder] = [side(alice, true, { crypto }), side(bob, false, { crypto })];
      const second = messageOf(responder.receive(initiator.begin()));
      const atInitiator = initiator.receive(second);
      const atResponder = responder.receive(messageOf(atInitiator));
      if (atInitiator.type !== 'secured' || atResponder.type !== 'secured') throw new Error('not secured');
      expect([atInitiator.remote.nodeId, hex(atInitiator.remote.instance)]).deep.equal([bob.identity.nodeId, hex(bob.instance)]);
      expect([atResponder.remote.nodeId, hex(atResponder.remote.instance)]).deep.equal([alice.identity.nodeId, hex(alice.instance)]);
      expect(hex(atInitiator.remote.channelBinding)).equal(hex(atResponder.remote.channelBinding));
      expect(atInitiator.remote.channelBinding).lengthOf(32);
    }
  });

  it('gives another channel binding each time', () => {
    const bindings = [1, 2].map(() => {
      const [initiator, responder] = [side(ALICE, true), side(BOB, false)];
      const step = initiator.receive(messageOf(responder.receive(initiator.begin())));
      return step.type === 'secured' ? hex(step.remote.channelBinding) : undefined;
    });
    expect(bindings[0]).not.equal(bindings[1]);
    expect(bindings).not.include(undefined);
  });

  it('row 8: a replayed message 3 makes no session', () => {
    const [initiator, responder] = [side(ALICE, true), side(BOB, false)];
    const first = initiator.begin();
    const third = messageOf(initiator.receive(messageOf(responder.receive(first))));
    expect(responder.receive(third).type).equal('secured');
    const again = side(BOB, false);
    again.receive(first);
    expect(again.receive(third)).deep.equal({ type: 'failed', failure: 'handshake-failed' });
  });

  it("row 9: one's own messages, sent back, make no session", () => {
    const initiator = side(ALICE, true);
    expect(initiator.receive(initiator.begin()).type).equal('failed');
    const responder = side(BOB, false);
    const second = messageOf(responder.receive(side(ALICE, true).begin()));
    expect(responder.receive(second).type).equal('failed');
  });

  it("row 9: a responder's proof does not pass as an initiator's in the same session", () => {
    const responder = side(BOB, false);
    const mallory = attacker(true);
    const second = messageOf(responder.receive(mallory.writeMessage(EMPTY) as Uint8Array));
    const stolen = mallory.readMessage(second)?.payload as Uint8Array;
    expect(responder.receive(mallory.writeMessage(stolen) as Uint8Array).type).equal('failed');
  });

  it('row 10: a man in the middle with keys of his own cannot pass on the proofs of either side', () => {
    const [alice, bob] = [side(ALICE, true), side(BOB, false)];
    const [towardsAlice, towardsBob] = [attacker(false), attacker(true)];
    towardsAlice.readMessage(alice.begin());
    const second = messageOf(bob.receive(towardsBob.writeMessage(EMPTY) as Uint8Array));
    const proofOfBob = towardsBob.readMessage(second)?.payload as Uint8Array;
    expect(alice.receive(towardsAlice.writeMessage(proofOfBob) as Uint8Array)).deep.equal({ type: 'failed', failure: 'handshake-failed' });
    const other = side(ALICE, true);
    const asHimself = attacker(false);
    asHimself.readMessage(other.begin());
    const third = messageOf(other.receive(asHimself.writeMessage((transcriptHash) => malloryProof(transcriptHash, false)) as Uint8Array));
    const proofOfAlice = asHimself.readMessage(third)?.payload as Uint8Array;
    expect(bob.receive(towardsBob.writeMessage(proofOfAlice) as Uint8Array)).deep.equal({ type: 'failed', failure: 'handshake-failed' });
  });

  it("an attacker's own honest proof does pass: the tests above fail for the right reason", () => {
    const bob = side(BOB, false);
    const mallory = attacker(true);
    mallory.readMessage(messageOf(bob.receive(mallory.writeMessage(EMPTY) as Uint8Array)));
    const step = bob.receive(mallory.writeMessage((transcriptHash) => malloryProof(transcriptHash, true)) as Uint8Array);
    expect(step.type === 'secured' ? step.remote.nodeId : step).equal(MALLORY.identity.nodeId);
  });

  it('row 11: another node than the dialled one ends it before message 3, naming who answered', () => {
    const [initiator, responder] = [side(ALICE, true, { expectedNodeId: MALLORY.identity.nodeId }), side(BOB, false)];
    const step = initiator.receive(messageOf(responder.receive(initiator.begin())));
    expect(step).deep.equal({ type: 'failed', failure: 'wrong-node', actualNodeId: BOB.identity.nodeId });
    const [good, bob] = [side(ALICE, true, { expectedNodeId: BOB.identity.nodeId }), side(BOB, false)];
    expect(good.receive(messageOf(bob.receive(good.begin()))).type).equal('secured');
  });

  it('row 12: none of the 14 weak identity keys passes', () => {
    for (const key of SMALL_ORDER_ED25519) {
      const bob = side(BOB, false);
      const mallory = attacker(true);
      mallory.readMessage(messageOf(bob.receive(mallory.writeMessage(EMPTY) as Uint8Array)));
      const forged = Uint8Array.from([...bytes('a2015820'), ...key, ...bytes('025840'), 1, ...new Uint8Array(63)]);
      expect(bob.receive(mallory.writeMessage(forged) as Uint8Array).type, hex(key)).equal('failed');
    }
  });

  it('row 13: a low-order ephemeral key from either side aborts', () => {
    for (const key of lowOrderPublicKeys()) {
      expect(side(BOB, false).receive(key).type, hex(key)).equal('failed');
      const alice = side(ALICE, true);
      const mallory = attacker(false, MALLORY.staticKey, lowOrderKey(key));
      mallory.readMessage(alice.begin());
      expect(alice.receive(mallory.writeMessage((hash) => malloryProof(hash, false)) as Uint8Array).type, hex(key)).equal('failed');
    }
  });

  it('row 13: a low-order static key from either side aborts', () => {
    for (const key of lowOrderPublicKeys()) {
      const alice = side(ALICE, true);
      const asResponder = attacker(false, lowOrderKey(key));
      asResponder.readMessage(alice.begin());
      expect(alice.receive(asResponder.writeMessage((hash) => malloryProof(hash, false, key)) as Uint8Array).type, hex(key)).equal(
        'failed',
      );
      const bob = side(BOB, false);
      const asInitiator = attacker(true, lowOrderKey(key));
      asInitiator.readMessage(messageOf(bob.receive(asInitiator.writeMessage(EMPTY) as Uint8Array)));
      expect(bob.receive(asInitiator.writeMessage((hash) => malloryProof(hash, true, key)) as Uint8Array).type, hex(key)).equal('failed');
    }
  });

  it('row 14: a node that reaches itself fails with self, on whichever side it notices', () => {
    const [initiator, responder] = [side(ALICE, true), side(ALICE, false)];
    expect(initiator.receive(messageOf(responder.receive(initiator.begin())))).deep.equal({ type: 'failed', failure: 'self' });
    const bob = side(BOB, false);
    const twin = attacker(true, BOB.staticKey);
    twin.readMessage(messageOf(bob.receive(twin.writeMessage(EMPTY) as Uint8Array)));
    const own = (transcriptHash: Uint8Array): Uint8Array =>
      writeProof(BOB.identity, BOB.instance, {
        isInitiator: true,
        prologueHash: PUBLIC_SPACE.prologueHash,
        staticKey: BOB.staticKey.publicKey,
        transcriptHash,
      });
    expect(bob.receive(twin.writeMessage(own) as Uint8Array)).deep.equal({ type: 'failed', failure: 'self' });
  });

  it("row 14: to claim this node's key without having it is a plain failure, not self", () => {
    const bob = side(BOB, false);
    const mallory = attacker(true);
    const claimed = mallory.readMessage(messageOf(bob.receive(mallory.writeMessage(EMPTY) as Uint8Array)))?.payload as Uint8Array;
    expect(bob.receive(mallory.writeMessage(claimed) as Uint8Array)).deep.equal({ type: 'failed', failure: 'handshake-failed' });
  });

  it('row 17: another kind of link, space name or privacy on the other side makes no session', () => {
    const networkKey = bytes('05'.repeat(32));
    const others: readonly (readonly [Partial<SpaceOptions>, LinkKind])[] = [
      [{}, 'datagram'],
      [{ networkName: 'Public' }, 'stream'],
      [{ networkKey }, 'stream'],
    ];
    for (const [options, kind] of others) {
      for (const isPlainInitiator of [true, false]) {
        const plain = side(isPlainInitiator ? ALICE : BOB, isPlainInitiator);
        const other = side(isPlainInitiator ? BOB : ALICE, !isPlainInitiator, options, kind);
        const [initiator, responder] = isPlainInitiator ? [plain, other] : [other, plain];
        const atResponder = responder.receive(initiator.begin());
        const outcome = atResponder.type === 'reply' ? initiator.receive(atResponder.message) : atResponder;
        expect(outcome).deep.equal({ type: 'failed', failure: 'handshake-failed' });
      }
    }
  });

  it('row 18: a private space draws no answer from one who lacks the key, has another one, or another name', () => {
    const [networkKey, otherKey] = [bytes('05'.repeat(32)), bytes('06'.repeat(32))];
    const strangers: readonly Partial<SpaceOptions>[] = [{}, { networkKey: otherKey }, { networkKey, networkName: 'other' }];
    for (const options of strangers) {
      const step = side(BOB, false, { networkKey }).receive(side(ALICE, true, options).begin());
      expect(step).deep.equal({ type: 'failed', failure: 'handshake-failed' });
    }
    expect(side(BOB, false, { networkKey }).receive(side(ALICE, true, { networkKey }).begin()).type).equal('reply');
  });

  it('refuses a message 1 with a payload: nothing is said before the remote is proven', () => {
    expect(side(BOB, false).receive(attacker(true).writeMessage(bytes('00')) as Uint8Array).type).equal('failed');
    expect(side(BOB, false).receive(attacker(true).writeMessage(EMPTY) as Uint8Array).type).equal('reply');
  });

  it('wants an instance of 8 bytes and a network key of 32', () => {
    for (const length of [7, 9]) expect(() => side(ALICE, true, { instance: new Uint8Array(length) })).to.throw(NetworkError, '8 bytes');
    for (const length of [31, 33])
      expect(() => side(ALICE, true, { networkKey: new Uint8Array(length) })).to.throw(NetworkError, '32 bytes');
  });
});

/** An honest proof of Mallory's, for a session that Mallory runs. */
function malloryProof(transcriptHash: Uint8Array, isInitiator: boolean, staticKey = MALLORY.staticKey.publicKey): Uint8Array {
  return writeProof(MALLORY.identity, MALLORY.instance, {
    isInitiator,
    prologueHash: PUBLIC_SPACE.prologueHash,
    staticKey,
    transcriptHash,
  });
}
