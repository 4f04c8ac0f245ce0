/**
 * @module The built-in behaviours.
 */
import type { Builtins } from '../core/index.js';
import { AddressBookBehavior } from './addressbook/index.js';
import { CircuitBehavior } from './circuit/index.js';
import { HandshakeBehavior } from './handshake/index.js';
import { KeyValueBehavior } from './keyvalue/index.js';
import { OperatorBehavior } from './operator/index.js';
import { PresenceBehavior } from './presence/index.js';
import { ProxyBehavior } from './proxy/index.js';
import { PubSubBehavior } from './pubsub/index.js';
import { PunchBehavior } from './punch/index.js';
import { RouterSyncBehavior } from './router-sync/index.js';
import { RpcBehavior } from './rpc/index.js';
import { SpacerBehavior } from './spacer/index.js';
import { StreamsBehavior } from './streams/index.js';
import { TelemetryBehavior } from './telemetry/index.js';

export * from './addressbook/index.js';
export * from './circuit/index.js';
export * from './envelopes/index.js';
export * from './handshake/index.js';
export * from './keyvalue/index.js';
export * from './lan/index.js';
export * from './operator/index.js';
export * from './peering/index.js';
export * from './port-mapping/index.js';
export * from './presence/index.js';
export * from './proxy/index.js';
export * from './pubsub/index.js';
export * from './punch/index.js';
export * from './router-sync/index.js';
export * from './rpc/index.js';
export * from './spacer/index.js';
export * from './streams/index.js';
export * from './telemetry/index.js';

/** Those that run by default, by name. */
export const BUILTINS: Builtins = {
  handshake: HandshakeBehavior,
  addressbook: AddressBookBehavior,
  'router-sync': RouterSyncBehavior,
  rpc: RpcBehavior,
  streams: StreamsBehavior,
  pubsub: PubSubBehavior,
};

/** Those that also run by default in private spaces, whose nodes trust each other with their bandwidth. */
export const PRIVATE_BUILTINS: Builtins = {
  circuit: CircuitBehavior,
  punch: PunchBehavior,
};

/** Those that run where the option `builtins` names them. A page that does not use one does not load it. */
export const NAMED_BUILTINS: Builtins = {
  spacer: SpacerBehavior,
  keyvalue: KeyValueBehavior,
  presence: PresenceBehavior,
  telemetry: TelemetryBehavior,
  operator: OperatorBehavior,
  proxy: ProxyBehavior,
};
