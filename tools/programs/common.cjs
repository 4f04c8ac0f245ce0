/** @module Common: a CommonJS program. */
const { createNode, NetworkBehavior, toNode } = require('meshwright');

class Greeter extends NetworkBehavior {
  static behavior = { serviceId: 64, name: 'greeter', rpc: ['greet'] };
  greet(request) {
    return { text: `Hello ${request.name}` };
  }
}

(async () => {
  const ada = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Greeter] });
  const bob = await createNode({ behaviors: [Greeter] });
  await ada.start();
  await bob.start();
  await bob.connect(`${ada.addresses[0]}`);
  console.log((await bob.client(Greeter, toNode(ada.id)).greet({ name: 'world' })).text);
  await bob.stop();
  await ada.stop();
})();
