/**
 * @module Campaign: NATs of this kernel between nodes that are processes in network namespaces (USERS 21). Needs Linux, root, `ip` and `nft`; where
 * namespaces are not allowed it says so and ends well. Run as `node dist/test/campaigns/nat-namespaces.js [case]`; exit code 1 when two nodes
 * are not connected as theory says.
 *
 * The internet is a bridge; two public hosts relay and help. Homes translate as `nft` says: `masquerade` keeps the port, and lets in answers alone;
 * `fully-random` gives each remote another port.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('../behaviours/punch/nat.child.js', import.meta.url));
const TAG = `mn${process.pid}`;
const WORLD = `${TAG}-world`;
const WAIT_MS = 60_000;

type Kind = 'open' | 'home' | 'symmetric' | 'full-cone' | 'carrier' | 'blocked';

interface Case {
  readonly name: string;
  readonly kinds: readonly [Kind, Kind];
  readonly path: 'direct' | 'relayed';
  /** Bob's network gets another uplink while numbers are sent. */
  readonly switches?: boolean;
}

const CASES: readonly Case[] = [
  { name: 'home', kinds: ['home', 'home'], path: 'direct' },
  { name: 'full-cone', kinds: ['full-cone', 'home'], path: 'direct' },
  { name: 'cgnat', kinds: ['carrier', 'home'], path: 'direct' },
  { name: 'symmetric', kinds: ['symmetric', 'home'], path: 'direct' },
  { name: 'symmetric-both', kinds: ['symmetric', 'symmetric'], path: 'relayed' },
  { name: 'blocked', kinds: ['blocked', 'home'], path: 'relayed' },
  { name: 'uplinks', kinds: ['open', 'home'], path: 'direct', switches: true },
];

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const ip = (...args: string[]) => run('ip', ...args);
const inside = (name: string, ...command: string[]) => ip('netns', 'exec', `${TAG}-${name}`, ...command);
const made: string[] = [];

function add(name: string): void {
  ip('netns', 'add', `${TAG}-${name}`);
  made.push(`${TAG}-${name}`);
  ip('-n', `${TAG}-${name}`, 'link', 'set', 'lo', 'up');
}

/** `name` gets an interface on the internet. */
function attach(name: string, device: string, address: string): void {
  const port = `p${made.length}${device}`;
  ip('-n', `${TAG}-${name}`, 'link', 'add', device, 'type', 'veth', 'peer', 'name', port, 'netns', WORLD);
  ip('-n', WORLD, 'link', 'set', port, 'master', 'br0', 'up');
  ip('-n', `${TAG}-${name}`, 'addr', 'add', `${address}/16`, 'dev', device);
  ip('-n', `${TAG}-${name}`, 'link', 'set', device, 'up');
}

/** A router `outer`, and `inner` behind it in a network of its own. */
function connect(outer: string, device: string, inner: string, innerDevice: string, network: string): void {
  ip('-n', `${TAG}-${outer}`, 'link', 'add', device, 'type', 'veth', 'peer', 'name', innerDevice, 'netns', `${TAG}-${inner}`);
  ip('-n', `${TAG}-${outer}`, 'addr', 'add', `${network}.1/24`, 'dev', device);
  ip('-n', `${TAG}-${outer}`, 'link', 'set', device, 'up');
  ip('-n', `${TAG}-${inner}`, 'addr', 'add', `${network}.2/24`, 'dev', innerDevice);
  ip('-n', `${TAG}-${inner}`, 'link', 'set', innerDevice, 'up');
}

const routeOver = (name: string, gateway: string) => ip('-n', `${TAG}-${name}`, 'route', 'replace', 'default', 'via', gateway);

