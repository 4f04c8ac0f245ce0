/**
 * @module Hostile mutations: what a live node does with mutated bytes of every layer (row 85): the conversation from its first byte,
 * identity proofs in handshakes that are otherwise right, plaintexts in records that authenticate, messages in frames that are whole, and
 * what comes before a gate has admitted. Each input meets a link of its own. Beside what the campaign looks for, no input may cause a fault
 * of a behaviour, leave a link behind, or prove an identity that is not proven. The cryptography is the simulated one, for speed.
 */

import { type HandshakeMessage, type SectionValue, toWire } from '../../behaviours/handshake/messages.js';
import { encodeValue, type Identity, type Message, NetworkBehavior } from '../../core/index.js';
import { AgreementKeys } from '../../core/security/agreement-keys.js';
import { writeProof } from '../../core/security/identity-proof.js';
import { HandshakeState } from '../../core/security/noise.js';
import { SecureStream } from '../../core/security/secure-stream.js';
import { spaceOf } from '../../core/security/space.js';
import { joinBytes, varintBytes, writeVarint } from '../../core/structures/bytes.js';
import { encodeClose, encodePing, encodePong, encodeReady, encodeServices } from '../../core/wire/link-control.js';
import { HeaderDraft, KIND_KEY, KIND_NODE, KIND_SERVICE, KIND_SERVICES } from '../../core/wire/message.js';
import { BareNode, RawPeer, SecuredPeer, seededIdentity, seededRandom } from '../../testing/index.js';
import { simulatedCrypto } from '../../transports/simulated/index.js';
import * as rpc from '../behaviours/rpc/wire.js';
import type { MutationTarget } from './mutation-targets.js';

/** Reads everything that it gets, and answers calls. */
class Reader extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'reader', rpc: ['greet', 'count'] } as const;

  greet(request: { readonly name: string } | undefined): string {
    return `Hello ${request?.name}`;
  }

  *count(end: unknown): Generator<number> {
    for (let index = 0; index < Number(end); index++) yield index;
  }

  override onMessage(_agent: unknown, message: Message): void {
    message.value();
  }
}

/** What an input has left. */
interface Aftermath {
  readonly links: number;
  readonly faults: number;
  readonly connected: number;
}

const key = (seed: number) => simulatedCrypto.agreementKey(new Uint8Array(32).fill(seed));
const MALLORY: Identity = seededIdentity('mallory');
const INSTANCE = new Uint8Array(8).fill(9);
const ATTACKER = { crypto: simulatedCrypto, isInitiator: true, staticKey: key(3) } as const;
const SPACE = spaceOf({ networkName: 'public' }, 'stream', simulatedCrypto);
const RPC = { fromServiceId: 6, serviceId: 6 };
const RPC_MESSAGES: readonly Uint8Array[] = [
  rpc.request(1, { name: 'world' }, { method: 'greet' }),
  rpc.request(2, 3, { method: 'count', window: 4 }),
  rpc.ok(1, 'hello'),
  rpc.error(1, 'SOME_CODE', 'some text'),
  rpc.cancel(2),
  rpc.item(2, 0, 'first'),
  rpc.end(2, 1),
  rpc.credit(2, 9),
  rpc.ask(2),
  rpc.unknown(2, 1_000),
];
const GATE = { fromServiceId: 1, serviceId: 1 };
const ME = { addresses: ['tcp://192.0.2.1:7400', 'tcp://[2001:db8::1]:7400'], name: 'mallory' };
const SECTIONS: readonly SectionValue[] = [['other', encodeValue({ a: 1 })]];
const INITIAL: HandshakeMessage = { stage: 'initial', me: ME, you: 'tcp://192.0.2.2:7400', sections: SECTIONS };
const FINAL: HandshakeMessage = { ...INITIAL, stage: 'final', accepted: ['other'] };
const UPDATE: HandshakeMessage = { stage: 'update', me: ME };
const text = (value: string) => new TextEncoder().encode(value);

