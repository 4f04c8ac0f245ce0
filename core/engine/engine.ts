/**
 * @module Engine: the one object that the parts of the state machine share. `Network` builds it; every part takes what it needs from
 * it and keeps no copy. Inputs, effects and events are the engine's only contact with the world.
 */

import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';
import type { NodeEventName, NodeEvents } from '../api/events.js';
import type { Logger, Random } from '../api/ports.js';
import type { LinkKind } from '../api/transport.js';
import type { NetworkError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { AgreementKeys } from '../security/agreement-keys.js';
import type { AgreementKey, Crypto } from '../security/crypto.js';
import type { Identity } from '../security/identity.js';
import type { SecureStreamOptions } from '../security/secure-stream.js';
import type { PendingTable } from '../structures/pending-table.js';
import type { Action, CallState } from './behaviors/action.js';
import type { BehaviorTable } from './behaviors/behavior-table.js';
import type { Callbacks } from './behaviors/callbacks.js';
import type { CoreMetrics } from './core-metrics.js';
import type { Dialer } from './dial/dialer.js';
import type { Keeper } from './dial/keeper.js';
import type { Admission } from './links/admission.js';
import type { Link } from './links/link.js';
import type { LinkTable } from './links/link-table.js';
import type { Liveness } from './links/liveness.js';
import type { Delivery } from './messages/delivery.js';
import type { RouterFacade } from './router-facade.js';

/** Everything that can happen to a network. Connection ids of accepted channels come from `Network.reserveConnectionId`. */
export type Input =
  | { readonly type: 'start' }
  /** A deadline has come. */
  | { readonly type: 'time' }
  | { readonly type: 'listening'; readonly addresses: readonly Address[] }
  | ({ readonly type: 'accepted' } & ChannelFacts)
  /** The transport's answer to a `dial` effect. */
  | ({ readonly type: 'connected' } & ChannelFacts)
  | { readonly type: 'dial-failed'; readonly connectionId: number; readonly error: NetworkError }
  | { readonly type: 'bytes'; readonly connectionId: number; readonly bytes: Uint8Array }
  | { readonly type: 'written'; readonly connectionId: number; readonly byteCount: number }
  /** The channel is gone; `cause` is absent when the remote ended it in good order. */
  | { readonly type: 'closed'; readonly connectionId: number; readonly cause: NetworkError | undefined }
  /** Work of the application, carried out between two callbacks. */
  | { readonly type: 'work'; readonly work: () => void }
  | { readonly type: 'stop' };

export interface ChannelFacts {
  readonly connectionId: number;
  readonly kind: LinkKind;
  readonly remoteAddress: Address;
  readonly localAddress: Address | undefined;
}

/** What the world has to do for a network, in this order. */
export type Effect =
  | { readonly type: 'write'; readonly connectionId: number; readonly chunks: readonly Uint8Array[] }
  | { readonly type: 'dial'; readonly connectionId: number; readonly address: Address }
  | { readonly type: 'cancel-dial'; readonly connectionId: number }
  /** Write what is queued, then end the channel. */
  | { readonly type: 'end'; readonly connectionId: number }
  | { readonly type: 'destroy'; readonly connectionId: number };

/** What a network is made of. */
export interface NetworkOptions {
  readonly identity: Identity;
  readonly network: string;
  readonly networkKey: Uint8Array | undefined;
  readonly limits: Limits;
  readonly tickMs: number;
  readonly crypto: Crypto;
  readonly random: Random;
  readonly keys: AgreementKeys;
  readonly log: Logger;
  /** For stamps and expiry only. */
  readonly wallMs: () => number;
  /** Runs work inside of a step; `perform` needs it when nothing runs. */
  readonly enter: (work: () => void) => void;
  readonly emit: <Name extends NodeEventName>(name: Name, event: NodeEvents[Name]) => void;
  /** For tests: fixed ephemeral keys, early rekeys, nonces near their end. */
  readonly secureHooks: NonNullable<SecureStreamOptions['hooks']> | undefined;
}

/** A deadline's work. */
export type Expiry = () => void;

export interface Engine {
  readonly options: NetworkOptions;
  readonly self: NodeId;
  readonly limits: Limits;
  readonly metrics: CoreMetrics;
  /** The Noise static key of this start, and the random name of this start. */
  readonly staticKey: AgreementKey;
  readonly instance: Uint8Array;
  /** Monotonic time of the step at hand. */
  readonly nowMs: number;
  readonly isStopping: boolean;
  /** Whether a step runs now. */
  readonly isStepping: boolean;
  addresses: readonly Address[];

  readonly callbacks: Callbacks;
  readonly behaviors: BehaviorTable;
  readonly links: LinkTable;
  readonly admission: Admission;
  readonly liveness: Liveness;
  readonly delivery: Delivery;
  readonly dialer: Dialer;
  readonly keeper: Keeper;
  readonly router: RouterFacade;
  readonly deadlines: PendingTable<Expiry>;
  /** Calls of callbacks that are not answered yet. */
  readonly calls: PendingTable<CallState>;

  /** Adds to the one FIFO. */
  enqueue(action: Action): void;
  /** The link has something to write or to end. */
  touch(link: Link): void;
  effect(effect: Effect): void;
  nextConnectionId(): number;
}
