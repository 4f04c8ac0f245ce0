/** @module Kind 4: what refuses a connection is named: a limit, or that the remote may be busy, never a wrong key alone. */
import { createServer } from 'node:net';
import { expect } from 'chai';
import { addressOf, errorOf, heard, until, World } from './world.js';

const HOST = '127.0.0.47';

describe('kind 4: a refused connection', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  /** Somebody else's server. */
  async function server(onSocket: (socket: import('node:net').Socket) => void): Promise<string> {
    const listening = createServer((socket) => onSocket(socket.on('error', () => {}))).listen({ host: HOST, port: 0 });
    world.atEnd(() => listening.close());
    await until(() => listening.listening, 'it listens');
    return `tcp://${HOST}:${(listening.address() as { readonly port: number }).port}`;
  }

  it('by the number of connections names connections.max and its value, on both sides', async () => {
    const full = await world.node({ listen: [`tcp://${HOST}:0`], connections: { max: 1, min: 1 } });
    const refused = heard(full, 'refused');
    await (await world.node()).connect(addressOf(full));
    const error = await errorOf((await world.node()).connect(addressOf(full)));
    expect(error.code).to.equal('LIMIT_EXCEEDED');
    expect(error.message).to.include('connections.max is reached: 1');
    expect(refused.map(({ reason }) => reason.text)).to.deep.equal(['connections.max is reached: 1']);
  });

  it('that ends without a byte may be a busy remote; one that has answered is not', async () => {
    const silent = await server((socket) => void socket.once('data', () => socket.destroy()));
    const other = await server((socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const node = await world.node();
    const [ended, answered] = [await errorOf(node.connect(silent)), await errorOf(node.connect(other))];
    expect([ended.code, answered.code]).to.deep.equal(['HANDSHAKE_FAILED', 'HANDSHAKE_FAILED']);
    expect(ended.message).to.include('busy').and.to.include('another network name or key');
    expect(answered.message).to.not.include('busy');
  });

  it('that is accepted and never answered may be a busy remote', async () => {
    const node = await world.node({ limits: { openTimeoutMs: 1_000 } });
    const error = await errorOf(node.connect(await server((socket) => void world.atEnd(() => socket.destroy())), { timeoutMs: 20_000 }));
    expect(error.code).to.equal('DIAL_TIMEOUT');
    expect(error.message).to.include('the remote sent nothing').and.to.include('busy');
  });
});