/**
 * Its ephemeral key is always the same, as are those of the remotes: so every conversation is the same, and a recorded one can be mutated.
 */
function newNode(builtins: readonly ('handshake' | 'rpc')[]): BareNode {
  const limits = { faultsPerMinute: 10_000 };
  const node = new BareNode('victim', { builtins, behaviors: [Reader], secureHooks: { ephemeral: key(1) }, limits });
  node.start();
  return node;
}

/** Ends what an input has begun, and tells what it did. */
function aftermath(node: BareNode, remote: RawPeer): Aftermath {
  remote.destroy();
  node.advance(2);
  const [faults, connected] = [node.emitted('fault').length, node.emitted('connected').length];
  node.events.length = 0;
  return { links: node.network.links.size, faults, connected };
}

function verify(_bytes: Uint8Array, answer: unknown): string | undefined {
  const { links, faults } = answer as Aftermath;
  if (faults > 0) return `${faults} faults`;
  return links > 0 ? `${links} links were left` : undefined;
}

/** As `verify`; and nobody is connected but who says at least what `proven` is. */
function verifyProof(proven: Uint8Array): typeof verify {
  return (bytes, answer) => {
    const isProven = proven.every((byte, index) => bytes[index] === byte);
    if ((answer as Aftermath).connected > 0 && !isProven) return 'an identity was taken as proven';
    return verify(bytes, answer);
  };
}

/** The bytes of a stream from the first one on. */
function conversationTarget(): MutationTarget {
  const stream = new SecureStream({
    ...ATTACKER,
    keys: new AgreementKeys(simulatedCrypto, seededRandom('conversation')),
    ...{ identity: MALLORY, instance: INSTANCE, space: SPACE, hooks: { ephemeral: key(2) } },
  });
  const node = newNode([]);
  const remote = node.accept((link) => new RawPeer(link));
  const say = (...chunks: readonly Uint8Array[]) => {
    remote.send(...chunks);
    return joinBytes(chunks);
  };
  stream.start();
  const opening = say(...stream.takeOutput());
  stream.push(remote.take());
  const third = say(...stream.takeOutput());
  const sealed = (plaintext: Uint8Array) => say(...(stream.seal(plaintext) ?? []));
  const ready = sealed(framed(control(encodeReady([64]))));
  const rest = sealed(joinBytes([framed(control(encodePing(1))), framed(direct(encodeValue({ a: [1, 2] })))]));
  if (aftermath(node, remote).connected === 0) throw new Error('the recorded conversation does not connect');
  const whole = joinBytes([opening, third, ready, rest]);
  return {
    name: 'conversation',
    corpus: [opening, joinBytes([opening, third]), whole, whole, whole],
    decode: (bytes) => {
      const stranger = node.accept((link) => new RawPeer(link));
      stranger.send(bytes);
      return aftermath(node, stranger);
    },
    verify: verifyProof(joinBytes([opening, third, ready])),
  };
}

/** What stands where the proof of an identity should, in a handshake that is right otherwise. */
function proofTarget(): MutationTarget {
  const node = newNode([]);
  let good: Uint8Array = new Uint8Array(0);
  const meet = (proofOf: (transcriptHash: Uint8Array) => Uint8Array): Aftermath => {
    const noise = new HandshakeState({ ...ATTACKER, ...SPACE, psk: SPACE.psk?.reveal(), ephemeral: () => key(2) });
    const remote = node.accept((link) => new RawPeer(link));
    remote.send(SPACE.preamble, ...prefixed(noise.writeMessage(new Uint8Array(0)) as Uint8Array));
    noise.readMessage(remote.take().subarray(2));
    remote.send(...prefixed(noise.writeMessage(proofOf) as Uint8Array));
    const proven = node.network.links.all.next().value?.nodeId === undefined ? 0 : 1;
    return { ...aftermath(node, remote), connected: proven };
  };
  const recorded = meet((transcriptHash) => {
    good = writeProof(MALLORY, INSTANCE, { ...ATTACKER, prologueHash: SPACE.prologueHash, staticKey: key(3).publicKey, transcriptHash });
    return good;
  });
  if (recorded.connected === 0) throw new Error('the recorded proof is refused');
  const isGood = (bytes: Uint8Array) => bytes.length === good.length && good.every((byte, index) => index > 103 || bytes[index] === byte);
  return {
    name: 'identity proof',
    corpus: [good],
    decode: (bytes) => meet(() => bytes),
    verify: (bytes, answer) =>
      (answer as Aftermath).connected > 0 && !isGood(bytes) ? 'an identity was taken as proven' : verify(bytes, answer),
  };
}