/** Translates what goes out of `wan`, and lets in what `kind` lets in. */
function translate(name: string, kind: Kind, inner: string): void {
  inside(name, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  const masquerade = kind === 'symmetric' ? 'masquerade fully-random' : 'masquerade';
  const cone = kind === 'full-cone' ? `iifname "wan" udp dport 1024-65535 dnat to ${inner};` : '';
  const blocked = kind === 'blocked' ? 'meta l4proto udp drop;' : '';
  const open = kind === 'full-cone' ? 'ct status dnat accept;' : '';
  const rules = `
    table ip t {
      chain pre { type nat hook prerouting priority -100; ${cone} }
      chain post { type nat hook postrouting priority 100; oifname "wan" ${masquerade}; }
      chain forward { type filter hook forward priority 0; policy drop; ${blocked}
        ct state established,related accept;
        ${open}
        iifname "lan" accept;
      }
      chain input { type filter hook input priority 0; policy accept; iifname "wan" ct state new drop; }
    }`;
  inside(name, 'nft', rules);
}

/** A host behind a router of its own, which a carrier may translate once more. */
function home(name: string, kind: Kind, index: number): void {
  if (kind === 'open') {
    add(name);
    return attach(name, 'eth0', `9.9.${index}.8`);
  }
  const [router, network] = [`${name}r`, `10.${index}.0`];
  for (const each of [name, router]) add(each);
  connect(router, 'lan', name, 'eth0', network);
  routeOver(name, `${network}.1`);
  if (kind !== 'carrier') attach(router, 'wan', `9.9.${index}.8`);
  else {
    add(`${name}c`);
    attach(`${name}c`, 'wan', `9.9.${index}.8`);
    connect(`${name}c`, 'lan', router, 'wan', `100.64.${index}`);
    routeOver(router, `100.64.${index}.1`);
    translate(`${name}c`, 'home', `100.64.${index}.2`);
  }
  translate(router, kind === 'carrier' ? 'home' : kind, `${network}.2`);
}

function build({ kinds, switches }: Case): void {
  add('world');
  ip('-n', WORLD, 'link', 'add', 'br0', 'type', 'bridge');
  ip('-n', WORLD, 'link', 'set', 'br0', 'up');
  for (const [index, name] of ['relay', 'other'].entries()) {
    add(name);
    attach(name, 'eth0', `9.9.9.${index + 1}`);
  }
  home('alice', kinds[0], 1);
  home('bob', kinds[1], 2);
  if (switches !== true) return;
  add('bobs');
  connect('bobs', 'lan', 'bob', 'eth1', '10.3.0');
  attach('bobs', 'wan', '9.9.3.8');
  translate('bobs', 'home', '10.3.0.2');
}

function remove(): void {
  for (const name of made.splice(0).reverse()) ip('netns', 'del', name);
}

interface State {
  readonly nat: string;
  readonly path: string;
  readonly address?: string;
  readonly id?: number;
  readonly sent: number;
  readonly received: number;
  readonly faults: number;
  readonly links: number;
}

class Host {
  id = '';
  state: State | undefined;
  readonly #child: ChildProcess;
  #onChange = () => {};

  constructor(name: string, seeds: readonly string[], schemes = 'tcp,udp') {
    this.#child = spawn('ip', ['netns', 'exec', `${TAG}-${name}`, process.execPath, CHILD, schemes, ...seeds], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout as NonNullable<ChildProcess['stdout']> }).on('line', (line) => {
      const { id, state, error } = JSON.parse(line);
      if (error !== undefined) console.log(`  ${name}: ${error}`);
      this.id = id ?? this.id;
      this.state = state ?? this.state;
      this.#onChange();
    });
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Whether it came to be so in time. */
  until(isMet: () => boolean, timeoutMs = WAIT_MS): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (met: boolean) => {
        clearTimeout(timer);
        this.#onChange = () => {};
        resolve(met);
      };
      const timer = setTimeout(() => end(false), timeoutMs);
      this.#onChange = () => isMet() && end(true);
      this.#onChange();
    });
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => (this.#child.exitCode === null ? this.#child.once('exit', resolve) : resolve(0)));
    this.#child.stdin?.end();
    await gone;
  }
}

