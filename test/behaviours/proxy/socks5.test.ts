/** @module Tests of SOCKS 5, by its bytes (RFC 1928, RFC 1929). */
import { expect } from 'chai';
import { isUsable, Socks5, type SocksStep, socksReply } from '../../../behaviours/proxy/protocols/socks5.js';
import { textOf } from '../../../behaviours/proxy/rules/target.js';
import { seededRandom } from '../../../testing/index.js';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/ /g, ''), 'hex'));
const shown = ({ send, target, failure, rest }: SocksStep) => ({
  send: send === undefined ? '' : Buffer.from(send).toString('hex'),
  target: target === undefined ? '' : textOf(target),
  failure: failure ?? '',
  rest: rest === undefined ? '' : Buffer.from(rest).toString('hex'),
});
/** What comes of bytes that arrive in these pieces, the last step with an outcome. */
function served(pieces: readonly string[], socks = new Socks5()) {
  const steps = pieces.map((piece) => shown(socks.receive(hex(piece))));
  const outcome = steps.at(-1) as ReturnType<typeof shown>;
  return { ...outcome, send: steps.map(({ send }) => send).join('') };
}
const USER = { user: 'ann', password: 'b5' };

describe('SOCKS 5', () => {
  it('reads IPv4, IPv6 and names, and passes names on as they are', () => {
    expect(served(['05 01 00', '05 01 00 01 7f000001 1f90'])).to.deep.include({ send: '0500', target: '127.0.0.1:8080', failure: '' });
    expect(served(['05 01 00', '05 01 00 04 00000000000000000000000000000001 0050'])).to.deep.include({ target: '[::1]:80' });
    expect(served(['05 02 02 00', '05 01 00 03 07 612e746573742e 01bb'])).to.deep.include({ target: 'a.test:443' });
    expect(served(['05 01 00', '05 01 00 03 09 3132372e302e302e31 0050'])).to.deep.include({ target: '127.0.0.1:80' });
  });

  it('takes pieces of any size, and gives back what came behind the request', () => {
    const all = '050100' + '0501000304612e6263' + '0050' + 'cafe';
    const bytes = all.match(/../g) as string[];
    expect(served([all])).to.deep.include({ send: '0500', target: 'a.bc:80', rest: 'cafe' });
    expect(served(bytes.slice(0, -2))).to.deep.include({ send: '0500', target: 'a.bc:80', rest: '' });
    for (let count = 1; count < bytes.length - 2; count++) expect(served(bytes.slice(0, count)).target, `${count} bytes`).to.equal('');
  });

  it('asks for user and password, and takes no other ones', () => {
    const ask = (auth: string) => served(['05 01 02', auth, '05 01 00 01 01010101 0050'], new Socks5(USER));
    expect(ask('01 03 616e6e 02 6235')).to.deep.include({ send: '05020100', target: '1.1.1.1:80' });
    expect(new Socks5(USER).receive(hex('05 02 00 01'))).to.deep.include({ failure: 'it offers no method that is accepted' });
    for (const auth of [
      '01 03 616e6e 02 6236',
      '01 03 616e6e 03 623535',
      '01 03 616e6e 01 62',
      '01 04 616e6e6e 02 6235',
      '01 00 00',
      '02 03 616e6e 02 6235',
    ]) {
      const socks = new Socks5(USER);
      socks.receive(hex('05 01 02'));
      const { send, failure } = socks.receive(hex(auth));
      expect([Buffer.from(send as Uint8Array).toString('hex'), failure], auth).to.deep.equal(['0101', failure]);
      expect(failure).to.match(/^(wrong|malformed) user name/);
    }
  });

  it('refuses what it does not serve with the reply that says so', () => {
    const refused = (request: string) => served(['05 01 00', request]);
    expect(refused('05 02 00 01 7f000001 0050')).to.deep.include({ send: '0500' + '05070001000000000000' });
    expect(refused('05 03 00 01 7f000001 0050')).to.deep.include({ send: '0500' + '05070001000000000000' });
    expect(refused('05 01 00 02 7f000001 0050')).to.deep.include({ send: '0500' + '05080001000000000000' });
    expect(refused('05 01 01 01 7f000001 0050')).to.deep.include({ send: '0500' + '05010001000000000000' });
    expect(refused('04 01 00 01 7f000001 0050')).to.deep.include({ send: '0500' + '05010001000000000000' });
    expect(refused('05 01 00 01 7f000001 0000')).to.deep.include({ send: '0500' + '05080001000000000000' });
    expect(refused('05 01 00 03 00 0050')).to.deep.include({ send: '0500' + '05080001000000000000' });
    expect(refused('05 01 00 03 03 610062 0050')).to.deep.include({ send: '0500' + '05080001000000000000' });
    expect(refused('05 01 00 03 05 3132372e31 0050'), '127.1').to.deep.include({ send: '0500' + '05080001000000000000' });
    for (const other of ['04 01 0050 7f000001 00', '47 45 54 20 2f', '00'])
      expect(served([other]).failure).to.equal('it speaks no SOCKS 5');
  });

  it('replies with no address of the far side', () => {
    expect(Buffer.from(socksReply('succeeded')).toString('hex')).to.equal('05000001000000000000');
    expect(Buffer.from(socksReply('refused')).toString('hex')).to.equal('05050001000000000000');
  });

  it('takes credentials of 1 to 255 bytes', () => {
    expect(isUsable({ user: 'a', password: 'b'.repeat(255) })).to.equal(true);
    expect(isUsable({ user: '', password: 'b' })).to.equal(false);
    expect(isUsable({ user: 'a', password: 'b'.repeat(256) })).to.equal(false);
  });

  it('never throws, whatever comes, and keeps no more than a request has', () => {
    const random = seededRandom('socks', 1);
    for (let round = 0; round < 2_000; round++) {
      const socks = new Socks5(round % 2 === 0 ? undefined : USER);
      const bytes = new Uint8Array(random.bytes(3 + Math.floor(random.float() * 40)));
      if (random.float() < 0.8) bytes.set([5, 1, round % 2 === 0 ? 0 : 2]);
      const step = socks.receive(bytes);
      expect(step.send?.length ?? 0).to.be.at.most(14);
    }
  });
});
