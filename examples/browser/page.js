/**
 * @module Page: a node in a page. It has no listening address: others reach it over the node that it is connected to. A reload keeps its id, which the
 * browser stores for this origin.
 */
import { createNode, NetworkBehavior, shortId, toServices } from 'meshwright';

const LINES_MAX = 200;
const element = (id) => document.getElementById(id);

class Chat extends NetworkBehavior {
  static behavior = { serviceId: 66, name: 'chat' };

  post(line) {
    this.perform((agent) => agent.send(toServices(), line));
  }

  /** A broadcast is delivered to its sender, too. A nick is not verified. */
  onMessage(_agent, message) {
    const line = message.value();
    if (typeof line?.nick === 'string' && typeof line.text === 'string') show(`${line.nick} (${shortId(message.source)}): ${line.text}`);
  }
}

/** As text, whatever it is. */
function show(text) {
  const item = document.createElement('li');
  item.textContent = text;
  element('lines').append(item);
  while (element('lines').childElementCount > LINES_MAX) element('lines').firstElementChild.remove();
}

const seed = `${location.origin.replace(/^http/, 'ws')}/mesh`;
// A second window of this browser is another node: the first one has the identity for itself.
const name = sessionStorage.getItem('node') ?? crypto.randomUUID();
sessionStorage.setItem('node', name);
const node = await createNode({ identity: name, dataDirectory: name, seeds: [seed], behaviors: [Chat] });

function tell() {
  const count = node.connections().length;
  element('state').textContent =
    count === 0 ? 'looking for the mesh' : `this is ${shortId(node.id)}, connected to ${shortId(node.connections()[0].nodeId)}`;
}
for (const event of ['connected', 'disconnected']) node.on(event, tell);
await node.start();
tell();

element('form').addEventListener('submit', (event) => {
  event.preventDefault();
  node.behavior(Chat).post({ nick: element('nick').value, text: element('text').value });
  element('text').value = '';
});
