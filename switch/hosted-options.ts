/**
 * @module HostedOptions: what installs a hashname, checked.
 */

import type { OperatorStore, Packet, ProxyOptions, StoredNode, UnansweredOp } from '../behaviours/index.js';
import { type Address, type BehaviorEntry, type ByteStream, Identity, type NodeOptions } from '../core/index.js';
import {
  boolean,
  bytes,
  callable,
  either,
  fallback,
  type Infer,
  instance,
  oneOf,
  optional,
  options,
  optionsReader,
  text,
  unchecked,
} from '../core/schema/index.js';

/** Callbacks for what nothing else has taken. Each is called only for its own level, and what it throws is logged. */
export interface HashnameCallbacks {
  /** A stream to this hashname, from the other end of a line. Without it streams are refused. */
  readonly onStream?: (stream: ByteStream) => void;
  /** A packet in a line. */
  readonly onLine?: (packet: Packet) => void;
  /** On operators: a request for a key that the store does not answer. `answer` may be called later, once. */
  readonly onOp?: (request: UnansweredOp, answer: (found: StoredNode | undefined) => void) => void;
  /** A packet without a line: signed, referred, or of anybody, as `packet.trust` says. */
  readonly onAnon?: (packet: Packet) => void;
}

/** A hashname to install. */
export interface HashnameInstallation extends HashnameCallbacks {
  /** The name of an installed space. */
  readonly space: string;
  /** Its key pair: an `Identity`, or the path of a key file. A fresh one by default. */
  readonly identity?: Identity | string;
  /** Its certificate, in a space with an authority. */
  readonly certificate?: Uint8Array;
  /** The last revocation list, for operators. */
  readonly revocations?: Uint8Array;
  /** Where it listens; `tcp://[::]:0` by default. */
  readonly listen?: readonly (string | Address)[];
  /** Behaviours of the application, for this hashname alone. */
  readonly behaviors?: readonly BehaviorEntry[];
  /** Further options of its node, but for those above. */
  readonly node?: Omit<NodeOptions, 'identity' | 'network' | 'networkKey' | 'listen' | 'behaviors'>;
}

/** What a hashname does in its space; read once, when it is installed. */
export interface HashnameFlags {
  /** It takes part in the distributed hash table. */
  readonly spacer?: boolean;
  /** It answers for keys of others: from memory (`true`), also between runs (`storage`), or from a store. */
  readonly operator?: boolean | 'storage' | OperatorStore;
  /** It uses what others lend of their networks, and lends its own where these options allow it: by `true`, nowhere. */
  readonly proxy?: boolean | ProxyOptions;
}

const FUNCTION = <T>() => optional(callable<T>());
const INSTALLATION = options({
  space: text(64, { min: 1 }),
  identity: optional(either(instance(Identity, 'an Identity'), text(4_096, { min: 1, what: 'the path of a key file' }))),
  certificate: optional(bytes(1, 512)),
  revocations: optional(unchecked<Uint8Array>()),
  listen: fallback(unchecked<readonly (string | Address)[]>(), ['tcp://[::]:0']),
  behaviors: fallback(unchecked<readonly BehaviorEntry[]>(), []),
  node: fallback(unchecked<NonNullable<HashnameInstallation['node']>>(), {}),
  onStream: FUNCTION<NonNullable<HashnameCallbacks['onStream']>>(),
  onLine: FUNCTION<NonNullable<HashnameCallbacks['onLine']>>(),
  onOp: FUNCTION<NonNullable<HashnameCallbacks['onOp']>>(),
  onAnon: FUNCTION<NonNullable<HashnameCallbacks['onAnon']>>(),
});
const FLAGS = options({
  spacer: fallback(boolean, false),
  operator: fallback(either(boolean, oneOf('storage'), unchecked<OperatorStore>()), false),
  proxy: fallback(either(boolean, unchecked<ProxyOptions>()), false),
});

export type CheckedInstallation = Infer<typeof INSTALLATION>;
export type CheckedFlags = Infer<typeof FLAGS>;
/** Throw `OPTION_INVALID`, naming the options. */
export const readHashname: (given: unknown) => CheckedInstallation = optionsReader('install', INSTALLATION);
export const readFlags: (given: unknown) => CheckedFlags = optionsReader('install: flags', FLAGS);
