/**
 * @module SECURITY.md row 74, as a table: whatever an application may ask of its node is legal within every callback. It happens when the
 * callback has returned; hooks keep their order, and nothing fails.
 */
import { expect } from 'chai';
import { type BehaviorAgent, NetworkBehavior } from '../../../../core/index.js';
import { DirectRouter } from '../../../../routing/index.js';
import type { SimulatedNode } from '../../../../simulation.js';
import { CALLBACKS, EVENTS, Faulty, type Life, live } from './faulty-life.js';

/** Counts its life. */
class Guest extends NetworkBehavior {
  static readonly behavior = { serviceId: 90, name: 'guest' } as const;
  readonly seen: string[] = [];
  override onStarted(): void {
    this.seen.push('started');
  }
  override onTick(_agent: BehaviorAgent): void {
    if (this.seen.at(-1) !== 'tick') this.seen.push('tick');
  }
  override onStopped(): void {
    this.seen.push('stopped');
  }
}

interface Deed {
  readonly name: string;
  readonly act: (bob: SimulatedNode) => unknown;
  /** What has to hold in the end. */
  readonly check?: (life: Life) => void;
}

let guest = new Guest();
let settled: unknown[] = [];

const DEEDS: readonly Deed[] = [
  { name: 'disconnect', act: (bob) => bob.connections().forEach(({ id }) => void bob.disconnect(id)) },
  { name: 'disconnectNode', act: (bob) => bob.connections().forEach(({ nodeId }) => void bob.disconnectNode(nodeId)) },
  {
    name: 'connect',
    act: (bob) =>
      void bob.connect('sim://carol').then(
        () => settled.push('ok'),
        () => settled.push('failed'),
      ),
    check: () => expect(settled).to.have.length(1),
  },
  {
    name: 'connect, and abort it at once',
    act: (bob) => {
      const control = new AbortController();
      void bob.connect('sim://dave', { signal: control.signal }).catch(({ code }) => settled.push(code));
      control.abort();
    },
    check: () => expect(settled[0]).to.be.oneOf(['CALL_CANCELLED', 'NOT_STARTED']),
  },
  {
    name: 'stop',
    act: (bob) => void bob.stop().then(() => settled.push('stopped')),
    check: () => expect(settled).to.deep.equal(['stopped']),
  },
  {
    name: 'addBehavior',
    act: (bob) => {
      guest = bob.addBehavior(Guest) as Guest;
    },
    check: () => expect(guest.seen.join()).to.match(/^started(,tick)?,stopped$/),
  },
  {
    name: 'removeBehavior of itself',
    act: (bob) => void bob.removeBehavior(Faulty),
    check: ({ hits }) => expect(hits.get('onStopped')).to.equal(1),
  },
  {
    name: 'removeBehavior of another one',
    act: (bob) => {
      const other = bob['network'].behaviors.at(66)?.instance;
      if (other !== undefined) bob.removeBehavior(other);
    },
  },
  {
    name: 'replace itself',
    act: (bob) => {
      const { culprit } = bob.behavior(Faulty);
      bob.removeBehavior(Faulty);
      bob.addBehavior(new Faulty(culprit));
    },
    check: ({ hits }) => expect(hits.get('onStopped')).to.equal(2),
  },
  { name: 'useRouter', act: (bob) => bob.useRouter(DirectRouter) },
  { name: 'perform', act: (bob) => bob.behavior(Faulty).act() },
  { name: 'unsubscribe', act: (bob) => bob.on('fault', () => {})() },
];

/** Every connected has its disconnected, every opened its closed, and the end comes once and last. */
function expectOrder({ seen, hits, faults, failedListeners, remains }: Life): void {
  const count = (entry: string) => seen.filter((other) => other === `65 ${entry}`).length;
  expect(count('onIncomingConnectionConnected')).to.equal(count('onIncomingConnectionDisconnected'));
  expect(count('onOutgoingConnectionConnected')).to.equal(count('onOutgoingConnectionDisconnected'));
  expect(count('handler.onOpened')).to.equal(count('handler.onClosed'));
  expect([seen[0], seen.at(-1), count('onStarted'), count('onStopped')]).to.deep.equal(['65 onStarted', '65 onStopped', 1, 1]);
  expect(hits.get('handler.onOpened') ?? 0).to.equal(hits.get('handler.onClosed') ?? 0);
  expect([faults, failedListeners, remains]).to.deep.equal([[], [], [0, 0, 0, 0]]);
}

describe('row 74: within every callback', () => {
  for (const deed of DEEDS) {
    describe(`${deed.name} is legal`, () => {
      for (const callback of [...CALLBACKS, ...EVENTS.map((name) => `on ${name}`)]) {
        it(`in ${callback}`, async () => {
          settled = [];
          let isDone = false;
          const misdeed = (bob: SimulatedNode) => {
            if (bob['state'] === 'stopped' && deed.name !== 'stop') return;
            isDone = true;
            deed.act(bob);
          };
          const life = await live({ callback, misdeed });
          expectOrder(life);
          if (isDone) deed.check?.(life);
        });
      }
    });
  }
});
