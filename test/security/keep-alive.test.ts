/** @module The life of a process that has nothing but a node: it lasts until the node is stopped, and no longer. */
import { createServer } from 'node:net';
import { expect } from 'chai';
import { startChild } from './children.js';
import { until, World } from './world.js';

const HOST = '127.0.0.43';

describe('kind 3: the life of a process that has nothing but a node', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  const startLonely = (life: string, seed?: string) => startChild(world, './lonely.child.js', { life, seed }, { stdio: 'output' });

  /** Everything that the child says in its life, and how it ends. */
  async function lifeOf(life: string, seed?: string) {
    const child = startLonely(life, seed);
    const end = await child.exited;
    await until(() => child.process.stdout?.readableEnded, 'its output has ended');
    return { said: child.stdout.join(''), errors: child.stderr.join(''), ...end };
  }

  it('a node that waits to dial its seed keeps the process alive until stop', async () => {
    const seed = `tcp://${HOST}:${await freePort()}`;
    const child = startLonely('waits', seed);
    await until(() => child.stdout.join('').includes('waits'), 'its first dial has failed');
    await world.node({ listen: [seed], builtins: ['handshake'] });
    expect(await child.exited).to.deep.equal({ code: 0, signal: null });
    expect(child.stdout.join('')).to.equal('{"waits":true}\n{"stopped":true}\n');
  });

  it('after stop, and after kill, nothing does', async () => {
    const seed = `tcp://${HOST}:${await freePort()}`;
    expect(await lifeOf('stops', seed)).to.deep.equal({ said: '{"stopped":true}\n', errors: '', code: 0, signal: null });
    expect(await lifeOf('kills')).to.deep.equal({ said: '{"killed":true}\n', errors: '', code: 0, signal: null });
  });

  it('with keepAlive: false neither a listener nor a connection nor a seed does', async () => {
    const seed = `tcp://${HOST}:${await freePort()}`;
    expect(await lifeOf('letsGo', seed)).to.deep.include({ errors: '', code: 0, signal: null });
  });

  it("a look-up of the resolver 'dns' at a deaf name server ends with stop", async () => {
    expect(await lifeOf('looksUp')).to.deep.equal({ said: '{"held":[]}\n', errors: '', code: 0, signal: null });
  });
});

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: HOST, port: 0 }, resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
