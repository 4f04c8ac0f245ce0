/** @module Routes: waits until a node that was started for a command knows a way to the target. */
import { isNodeId, NetworkError, toNode, toService } from '../../index.js';
import { checkTarget } from '../../operation/control/methods/targets.js';
import type { OpenNode } from './nodes.js';
import { UsageError } from './terminal.js';

/** A whole sync of routes takes well under a second. */
const WAIT_MS = 3_000;

/** Throws a `UsageError` for a target that is none; whether it is there shows later. */
export function requireTarget(target: string): void {
  try {
    checkTarget(target);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** At once for a node that has run before; what is not found is reported by the command itself. */
export async function untilRouted({ own }: OpenNode, target: string): Promise<void> {
  if (own === undefined) return;
  const wanted = target.trim().toLowerCase();
  const service = /^service:(\d{1,3})$/.exec(wanted)?.[1];
  const route = isNodeId(wanted) ? toNode(wanted) : service !== undefined && Number(service) < 256 ? toService(Number(service)) : undefined;
  if (route === undefined) return;
  try {
    await own.whenReachable(route, { timeoutMs: WAIT_MS });
  } catch (error) {
    if (!(error instanceof NetworkError) || error.code !== 'WAIT_TIMEOUT') throw error;
  }
}
