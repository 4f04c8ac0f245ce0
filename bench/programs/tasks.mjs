/**
 * @module Tasks: a child's side of processes.mjs. Each program hands in its tasks by name; what one returns is the answer.
 */

/** `onEnd` runs before the process ends, which it does when its parent lets go of it. */
export function serveTasks(tasks, onEnd = () => {}) {
  process.on('message', async ({ id, task, parameters }) => {
    try {
      process.send({ id, result: await tasks[task](parameters) });
    } catch (error) {
      process.send({ id, error: `${task}: ${error.stack}` });
    }
  });
  process.on('disconnect', async () => {
    await onEnd();
    process.exit();
  });
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs `work` until it has been begun `count` times or `endMs` has come, `parallel` at a time. */
export async function inParallel({ count = Number.POSITIVE_INFINITY, endMs = Number.POSITIVE_INFINITY, parallel }, work) {
  let left = count;
  const worker = async () => {
    while (left > 0 && performance.now() < endMs) {
      left--;
      await work();
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

/** The value that the share of them do not exceed. */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(share * (sorted.length - 1))];
}
