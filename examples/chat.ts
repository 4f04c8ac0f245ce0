/**
 * @module Chat: a chat with one process per user. Each line goes to all other users, also over relays. A process exits at the end of its
 * input. Try it in three terminals:
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

  /** Called by the application: sends one copy to every node of the chat. */
  post(text: string): void {
    const line: ChatLine = { nick: this.options.nick, text };
    this.perform((agent) => agent.send(toServices(), line));
  }

  /** A broadcast is delivered to its sender, too. A nick is not verified; the node id of a neighbour is. */
  override onMessage(agent: BehaviorAgent, message: Message) {
    const line = message.value<Partial<ChatLine>>();
    if (message.source === agent.nodeId || typeof line?.nick !== 'string' || typeof line.text !== 'string') return;
    print(`${line.nick} (${shortId(message.source)}): ${line.text}`);
  }

  override onIncomingConnectionConnected(_agent: BehaviorAgent, { nodeId }: Connection) {
    print(`* ${shortId(nodeId)} has connected`);
  }

  override onOutgoingConnectionConnected(_agent: BehaviorAgent, { nodeId }: Connection) {
    print(`* connected to ${shortId(nodeId)}`);
  }

  override onIncomingConnectionDisconnected(_agent: BehaviorAgent, { nodeId }: Connection) {
    print(`* ${shortId(nodeId)} has disconnected`);
  }
}

/** Replaces control characters, which could move the cursor. */
function print(line: string): void {
  console.log(line.replaceAll(/\p{C}/gu, '?'));
}

const { values } = parseArgs({ options: { name: { type: 'string' }, listen: { type: 'string' }, seed: { type: 'string' } } });
const node = await createNode({
  listen: values.listen === undefined ? [] : [values.listen],
  seeds: values.seed === undefined ? [] : [values.seed],
  behaviors: [[Chat, { nick: values.name ?? 'anonymous' }]],
});
await node.start();
print(`* this is ${shortId(node.id)}, ${node.addresses.length > 0 ? `listening at ${node.addresses.join(', ')}` : 'not listening'}`);

for await (const line of createInterface({ input: process.stdin })) node.behavior(Chat).post(line);
await node.stop();
