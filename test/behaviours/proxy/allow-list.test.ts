/** @module Tests of the allow-list, by addresses as they are connected. */
import { expect } from 'chai';
import { AllowList } from '../../../behaviours/proxy/rules/allow-list.js';
import { parseRule } from '../../../behaviours/proxy/rules/rule.js';
import { parseTarget, type Target, targetOf, textOf } from '../../../behaviours/proxy/rules/target.js';
import { ipBytes } from '../../../core/index.js';

/** Whether rules admit a target that is connected at an address. */
function admits(rules: readonly string[], target: string, address = '', isOwn = false): boolean {
  const wanted = parseTarget(target) as Target;
  return new AllowList(rules).admits(wanted, ipBytes(address) ?? (wanted.bytes as Uint8Array), isOwn);
}

describe('targets', () => {
  it('have one spelling; another spelling of a number is neither an address nor a name', () => {
    const normal = ['example.org:80', '127.0.0.1:1', '[::1]:65535', '[fd00::7]:22', 'a_b.c-d.e:443'];
    expect(normal.map((text) => textOf(parseTarget(text) as Target))).to.deep.equal(normal);
    expect(textOf(parseTarget('EXAMPLE.org.:80') as Target)).to.equal('example.org:80');
    expect(textOf(parseTarget('[::ffff:7f00:1]:80') as Target)).to.equal('127.0.0.1:80');
    const refused = [
      '127.1:80',
      '0x7f.1:80',
      '0177.0.0.1:80',
      '2130706433:80',
      '0:80',
      'a.0x1:80',
      '1.2.3.4.5:80',
      '[fe80::1%eth0]:80',
      'fe80::1%1:80',
    ];
    for (const text of refused) expect(parseTarget(text), text).to.equal(undefined);
  });

  it('have a host and a port from 1 to 65535', () => {
    const refused = [
      '',
      ':80',
      'a',
      'a:',
      'a:0',
      'a:65536',
      'a:080',
      'a:+1',
      'a:1e3',
      '::1:80',
      '[::1]',
      '[a]:80',
      '[1.2.3.4]:80',
      'a b:80',
      'a\0b:80',
      'a..b:80',
    ];
    for (const text of refused) expect(parseTarget(text), JSON.stringify(text)).to.equal(undefined);
    const label = 'a'.repeat(63);
    const longest = [label, label, label, 'a'.repeat(61)].join('.');
    expect(parseTarget(`${longest}:80`)?.host).to.have.lengthOf(253);
    expect(parseTarget(`${longest}a:80`)).to.equal(undefined);
    expect(parseTarget(`${label}a.b:80`)).to.equal(undefined);
    expect(targetOf('::1', 80)?.host).to.equal('::1');
    expect(targetOf('a', 70_000)).to.equal(undefined);
  });
});

