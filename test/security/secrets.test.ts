/**
 * @module Secrets: no public object shows a key, however it is printed (row 108). The crypto of the nodes notes every secret that passes
 * through it; then everything that an application can get hold of is printed, at any depth and with what is hidden.
 */
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  type BehaviorAgent,
  type Connection,
  type ConnectionAgent,
  ConnectionHandler,
  type Crypto,
  Identity,
  LIMITS,
  type MeshNode,
  NetworkBehavior,
  type NodeEventName,
  type NodeOptions,
  RouterTable,
  SEALER,
  SIGNER,
  STORAGE,
  toNode,
} from '../../core/index.js';
import { nodeCrypto } from '../../core/platform/node/crypto-node.js';
import { nodeRandom } from '../../core/platform/node/ports-node.js';
import { Secret } from '../../core/security/secret.js';
import { createNode } from '../../index.js';
import { DirectRouter, PathVectorRouter } from '../../routing/index.js';
import { addressOf, errorOf, next, World } from './world.js';

const KEY = Uint8Array.from({ length: 32 }, (_, index) => 201 - 5 * index);
/** Enough of a secret to be nothing else, so that cut lists count as well. */
const PART_BYTES = 9;
const BUILTINS = ['handshake', 'addressbook', 'router-sync', 'rpc'] as const;
const EVENTS: readonly NodeEventName[] = ['connected', 'disconnected', 'dial-failed', 'refused', 'fault', 'dropped', 'listening'];

/** The native crypto; `secrets` gets a copy of every key that it is given or makes. */
function noting(secrets: Uint8Array[]): Crypto {
  const noted = <T extends Uint8Array | undefined>(secret: T): T => {
    if (secret !== undefined) secrets.push(secret.slice());
    return secret;
  };
  return {
    ...nodeCrypto,
    hmacSha256: (key, bytes) => noted(nodeCrypto.hmacSha256(key, bytes)),
    signingKey: (seed) => nodeCrypto.signingKey(noted(seed)),
    cipherKey: (key) => nodeCrypto.cipherKey(noted(key)),
    agreementKey: (secret) => {
      const key = nodeCrypto.agreementKey(noted(secret));
      return { publicKey: key.publicKey, agree: (remote) => noted(key.agree(remote)) };
    },
  };
}

/** Everything that a behaviour gets, kept where whoever prints it finds it. */
class Holder extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'holder', rpc: ['greet'] } as const;
  static readonly inject = [SIGNER, SEALER, STORAGE, RouterTable];
  readonly injected: readonly unknown[];
  agent: BehaviorAgent | undefined;
  readonly seen: unknown[] = [];

  constructor(...injected: readonly unknown[]) {
    super();
    this.injected = injected;
  }

  greet(_value: unknown, context: unknown): string {
    this.seen.push(context);
    throw new Error('no greeting');
  }

  override onStarted(agent: BehaviorAgent): void {
    this.agent = agent;
  }

  override onIncomingConnectionConnected(agent: BehaviorAgent, connection: Connection): Handler {
    this.seen.push(agent, connection);
    return new Handler();
  }
}

class Handler extends ConnectionHandler {
  agent: ConnectionAgent | undefined;

  override onOpened(agent: ConnectionAgent): void {
    this.agent = agent;
  }
}

/** What printers show of one object by itself. */
function consoled(value: unknown): string {
  const written: string[] = [];
  const stdout = new Writable({ write: (chunk, _encoding, done) => done(void written.push(String(chunk))) });
  new Console({ stdout }).log('%o %O %s', value, value, value, value);
  return written.join('');
}

/** Every object that can be reached from `root`, each once, whatever hides it: symbols, what is not enumerable, maps, sets, getters. */
function reached(root: unknown): Set<object> {
  const all = new Set<object>();
  const waiting: unknown[] = [root];
  for (let value = waiting.pop(); waiting.length > 0 || value !== undefined; value = waiting.pop()) {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || all.has(value)) continue;
    all.add(value);
    if (ArrayBuffer.isView(value)) continue;
    if (value instanceof Map) waiting.push(...value.keys(), ...value.values());
    if (value instanceof Set) waiting.push(...value);
    for (const key of Reflect.ownKeys(value)) waiting.push(Reflect.getOwnPropertyDescriptor(value, key)?.value);
  }
  return all;
}

/** What `JSON.stringify` shows of an object that has its own form there. */
function encoded(part: object): string {
  const { toJSON } = part as { toJSON?: unknown };
  return typeof toJSON === 'function' ? (JSON.stringify(part) ?? '') : '';
}

/** Everything that is shown, as texts without spaces and line ends: bytes look the same in every width. */
function printed(value: unknown): string {
  const texts = [consoled(value)];
  for (const part of reached(value)) {
    if (ArrayBuffer.isView(part)) texts.push(Array.from(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)).join());
    else if (part instanceof ArrayBuffer) texts.push(Array.from(new Uint8Array(part)).join());
    else texts.push(inspect(part, { depth: 0, showHidden: true, maxArrayLength: 1_024, maxStringLength: null }), encoded(part));
  }
  return texts.join('\n').replaceAll(/\s/g, '');
}

