/**
 * @module A node with LAN discovery in a process of its own. Arguments: the space's name, where to listen, the network interface or `*`,
 * `on` or `off`. It prints lines of JSON; a line on its input ends it, and then the process has to end by itself.
 */
import { createRequire } from 'node:module';
import { AddressBookBehavior } from '../../../behaviours/addressbook/index.js';
import { LanBehavior } from '../../../behaviours/lan/index.js';
import { createNode } from '../../../index.js';

const [network = '', listen = '', interfaceName = '', mode = 'on'] = process.argv.slice(2);
const say = (value: object) => console.log(JSON.stringify(value));
const options = interfaceName === '*' ? {} : { interfaces: [interfaceName] };
const lan = mode === 'on' ? [[LanBehavior, options] as const] : [];

const node = await createNode({ network, listen: [listen], builtins: ['handshake'], behaviors: [AddressBookBehavior, ...lan] });
node.on('connected', ({ nodeId, remoteAddress: { host } }) => say({ connected: nodeId, host, ms: Math.round(performance.now()) }));
node.on('fault', ({ cause }) => say({ fault: String(cause) }));
await node.start();
say({ id: node.id });
process.stdin.once('data', async () => {
  process.stdin.destroy();
  const heard = mode === 'on' ? node.behavior(LanBehavior).counters.announcementsReceived : 0;
  await node.stop();
  // Standard streams and what the process began with do not count.
  const open = process.getActiveResourcesInfo().filter((name) => !/^(TTYWrap|PipeWrap|FSReqCallback|FSReqPromise|Immediate)$/.test(name));
  const isLoaded = Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('multicast-dns'));
  say({ connections: node.connections().length, heard, open, isLoaded });
});