describe('allow-list', () => {
  it('admits nothing without a rule', () => {
    for (const target of ['1.1.1.1:80', '127.0.0.1:80', '[2606::1]:443']) expect(admits([], target), target).to.equal(false);
  });

  it('admits an address, a range and ports, and not the nearest other ones', () => {
    expect(admits(['9.9.9.9:443'], '9.9.9.9:443')).to.equal(true);
    expect(admits(['9.9.9.9:443'], '9.9.9.10:443')).to.equal(false);
    expect(admits(['9.9.9.9:443'], '9.9.9.9:442')).to.equal(false);
    expect(admits(['9.9.8.0/23:443'], '9.9.9.255:443')).to.equal(true);
    expect(admits(['9.9.8.0/23:443'], '9.9.10.0:443')).to.equal(false);
    expect(admits(['[2606:4700::/32]:80,8000-8099'], '[2606:4700:1::1]:8099')).to.equal(true);
    expect(admits(['[2606:4700::/32]:80,8000-8099'], '[2606:4700:1::1]:8100')).to.equal(false);
    expect(admits(['[2606:4700::/32]:*'], '[2606:4701::1]:80')).to.equal(false);
  });

  it('a name or * admits public addresses alone, whatever the look-up gives', () => {
    const rules = ['shop.example:80', '*.lab.example:80', '*:443'];
    expect(admits(rules, 'shop.example:80', '9.9.9.9')).to.equal(true);
    expect(admits(rules, 'a.b.lab.example:80', '9.9.9.9')).to.equal(true);
    expect(admits(rules, 'lab.example:80', '9.9.9.9')).to.equal(false);
    expect(admits(rules, 'evil.example:80', '9.9.9.9')).to.equal(false);
    expect(admits(rules, '9.9.9.9:80')).to.equal(false);
    expect(admits(rules, 'anything.example:443', '9.9.9.9')).to.equal(true);
    for (const address of ['127.0.0.1', '::1', '10.0.0.1', '169.254.169.254', 'fd00::1', '100.64.0.1', '64:ff9b::7f00:1', '2002:7f00:1::1'])
      for (const target of ['shop.example:80', 'a.lab.example:80', 'anything.example:443'])
        expect(admits(rules, target, address), `${target} at ${address}`).to.equal(false);
  });

  it('a private or special address needs a rule that lies within its range', () => {
    expect(admits(['10.0.0.0/8:80'], '10.1.2.3:80')).to.equal(true);
    expect(admits(['10.0.0.0/8:80'], 'intranet.example:80', '10.1.2.3')).to.equal(true);
    expect(admits(['8.0.0.0/6:80'], '10.1.2.3:80'), 'a wide range names nothing in it').to.equal(false);
    expect(admits(['8.0.0.0/6:80'], '9.9.9.9:80')).to.equal(true);
    expect(admits(['0.0.0.1/0:80'], '127.0.0.1:80')).to.equal(false);
    expect(admits(['172.16.0.0/12:80'], '172.31.255.255:80')).to.equal(true);
    expect(admits(['172.16.0.0/11:80'], '172.16.0.1:80')).to.equal(false);
    expect(admits(['localhost:80'], '127.0.0.1:80')).to.equal(true);
    expect(admits(['localhost:80'], '[::1]:80')).to.equal(true);
    expect(admits(['localhost:80'], '127.0.0.2:80')).to.equal(false);
    expect(admits(['[::ffff:10.0.0.1]:80'], '10.0.0.1:80')).to.equal(true);
  });

  it('an address of this machine has to be named by itself, or by its loopback range', () => {
    expect(admits(['*:80', '9.9.9.0/24:80'], '9.9.9.9:80', '', true)).to.equal(false);
    expect(admits(['9.9.9.9:80'], '9.9.9.9:80', '', true)).to.equal(true);
    expect(admits(['10.0.0.0/8:80'], '10.0.0.5:80', '', true)).to.equal(false);
    expect(admits(['127.0.0.0/8:80'], '127.0.0.1:80', '', true)).to.equal(true);
  });

  it('nothing admits what no connection leads to', () => {
    const rules = ['0.0.0.0/0:*', '[::/0]:*', '224.0.0.0/4:*', '*:*', '0.0.0.0/8:*', '255.255.255.0/24:*'];
    for (const target of ['0.0.0.0:80', '[::]:80', '224.0.0.1:80', '[ff02::1]:80', '255.255.255.255:80'])
      expect(admits(rules, target), target).to.equal(false);
  });

  it('asks no resolver for a name that no rule could admit', () => {
    const asks = (rules: readonly string[], target: string) => new AllowList(rules).mayAdmit(parseTarget(target) as Target);
    expect(asks([], 'a.example:80')).to.equal(false);
    expect(asks(['b.example:80', '10.0.0.0/8:81'], 'a.example:80')).to.equal(false);
    expect(asks(['a.example:80'], 'a.example:80')).to.equal(true);
    expect(asks(['10.0.0.0/8:80'], 'a.example:80')).to.equal(true);
  });

  it('reads rules strictly', () => {
    for (const text of ['a.example:80', '*:1-2,3', '[::1]:*', '10.0.0.0/8:443', '*.b:1']) expect(parseRule(text), text).to.be.an('array');
    const wrong = [
      '',
      'a',
      ':80',
      'a:0',
      'a:2-1',
      'a:1-2-3',
      'a:',
      '10.0.0.0/33:80',
      '10.0.0/8:80',
      '::1:80',
      '[::1/129]:80',
      '[10.0.0.1]:80',
      '*.*:80',
      'a*:80',
      '0.0.0.0:80',
      '224.0.0.1:80',
      '127.1:80',
      'a:1,',
      '10.0.0.0/8/8:80',
    ];
    for (const text of wrong) expect(parseRule(text), text).to.equal(undefined);
  });
});
