/**
 * @module Campaign: LAN discovery between machines, which are network namespaces on one bridge without any route (USERS 20). Needs Linux,
 * root and `ip`. Run as `node dist/test/campaigns/lan-namespaces.js`; exit code 1 when nodes of one space do not meet within 3 s of the
 * later start (15 s when they start before their addresses can be used), or nodes of different spaces do.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('../behaviours/lan/lan.child.js', import.meta.url));
const TAG = `mw${process.pid}`;
const MEET_MS = 3_000;
const APART_MS = 8_000;
/** Duplicate address detection takes 1 to 2 s. */
const ADDRESS_MS = 10_000;
const SUDDEN_MEET_MS = 15_000;

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
const nameOf = (index: number) => `${TAG}-${index}`;

/** Namespaces on a bridge; IPv6 link-local addresses come by themselves. */
function build(count: number, isIpv4: boolean): void {
  ip('netns', 'add', TAG);
  ip('-n', TAG, 'link', 'add', 'br0', 'type', 'bridge');
  ip('-n', TAG, 'link', 'set', 'br0', 'up');
  for (let index = 1; index <= count; index++) {
    ip('netns', 'add', nameOf(index));
    ip('-n', nameOf(index), 'link', 'set', 'lo', 'up');
    ip('-n', nameOf(index), 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `p${index}`, 'netns', TAG);
    ip('-n', TAG, 'link', 'set', `p${index}`, 'master', 'br0', 'up');
    if (isIpv4) ip('-n', nameOf(index), 'addr', 'add', `10.77.0.${index}/24`, 'dev', 'eth0');
    ip('-n', nameOf(index), 'link', 'set', 'eth0', 'up');
  }
}

function remove(count: number): void {
  for (let index = 1; index <= count; index++) ip('netns', 'del', nameOf(index));
  ip('netns', 'del', TAG);
}

interface Running {
  readonly child: ChildProcess;
  readonly started: Promise<{ readonly id: string; readonly atMs: number }>;
  readonly met: { readonly id: string; readonly host: string; readonly atMs: number }[];
}

function start(index: number, network: string): Running {
  const child = spawn('ip', ['netns', 'exec', nameOf(index), process.execPath, CHILD, network, 'tcp://[::]:0', '*'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const met: Running['met'] = [];
  const started = new Promise<{ id: string; atMs: number }>((resolve) => {
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) => {
      const { id, connected, host } = JSON.parse(line);
      if (connected !== undefined) met.push({ id: connected, host, atMs: performance.now() });
      if (id !== undefined) resolve({ id, atMs: performance.now() });
    });
  });
  return { child, started, met };
}

/** For what only time can show: that nobody else comes. */
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A link-local address is tentative at first. `ip` is asked again and again, because that it no longer is comes as no event of a process.
 */
function addressesAreThere(count: number): void {
  const untilMs = performance.now() + ADDRESS_MS;
  const isThere = (index: number) =>
    ip('-n', nameOf(index), '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'link', '-tentative').length > 0;
  for (let index = 1; index <= count; ) {
    if (isThere(index)) index++;
    else if (performance.now() > untilMs) throw new Error(`host ${index} has no address that can be used after ${ADDRESS_MS} ms`);
  }
}

/** Three nodes of one space and one of another. Answers what went wrong. */
async function attempt(isIpv4: boolean, isSudden: boolean): Promise<string[]> {
  build(4, isIpv4);
  if (!isSudden) addressesAreThere(4);
  const nodes = [start(1, 'red'), start(2, 'red'), start(3, 'blue'), start(4, 'red')];
  const starts = await Promise.all(nodes.map(({ started }) => started));
  await sleep(isSudden ? SUDDEN_MEET_MS : APART_MS);
  const faults: string[] = [];
  const red = [0, 1, 3];
  for (const index of red) {
    for (const other of red.filter((it) => it !== index)) {
      const found = nodes[index]?.met.find(({ id }) => id === starts[other]?.id);
      const laterMs = Math.max(...[index, other].map((it) => starts[it]?.atMs as number));
      const afterMs = Math.round((found?.atMs ?? Number.POSITIVE_INFINITY) - laterMs);
      console.log(`  node ${index + 1} and node ${other + 1}: ${found === undefined ? 'never' : `${afterMs} ms, at ${found.host}`}`);
      if (afterMs > (isSudden ? SUDDEN_MEET_MS : MEET_MS)) faults.push(`nodes ${index + 1} and ${other + 1} met after ${afterMs} ms`);
    }
  }
  if (nodes[2]?.met.length !== 0) faults.push('the node of another space met somebody');
  for (const { child } of nodes) child.stdin?.end('\n');
  await Promise.all(
    nodes.map(({ child }) => new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(0)))),
  );
  remove(4);
  return faults;
}

for (const [title, isIpv4, isSudden] of [
  ['IPv4 and IPv6', true, false],
  ['IPv6 link-local only', false, false],
  ['IPv6 link-local only, started before the addresses can be used', false, true],
] as const) {
  console.log(title);
  for (const fault of await attempt(isIpv4, isSudden)) {
    console.error(`  ${fault}`);
    process.exitCode = 1;
  }
}
