/**
 * @module The example suite that every way of writing behaviours has to pass: it is given the same three classes, written under one
 * dialect of decorators or none, and checks registration and injection. Throws at the first difference; needs no test runner.
 */
import assert from 'node:assert/strict';
import type { NodeId } from '../../core/address/node-id.js';
import { descriptorOf, rpcMethodsOf } from '../../core/api/descriptor.js';
import type { NetworkBehavior } from '../../core/api/network-behavior.js';
import type { Logger } from '../../core/api/ports.js';
import { REJECT, RouterTable } from '../../core/api/router-table.js';
import { NetworkError } from '../../core/errors.js';
import { MemoryStorage } from '../../core/node/memory-storage.js';
import { NodeContainer, type NodeValues } from '../../core/registration/container.js';
import { token } from '../../core/registration/injection.js';
import { type BehaviorClass, planRegistration } from '../../core/registration/registry.js';

/** A token of the application's own. */
export const PREFIX = token<string>('PREFIX');

/** What each form has to write down. */
export interface Forms {
  /** Service 64, `greeter`; takes its options `{ greeting }` last; offers `greet` and `count`, not `secret`. */
  readonly Greeter: BehaviorClass<NetworkBehavior & { readonly greeting: string; greet(request: { name: string }): { text: string } }>;
  /** Service 65, `loud-greeter`; extends Greeter and overrides `greet`. */
  readonly LoudGreeter: BehaviorClass;
  /** Service 66, `scribe`, a gate; injects Greeter, RouterTable and PREFIX, then takes its options. */
  readonly Scribe: BehaviorClass<NetworkBehavior & { readonly given: readonly unknown[] }>;
}

class NoWay extends RouterTable {
  override readonly pathToNode = () => REJECT;
  override readonly pathToKey = () => REJECT;
  override readonly pathToService = () => REJECT;
}

const silent: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** A node's own values, for tests that build containers. */
export function nodeValues(): NodeValues {
  return {
    nodeId: 'ab'.repeat(32) as NodeId,
    clock: { nowMs: () => 0, wallMs: () => 0 },
    random: { bytes: (byteCount) => new Uint8Array(byteCount), float: () => 0 },
    logger: silent,
    signer: {
      publicKey: new Uint8Array(32),
      sign: () => new Uint8Array(64),
      verify: () => false,
      nodeIdOf: () => 'ab'.repeat(32) as NodeId,
    },
    sealer: { tag: () => new Uint8Array(32), seal: (_domain, content) => content, open: () => undefined },
    storage: new MemoryStorage(),
    router: new NoWay(),
  };
}

export function checkForms({ Greeter, LoudGreeter, Scribe }: Forms): void {
  assert.deepEqual(pick(Greeter), { serviceId: 64, name: 'greeter', gate: undefined });
  assert.deepEqual(pick(LoudGreeter), { serviceId: 65, name: 'loud-greeter', gate: undefined });
  assert.deepEqual(pick(Scribe), { serviceId: 66, name: 'scribe', gate: true });
  assert.deepEqual([...rpcMethodsOf(Greeter)].sort(), ['count', 'greet']);
  assert.deepEqual([...rpcMethodsOf(LoudGreeter)].sort(), ['count', 'greet']);
  assert.deepEqual([...rpcMethodsOf(Scribe)], []);
  checkInjection(Greeter, Scribe);
  checkRefusal(Greeter, Scribe);
}

function checkInjection(Greeter: Forms['Greeter'], Scribe: Forms['Scribe']): void {
  const values = nodeValues();
  const plan = planRegistration({
    behaviors: [
      [Scribe, { lines: 3 }],
      [Greeter, { greeting: 'Good day' }],
    ],
    provide: [{ token: PREFIX, useValue: '> ' }],
  });
  assert.deepEqual(
    plan.behaviors.map(({ type }) => type),
    [Greeter, Scribe],
  );
  const container = new NodeContainer(plan, values);
  container.build();
  const greeter = container.behavior(Greeter);
  assert.deepEqual(container.behavior(Scribe)?.given, [greeter, values.router, '> ', { lines: 3 }]);
  assert.deepEqual(greeter?.greet({ name: 'Ada' }), { text: 'Good day Ada' });
}

function checkRefusal(Greeter: Forms['Greeter'], Scribe: Forms['Scribe']): void {
  const codes = (behaviors: readonly BehaviorClass[]) => {
    try {
      return planRegistration({ behaviors }).warnings;
    } catch (error) {
      return error instanceof NetworkError ? error.code : error;
    }
  };
  assert.equal(codes([Scribe]), 'DEPENDENCY_MISSING');
  assert.equal(codes([Greeter, Greeter]), 'BEHAVIOR_DUPLICATE');
}

function pick(type: BehaviorClass): { serviceId: number; name: string; gate: boolean | undefined } {
  const { serviceId, name, gate } = descriptorOf(type);
  return { serviceId, name, gate };
}
