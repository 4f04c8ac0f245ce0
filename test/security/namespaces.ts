/**
 * @module Namespaces: two hosts of their own on this machine, with a wire between them that can lose everything in silence. For machines
 * where tests may make network namespaces; elsewhere `HAS_NAMESPACES` is false.
 */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { World } from './world.js';

const run = promisify(execFile);
const NOBODY = '02:00:00:00:00:fe';

export const HAS_NAMESPACES = canMake();

function canMake(): boolean {
  const name = `mw${process.pid}t`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'exec', name, 'true'], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

let count = 0;

export class Namespaces {
  readonly hosts = ['10.203.7.1', '10.203.7.2'] as const;

  private constructor(private readonly names: readonly [string, string]) {}

  static async start(world: World): Promise<Namespaces> {
    const id = `mw${process.pid}n${count++}`;
    const net = new Namespaces([`${id}a`, `${id}b`]);
    world.atEnd(async () => {
      for (const name of net.names) await run('ip', ['netns', 'del', name]).catch(() => {});
    });
    for (const name of net.names) await run('ip', ['netns', 'add', name]);
    await net.ip(0, 'link add wire type veth peer name wire netns', net.names[1]);
    for (const side of [0, 1] as const) {
      await net.ip(side, 'address add', `${net.hosts[side]}/24`, 'dev wire');
      await net.ip(side, 'link set wire up');
      await net.ip(side, 'link set lo up');
    }
    return net;
  }

  /** What a shell starts a process with, so that it runs on that host. */
  prefix(side: 0 | 1): string {
    return `exec ip netns exec ${this.names[side]}`;
  }

  /** From now on every packet goes to a machine that does not exist. */
  async cut(): Promise<void> {
    const lose = (side: 0 | 1) =>
      this.ip(side, 'neigh replace', this.hosts[side === 0 ? 1 : 0], 'dev wire lladdr', NOBODY, 'nud permanent');
    await Promise.all([lose(0), lose(1)]);
  }

  async heal(): Promise<void> {
    for (const side of [0, 1] as const) await this.ip(side, 'neigh del', this.hosts[side === 0 ? 1 : 0], 'dev wire');
  }

  /** That host's end of the wire is as if it was pulled out. */
  async down(side: 0 | 1): Promise<void> {
    await this.ip(side, 'link set wire down');
  }

  private async ip(side: 0 | 1, ...words: readonly string[]): Promise<void> {
    await run('ip', ['-n', this.names[side], ...words.join(' ').split(' ')]);
  }
}