/** Someone who has made no mistake yet says what `speak` lets it say. */
function peerTarget(
  name: string,
  node: BareNode,
  isPolite: boolean,
  corpus: readonly Uint8Array[],
  speak: (peer: SecuredPeer, bytes: Uint8Array) => void,
): MutationTarget {
  const decode = (bytes: Uint8Array): Aftermath => {
    const peer = node.accept((link) => new SecuredPeer(link, { identity: MALLORY, isPolite })).begin();
    if (!peer.isSecured) throw new Error('the peer is not secured');
    speak(peer, bytes);
    return aftermath(node, peer);
  };
  return { name, corpus, decode, verify };
}

/** Messages of every kind, as they stand in frames. */
function messages(): readonly Uint8Array[] {
  const remote = new Uint8Array(32).fill(7);
  const value = encodeValue({ name: 'x', list: [1, -1, 1.5], bytes: new Uint8Array(5) });
  return [
    ...[encodePing(1), encodePong(2), encodeClose(1, 'bye'), encodeServices([64, 65]), encodeReady([64])].map(control),
    direct(value),
    direct(value, { streamId: 5, extension: text('trace') }),
    ...RPC_MESSAGES.map((message) => direct(message, RPC)),
    ...[KIND_NODE, KIND_KEY].map((kind) => direct(value, { kind, destination: remote, source: remote })),
    direct(value, { kind: KIND_SERVICE, routedServiceId: 64, meta: 3 }),
    direct(value, { kind: KIND_SERVICES, routedServiceId: 64, sequence: 9, source: remote }),
  ];
}

function direct(payload: Uint8Array, header: Partial<HeaderDraft> = {}): Uint8Array {
  const draft = Object.assign(new HeaderDraft(), { ttl: 3, fromServiceId: 64, serviceId: 64 }, header);
  const bytes = new Uint8Array(draft.byteLength + payload.length);
  bytes.set(payload, draft.write(bytes, 0));
  return bytes;
}

function control(payload: Uint8Array): Uint8Array {
  return direct(payload, { ttl: 1, fromServiceId: 0, serviceId: 0 });
}

function framed(message: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(varintBytes(message.length));
  writeVarint(prefix, 0, message.length);
  return joinBytes([prefix, message]);
}

function prefixed(bytes: Uint8Array): readonly Uint8Array[] {
  return [Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes];
}

/** A record carries at least one byte. */
function sayPlaintext(peer: SecuredPeer, bytes: Uint8Array): void {
  if (bytes.length > 0) peer.sendPlaintext(bytes);
}

/** Made when they are asked for: each holds a node. */
export function networkTargets(): readonly MutationTarget[] {
  const all = messages();
  const exchange = [INITIAL, FINAL, UPDATE].map((message) => direct(encodeValue(toWire(message)), GATE));
  const early = all.map((message) => message.with(2, GATE.fromServiceId).with(3, GATE.serviceId));
  return [
    conversationTarget(),
    proofTarget(),
    peerTarget('frames', newNode(['rpc']), true, [...all.map(framed), joinBytes(all.map(framed))], sayPlaintext),
    peerTarget('messages', newNode(['rpc']), true, all, (peer, bytes) => peer.sendFrame(bytes)),
    peerTarget('messages before a gate', newNode(['handshake']), false, [...early, ...exchange, ...exchange, ...exchange], (peer, bytes) =>
      peer.sendFrame(bytes),
    ),
  ];
}