/** What went wrong. */
async function attempt(it: Case): Promise<string | undefined> {
  const seeds = ['tcp://9.9.9.1:7400', 'tcp://9.9.9.2:7400'];
  const hosts = { relay: new Host('relay', []), other: new Host('other', seeds.slice(0, 1)) };
  await Promise.all(Object.values(hosts).map((host) => host.until(() => host.id !== '')));
  // A stream ends with its uplink.
  const [alice, bob] = [new Host('alice', seeds, it.switches === true ? 'udp' : undefined), new Host('bob', seeds)];
  const all = [hosts.relay, hosts.other, alice, bob];
  try {
    for (const host of [alice, bob]) if (!(await host.until(() => host.state?.links === 2))) return 'did not connect to the public hosts';
    if (it.kinds.every((kind) => kind !== 'blocked' && kind !== 'open'))
      for (const host of [alice, bob]) if (!(await host.until(() => host.state?.nat !== 'unknown'))) return 'does not know its NAT';
    const beganMs = performance.now();
    const tookMs = () => Math.round(performance.now() - beganMs);
    alice.say(`connect ${bob.id}`);
    bob.say(`connect ${alice.id}`);
    if (!(await alice.until(() => (alice.state?.path ?? 'none') !== 'none'))) return 'not connected';
    console.log(`  connected after ${tookMs()} ms (${alice.state?.path}); the NATs: ${alice.state?.nat}, ${bob.state?.nat}`);
    const isDirect = await alice.until(() => alice.state?.path === 'direct', it.path === 'direct' ? WAIT_MS : 30_000);
    console.log(`  ${isDirect ? `direct after ${tookMs()} ms, at ${alice.state?.address}` : 'relayed still after 30 s'}`);
    if (isDirect !== (it.path === 'direct')) return `it is ${alice.state?.path}, but theory says ${it.path}`;
    return await exchange(it, alice, bob);
  } finally {
    await Promise.all(all.map((host) => host.end()));
  }
}

/** Numbers, over the connection; in their midst Bob's network may get another uplink. */
async function exchange({ switches }: Case, alice: Host, bob: Host): Promise<string | undefined> {
  const { id } = alice.state ?? {};
  alice.say('send 1000');
  if (!(await bob.until(() => bob.state?.received === 1_000))) return 'not everything has arrived';
  if (switches === true) {
    routeOver('bob', '10.3.0.1');
    const beganMs = performance.now();
    alice.say('send 1000');
    if (!(await bob.until(() => bob.state?.received === 2_000))) return 'not everything has arrived after the change of the uplink';
    console.log(
      `  all has arrived ${Math.round(performance.now() - beganMs)} ms after the change of the uplink, ${alice.state?.path} at ${alice.state?.address}`,
    );
    if (alice.state?.id !== id) return 'it is another connection';
  }
  return bob.state?.faults === 0 ? undefined : 'something was lost, doubled or out of order';
}

function isAllowed(): boolean {
  try {
    ip('netns', 'add', `${TAG}-try`);
    ip('netns', 'exec', `${TAG}-try`, 'nft', 'list', 'ruleset');
    ip('netns', 'del', `${TAG}-try`);
    return true;
  } catch {
    return false;
  }
}

const [only] = process.argv.slice(2);
if (!isAllowed()) console.log('skipped: network namespaces with nft are not to be had here (Linux and root)');
else
  for (const it of CASES.filter(({ name }) => only === undefined || name === only)) {
    console.log(`${it.name}: ${it.kinds.join(' with ')}`);
    try {
      build(it);
      const fault = await attempt(it);
      if (fault !== undefined) process.exitCode = 1;
      console.log(fault === undefined ? '  as it should be' : `  FAULT: ${fault}`);
    } finally {
      remove();
    }
  }
