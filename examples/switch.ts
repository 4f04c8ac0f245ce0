/** @module Two spaces in one process: a market with members and an operator, and a plaza for everybody. A visitor of both calls at a stall. */
import { SpaceAuthority } from '../behaviours/index.js';
import { Identity } from '../index.js';
import { Switch } from '../switch.js';

const authority = new SpaceAuthority('market', Identity.generate());
const member = () => {
  const identity = Identity.generate();
  return { identity, certificate: authority.issue(identity, { fromMs: Date.now(), untilMs: Date.now() + 86_400_000 }) };
};
const space = { name: 'market', authority: authority.publicKey };
const listen = ['tcp://127.0.0.1:0'];

// Elsewhere: the operator, who knows everybody that is connected to it.
const office = new Switch();
await office.installSpace(space);
const operator = await office.install({ space: 'market', listen, ...member() }, { operator: true });

// Here: a stall and a visitor on the market, and the visitor on the plaza under another hashname.
const hub = new Switch();
await hub.installSpace({ ...space, operators: [`tcp://${operator.hashname}@127.0.0.1:${operator.addresses[0]?.port}`] });
await hub.installSpace({ name: 'plaza' });
const stall = await hub.install({ space: 'market', listen, ...member() }, { proxy: true });
const visitor = await hub.install({ space: 'market', listen, ...member() }, { proxy: true });
const idler = await hub.install({ space: 'plaza', listen });
await Promise.all([stall, visitor].map(({ hashname }) => operator.node.whenConnected(hashname)));
for (const { name, isOpen, hosted } of hub.spaces()) console.log(`${name}: ${hosted.length} here, ${isOpen ? 'open' : 'members only'}`);

stall.onRequest(async (request) => new Response(`one ${await request.text()}, please wait`));
console.log(`before: ${visitor.state(stall.hashname)}`);
const answer = await visitor.to(stall.hashname).http(new Request('http://stall/', { method: 'POST', body: 'coffee' }));
console.log(`${answer.status} ${await answer.text()}`);
console.log(`after: ${visitor.state(stall.hashname)}`);

const stranger = await idler.node.connect(`tcp://127.0.0.1:${stall.addresses[0]?.port}`).catch((error: Error) => error);
console.log(stranger instanceof Error ? 'the plaza does not reach the market' : 'connected');
await Promise.all([hub.stop(), office.stop()]);
