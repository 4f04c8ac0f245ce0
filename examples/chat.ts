/**
 * @module Chat: one process for each person. What one types goes to all others, also to those that are only connected to the same node;
 * the chat ends with the end of the input. Try it in three windows:
 *
 *   node dist/examples/chat.js --name ada --listen tcp://127.0.0.1:7001
 *   node dist/examples/chat.js --name bob --seed tcp://127.0.0.1:7001
 *   node dist/examples/chat.js --name cleo --seed tcp://127.0.0.1:7001
 */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type BehaviorAgent, type Connection, createNode, type Message, NetworkBehavior, shortId, toServices } from '../index.js';

interface ChatLine {
  readonly nick: string;
  readonly text: string;
}

class Chat extends NetworkBehavior {
  static readonly behavior = { serviceId: 66, name: 'chat' } as const;

  constructor(private readonly options: { readonly nick: string }) {
    super();
  }

  /** For the application: one copy to every node of the chat. */
  say(text: string): void {
    const line: ChatLine = { nick: this.options.nick, text };
    this.perform((agent) => agent.send(toServices(), line));
  }

  /** A broadcast reaches its sender, too. A nick is a claim: only a neighbour's node id is proven. */
  override onMessage(agent: BehaviorAgent, message: Message) {
    const line = message.value<Partial<ChatLine>>();
    if (message.source === agent.nodeId || typeof line?.nick !== 'string' || typeof line.text !== 'string') return;
    print(`${line.nick} (${shortId(message.source)}): ${line.text}`);
  }

  override onIncomingConnectionConnected(_agent: BehaviorAgent, { nodeId }: Connection) {
    print(`* ${shortId(nodeId)} has come`);
  }

  override onOutgoingConnectionConnected(_agent: BehaviorAgent, { nodeId }: Connection) {
    print(`* you are connected to ${shortId(nodeId)}`);
  }

  override onIncomingConnectionDisconnected(_agent: BehaviorAgent, { nodeId }: Connection) {
    print(`* ${shortId(nodeId)} has left`);
  }
}

/** What others have written shall not move the cursor. */
function print(line: string): void {
  console.log(line.replaceAll(/\p{C}/gu, '?'));
}

const { values } = parseArgs({ options: { name: { type: 'string' }, listen: { type: 'string' }, seed: { type: 'string' } } });
const node = await createNode({
  listen: values.listen === undefined ? [] : [values.listen],
  seeds: values.seed === undefined ? [] : [values.seed],
  behaviors: [[Chat, { nick: values.name ?? 'somebody' }]],
});
await node.start();
print(
  `* you are ${shortId(node.id)}, ${node.addresses.length > 0 ? `and can be reached at ${node.addresses.join(', ')}` : 'and listen nowhere'}`,
);

for await (const line of createInterface({ input: process.stdin })) node.behavior(Chat).say(line);
await node.stop();
