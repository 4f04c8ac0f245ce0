/**
 * @module A careless application (USERS 5): it listens to no event, and every hook of its behaviours and handlers throws or rejects. It must
 * never end by itself.
 */
import { BEHAVIOR_HOOKS } from '../../core/api/descriptor.js';
import { ConnectionHandler, createNode, NetworkBehavior, type NodeOptions } from '../../index.js';
import { answerQuestions, childOptions } from './children.js';

const HANDLER_HOOKS = ['onOpened', 'onTick', 'onEvent', 'onOtherHandlerEvent', 'onBehaviorEvent', 'onClosed'] as const;

const throwing = () => {
  throw new Error('careless');
};
const rejecting = async () => {
  throw new Error('careless');
};

function carelessHandler(misdeed: () => unknown): ConnectionHandler {
  const handler = new (class extends ConnectionHandler {})();
  return Object.assign(handler, Object.fromEntries(HANDLER_HOOKS.map((hook) => [hook, misdeed])));
}

function careless(serviceId: number, name: string, misdeed: () => unknown, hasHandlers: boolean): NetworkBehavior {
  const behavior = new (class extends NetworkBehavior {
    static readonly behavior = { serviceId, name };
  })();
  for (const hook of BEHAVIOR_HOOKS) {
    // A vote that throws refuses everybody: then nothing else would be called.
    if (hook.startsWith('check')) continue;
    const isConnected = hasHandlers && hook.endsWith('Connected');
    Object.assign(behavior, { [hook]: isConnected ? () => carelessHandler(misdeed) : misdeed });
  }
  return behavior;
}

const node = await createNode({
  logger: 'silent',
  tickMs: 10,
  behaviors: [
    careless(80, 'throwing', throwing, false),
    careless(81, 'rejecting', rejecting, false),
    careless(82, 'throwing-handlers', throwing, true),
    careless(83, 'rejecting-handlers', rejecting, true),
  ],
  ...childOptions<NodeOptions>(),
});

answerQuestions(
  {
    start: async () => {
      await node.start();
      return { id: node.id, addresses: node.addresses.map(String) };
    },
    faults: () => node.metrics()['faults_total'],
    open: () => node.connections().length,
    stop: () => node.stop(),
  },
  () => void node.stop(),
);