/** All but hex, which has no case of its own. */
function formsOf(secret: Uint8Array): readonly string[] {
  const part = Buffer.from(secret.subarray(0, PART_BYTES));
  const pairs = [...part].map((byte, index) => `"${index}":${byte}`);
  return [...new Set([part.toString('base64'), part.toString('base64url'), [...part].join(), pairs.join()])];
}

/** The secrets that stand in the text. */
function found(text: string, secrets: readonly Uint8Array[]): readonly string[] {
  const small = text.toLowerCase();
  return secrets.flatMap((secret) => {
    const hex = Buffer.from(secret.subarray(0, PART_BYTES)).toString('hex');
    return [...formsOf(secret).filter((form) => text.includes(form)), ...(small.includes(hex) ? [hex] : [])];
  });
}

describe('no public object shows a key', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  it('the search finds bytes in every usual spelling, however deep', () => {
    const deep = (bytes: unknown) => ({ a: new Map([['b', [{ c: new Set([bytes]) }]]]) });
    const { buffer } = Uint8Array.from(KEY);
    const hex = Buffer.from(KEY).toString('hex');
    for (const value of [KEY, Buffer.from(KEY), [...KEY], buffer, hex, hex.toUpperCase(), Buffer.from(KEY).toString('base64')])
      expect(found(printed(deep(value)), [KEY]), String(value)).to.not.deep.equal([]);
    expect(found(printed(new Error('x', { cause: { details: KEY } })), [KEY])).to.not.deep.equal([]);
    expect(found(printed(deep(KEY.map((byte) => byte + 1))), [KEY])).to.deep.equal([]);
  });

  it('row 108: a secret shows a placeholder, and is a copy', () => {
    const bytes = Uint8Array.from(KEY);
    const secret = new Secret(bytes);
    bytes.fill(0);
    expect(secret.reveal()).to.deep.equal(KEY);
    expect([`${secret}`, inspect(secret), JSON.stringify({ secret })]).to.deep.equal(['[secret]', '[secret]', '{"secret":"[secret]"}']);
    expect(found(printed({ secret }), [KEY])).to.deep.equal([]);
  });

  it('row 108: nodes, identities, connections, agents, events and reports', async () => {
    const secrets: Uint8Array[] = [KEY];
    const crypto = noting(secrets);
    const identity = Identity.generate(crypto, nodeRandom);
    const options = { crypto, networkKey: KEY, behaviors: [Holder], router: DirectRouter };
    const shown: unknown[] = [identity];
    const listening = await world.node({
      ...options,
      identity,
      listen: ['tcp://127.0.0.45:0'],
      router: PathVectorRouter,
      builtins: BUILTINS,
    });
    const dialling = await world.node({ ...options, builtins: BUILTINS });
    const nodes: readonly MeshNode[] = [listening, dialling, await createNode({ logger: 'silent', ...options })];
    for (const node of nodes) for (const name of EVENTS) node.on(name, (event) => void shown.push([name, event]));
    const connected = next(listening, 'connected');
    const connection = await dialling.connect(addressOf(listening));
    await connected;
    const client = dialling.client(Holder, toNode(listening.id));
    shown.push(client, await errorOf(dialling.call(toNode(listening.id), 70, 'greet', 'x')));
    const stranger = await world.node({ ...options, networkKey: KEY.map((byte) => byte ^ 1) });
    shown.push(await errorOf(stranger.connect(addressOf(listening))));
    for (const node of nodes) {
      shown.push(node, node.addresses, node.connections(), node.router, node.metrics(), node.queues(), node.limits(), LIMITS);
      shown.push(node.explain(toNode(listening.id)), node.behavior(Holder as never));
    }
    const isOpen = found(printed(shown), secrets);
    dialling.disconnect(connection.id);
    await next(listening, 'disconnected');
    await dialling.stop();
    expect([isOpen, found(printed(shown), secrets)]).to.deep.equal([[], []]);
    expect(secrets.length).to.be.above(60);
  }).timeout(300_000);

  it('row 108: errors of options and keys that are wrong', async () => {
    const wrong: readonly object[] = [
      { networkKey: KEY.subarray(0, 31) },
      { networkKey: [...KEY] },
      { networkKey: Buffer.from(KEY).toString('hex') },
      { networkKey: { key: KEY } },
      { identity: KEY },
      { identity: { seed: KEY } },
      { network: KEY },
      { seeds: [KEY] },
      { provide: KEY },
      { logger: KEY },
      { netKey: KEY },
    ];
    for (const options of wrong) {
      const error = await errorOf(createNode(options as NodeOptions));
      expect([error.name, found(printed(error), [KEY])]).to.deep.equal(['NetworkError', []]);
    }
    for (const seed of [KEY.subarray(0, 31), [...KEY], Buffer.from(KEY).toString('hex')])
      expect(() => Identity.fromSeed(seed as Uint8Array, nodeCrypto))
        .to.throw(Error)
        .that.satisfies((error: unknown) => found(printed(error), [KEY]).length === 0);
  });
});
