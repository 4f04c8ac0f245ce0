/**
 * @module ProcessLife: which process of which boot and pid namespace one is, so that another one can find out whether it still lives. Where the
 * system does not say so, there is no name, and nothing can be found out.
 */
import { readFileSync, readlinkSync } from 'node:fs';

export interface ProcessName {
  readonly boot: string;
  readonly namespace: string;
  readonly pid: number;
  /** In ticks since the boot: a pid is given to other processes later. */
  readonly startedAt: string;
}

/** `elsewhere`: of another boot or another pid namespace, or without a name. */
export type ProcessState = 'alive' | 'dead' | 'elsewhere';

export function ownProcess(): ProcessName | undefined {
  const { pid } = process;
  const boot = read('/proc/sys/kernel/random/boot_id')?.trim();
  const namespace = attempt(() => readlinkSync('/proc/self/ns/pid'));
  const startedAt = statOf(pid)?.startedAt;
  if (boot === undefined || namespace === undefined || startedAt === undefined) return undefined;
  return { boot, namespace, pid, startedAt };
}

export function stateOf(other: ProcessName | undefined): ProcessState {
  const own = ownProcess();
  if (own === undefined || other === undefined || other.boot !== own.boot || other.namespace !== own.namespace) return 'elsewhere';
  if (!exists(other.pid)) return 'dead';
  const stat = statOf(other.pid);
  // One that cannot be looked at lives, in dubio.
  if (stat === undefined) return 'alive';
  return stat.startedAt === other.startedAt && !stat.isOver ? 'alive' : 'dead';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Fields 3 and 22 of proc(5); the second one is a name in brackets, with anything in it. */
function statOf(pid: number): { readonly startedAt: string; readonly isOver: boolean } | undefined {
  const text = read(`/proc/${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', startedAt] = [fields?.[0], fields?.[19]];
  return startedAt === undefined ? undefined : { startedAt, isOver: state === 'Z' || state === 'X' };
}

function read(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'latin1'));
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
