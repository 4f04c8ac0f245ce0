/**
 * @module Processes that have nothing but a node: one that waits to dial, one whose node does not keep it alive, and one that stops in the
 * middle of a look-up. They have no channel to their parent but their output, so that only the node can keep it alive.
 */
import { createSocket } from 'node:dgram';
import { setServers } from 'node:dns';
import { once } from 'node:events';
import { createNode } from '../../index.js';
import { TcpTransport } from '../../transports/index.js';
import { childOptions } from './children.js';

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const { life, seed = '' } = childOptions<{ readonly life: keyof typeof LIVES; readonly seed?: string }>();
const LIVES = {
  /** Nobody listens at its seed when it starts. */
  async waits() {
    const node = await createNode({ logger: 'silent', seeds: [seed] });
    const failed = new Promise((resolve) => node.on('dial-failed', resolve));
    node.on('connected', async () => {
      await node.stop();
      say({ stopped: true });
    });
    await node.start();
    await failed;
    say({ waits: true });
  },
  /** It dials only, and stops while it waits for the next dial. */
  async stops() {
    const node = await createNode({ logger: 'silent', seeds: [seed] });
    const failed = new Promise((resolve) => node.on('dial-failed', resolve));
    await node.start();
    await failed;
    await node.stop();
    say({ stopped: true });
  },
  async kills() {
    const node = await createNode({ logger: 'silent', listen: ['tcp://127.0.0.42:0'] });
    await node.start();
    node.kill();
    say({ killed: true });
  },
  /** A listener, a connection and a seed to dial. */
  async letsGo() {
    const options = { logger: 'silent', keepAlive: false } as const;
    const server = await createNode({ ...options, listen: ['tcp://127.0.0.42:0'] });
    const client = await createNode({ ...options, seeds: [seed] });
    server.on('connected', () => say({ open: true }));
    const starting = server.start();
    setTimeout(async () => {
      await starting;
      await client.start();
      // What is awaited from here on does not keep the process alive either.
      await client.connect(`${server.addresses[0]}`);
    });
  },
  async looksUp() {
    const deaf = createSocket('udp4').bind(0, '127.0.0.42');
    await once(deaf, 'listening');
    setServers([`127.0.0.42:${deaf.address().port}`]);
    const transports = [new TcpTransport({ resolver: 'dns' })];
    const node = await createNode({ logger: 'silent', transports, seeds: ['tcp://seed.example:7400'] });
    const asked = once(deaf, 'message');
    await node.start();
    await asked;
    await node.stop();
    deaf.unref();
    say({ held: process.getActiveResourcesInfo().filter((name) => !/pipe/i.test(name)) });
  },
};
await LIVES[life]();
