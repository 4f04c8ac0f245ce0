/** @module Tests of which addresses multicast goes out from, and of what counts as being on their links. */
import type { NetworkInterfaceInfo } from 'node:os';
import { expect } from 'chai';
import { facesOf, LAN_FACES_MAX } from '../../../../../core/platform/node/lan/interfaces.js';

function ipv4(address: string, prefix: number, internal = false): NetworkInterfaceInfo {
  return { family: 'IPv4', address, cidr: `${address}/${prefix}`, internal, mac: '', netmask: '' };
}

function ipv6(address: string, internal = false): NetworkInterfaceInfo {
  return { family: 'IPv6', address, cidr: `${address}/64`, internal, mac: '', netmask: '', scopeid: 2 };
}

const MACHINE = {
  lo: [ipv4('127.0.0.1', 8, true), ipv6('::1', true)],
  eth0: [ipv4('192.168.1.5', 24), ipv4('10.0.0.5', 16), ipv6('2001:db8::5'), ipv6('fe80::5')],
  gone: undefined,
};

describe('the addresses of LAN discovery', () => {
  it('are every IPv4 address, and the link-local IPv6 address of what leads out of the machine', () => {
    const faces = facesOf(MACHINE).map(({ family, host, multicastInterface }) => [family, host, multicastInterface]);
    expect(faces).to.deep.equal([
      ['udp4', '127.0.0.1', '127.0.0.1'],
      ['udp4', '192.168.1.5', '192.168.1.5'],
      ['udp4', '10.0.0.5', '10.0.0.5'],
      ['udp6', 'fe80::5%eth0', '::%eth0'],
    ]);
  });

  it('are those of the named interfaces, when some are named', () => {
    expect(facesOf(MACHINE, ['lo', 'eth9']).map(({ host }) => host)).to.deep.equal(['127.0.0.1']);
    expect(facesOf(MACHINE, [])).to.deep.equal([]);
    expect(facesOf({})).to.deep.equal([]);
  });

  it('are sixteen at most', () => {
    const many = Array.from({ length: LAN_FACES_MAX + 1 }, (_, index) => ipv4(`10.${index}.0.1`, 24));
    expect(facesOf({ eth0: many.slice(1) })).to.have.length(LAN_FACES_MAX);
    expect(facesOf({ eth0: many })).to.have.length(LAN_FACES_MAX);
  });

  it('packets from beyond the link do not count (RFC 6762, section 11)', () => {
    const [, near, wide, six] = facesOf(MACHINE);
    for (const host of ['192.168.1.1', '192.168.1.5', '192.168.1.254']) expect(near?.isOnLink(host), host).to.equal(true);
    for (const host of ['192.168.2.1', '192.168.0.255', '8.8.8.8', '127.0.0.1', 'fe80::7%eth0', ''])
      expect(near?.isOnLink(host), host).to.equal(false);
    expect(wide?.isOnLink('10.0.255.1')).to.equal(true);
    expect(wide?.isOnLink('10.1.0.1')).to.equal(false);
    expect(six?.isOnLink('fe80::7%eth0')).to.equal(true);
    for (const host of ['fe80::7%eth1', 'fe80::7', '2001:db8::5', '::1', '192.168.1.5', 'fec0::7%eth0'])
      expect(six?.isOnLink(host), host).to.equal(false);
  });
});
