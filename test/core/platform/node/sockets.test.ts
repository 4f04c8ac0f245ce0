/** @module Tests of the port of sockets on Node: what a program at the other end sees, and what the system's codes are. */
import { expect } from 'chai';
import type { LocalSocket } from '../../../../core/index.js';
import { NodeSockets } from '../../../../core/platform/node/sockets/node-sockets.js';

const sockets = new NodeSockets();
const never = new AbortController().signal;
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const textOf = (part: Uint8Array | undefined) => (part === undefined ? undefined : Buffer.from(part).toString());
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    ({ code }: NodeJS.ErrnoException) => code,
  );

/** Both ends of a connection over loopback. */
async function pair(host = '127.0.0.1') {
  let accepted: (socket: LocalSocket) => void = () => {};
  const far = new Promise<LocalSocket>((resolve) => {
    accepted = resolve;
  });
  const listener = await sockets.listen({ host, port: 0 }, (socket) => accepted(socket));
  const near = await sockets.dial(listener.local, never);
  const ends = [near, await far] as const;
  listener.close();
  return ends;
}

describe('sockets on Node', () => {
  for (const host of ['127.0.0.1', '::1'])
    it(`carry bytes both ways, each direction ended by itself: ${host}`, async () => {
      const [near, far] = await pair(host);
      expect([near.remote, near.local]).to.deep.equal([far.local, far.remote]);
      await near.write(bytes('there'));
      await near.end();
      expect([textOf(await far.read()), await far.read()]).to.deep.equal(['there', undefined]);
      await far.write(bytes('and back'));
      expect(textOf(await near.read())).to.equal('and back');
      await far.end();
      expect(await near.read()).to.equal(undefined);
    });

  it('what is not read holds back who writes, in both directions', async () => {
    const ends = await pair();
    for (const [writer, reader] of [ends, [ends[1], ends[0]]] as const) {
      let written = 0;
      const fill = async () => {
        for (; written < 64; written++) await writer.write(new Uint8Array(1_048_576));
        await writer.end();
      };
      const filling = fill();
      let got = (await reader.read())?.length ?? 0;
      expect(written, 'of 64 MiB').to.be.below(64);
      for (let part = await reader.read(); part !== undefined; part = await reader.read()) got += part.length;
      await filling;
      expect(got).to.equal(64 * 1_048_576);
    }
  });

  it('a reset is one to the other program, to whoever reads and to whoever writes', async () => {
    const [near, far] = await pair();
    const reading = codeOf(far.read());
    near.reset('');
    near.reset('');
    expect(await reading).to.equal('ECONNRESET');
    expect(await codeOf(near.write(bytes('x')))).to.not.equal('ok');
    expect(await codeOf(far.write(bytes('x')))).to.not.equal('ok');
    expect(await codeOf(near.read())).to.equal('ECONNRESET');
  });

  it('failures have the codes of the system', async () => {
    const listener = await sockets.listen({ host: '127.0.0.1', port: 0 }, () => {});
    expect(await codeOf(sockets.listen(listener.local, () => {}))).to.equal('EADDRINUSE');
    listener.close();
    expect(await codeOf(sockets.dial(listener.local, never))).to.equal('ECONNREFUSED');
    expect(await codeOf(sockets.listen({ host: '203.0.113.1', port: 0 }, () => {}))).to.equal('EADDRNOTAVAIL');
    const abort = new AbortController();
    const silent = codeOf(sockets.dial({ host: '240.0.0.1', port: 9 }, abort.signal));
    abort.abort();
    expect(await silent).to.match(/^(ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EINVAL|EACCES)$/);
  });

  it('looks names up, until it is told to stop', async () => {
    expect(await sockets.resolve('localhost', never)).to.include('127.0.0.1');
    const abort = new AbortController();
    const looking = codeOf(sockets.resolve('name.invalid', abort.signal));
    abort.abort();
    expect(await looking).to.be.oneOf(['ETIMEDOUT', 'ENOTFOUND', 'ECONNREFUSED', 'ESERVFAIL']);
  });

  it('knows the addresses of this machine, and where loopback is the same', () => {
    expect([sockets.isOwn('127.0.0.1'), sockets.isOwn('9.9.9.9')]).to.deep.equal([true, false]);
    expect(sockets.place).to.match(/^[0-9a-f]{16}$/);
    expect(new NodeSockets().place).to.equal(sockets.place);
  });
});
