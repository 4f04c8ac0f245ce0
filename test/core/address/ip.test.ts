/** @module Tests of numeric addresses as bytes: literal cases of RFC 5952 and agreement with the system's own parser. */
import { isIPv4, isIPv6 } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { formatIpv4, formatIpv6, ipBytes, isIpv4Mapped, parseIpv4, parseIpv6 } from '../../../core/address/ip.js';

const hex = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString('hex'));

describe('numeric addresses', () => {
  it('are read to literal bytes', () => {
    expect(hex(parseIpv4('192.0.2.1'))).to.equal('c0000201');
    expect(hex(parseIpv6('::'))).to.equal('00'.repeat(16));
    expect(hex(parseIpv6('2001:db8::ff00:42:8329'))).to.equal('20010db8000000000000ff0000428329');
    expect(hex(parseIpv6('::ffff:192.0.2.1'))).to.equal(`${'00'.repeat(10)}ffffc0000201`);
    expect(hex(parseIpv6('0000:0000:0000:0000:0000:ffff:192.168.100.228'))).to.equal(`${'00'.repeat(10)}ffffc0a864e4`);
  });

  it('are read from hosts with a zone', () => {
    expect(hex(ipBytes('fe80::1%eth0'))).to.equal(`fe80${'00'.repeat(13)}01`);
    expect(hex(ipBytes('10.0.0.1'))).to.equal('0a000001');
    expect(ipBytes('example.org')).to.equal(undefined);
    expect(ipBytes('')).to.equal(undefined);
  });

  it('tell IPv4-mapped ones from their neighbours', () => {
    const mapped = (text: string) => isIpv4Mapped(parseIpv6(text) as Uint8Array);
    expect(mapped('::ffff:1.2.3.4')).to.equal(true);
    expect(mapped('::fffe:1.2.3.4')).to.equal(false);
    expect(mapped('1::ffff:1.2.3.4')).to.equal(false);
    expect(mapped('::1.2.3.4')).to.equal(false);
  });

  it('survive writing and reading', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(0xffff), (bytes, zeros) => {
        bytes.forEach((_, index) => {
          if ((zeros >> index) & 1) bytes[index] = 0;
        });
        expect(parseIpv6(formatIpv6(bytes))).to.deep.equal(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => void expect(parseIpv4(formatIpv4(bytes))).to.deep.equal(bytes)),
    );
  });

  it('are accepted exactly when the system accepts them', () => {
    const piece = fc.constantFrom(':', '::', '0', '1', 'ff', 'FFFF', '10000', '1.2.3.4', '.', '255', '256', '01', 'g');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 17 }), (pieces) => {
        const text = pieces.join('');
        expect(parseIpv6(text) !== undefined, text).to.equal(isIPv6(text));
        expect(parseIpv4(text) !== undefined, text).to.equal(isIPv4(text));
      }),
      { numRuns: 3000 },
    );
  });
});
