/** @module Measure: how long calls take, one after another and many at once. For `bench`, and for the word `bench` of the demonstration. */

export interface CallFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly callsPerSecond: number;
}

export interface CallPlan {
  readonly warmUp: number;
  /** One after another. */
  readonly calls: number;
  /** Of the calls that are made at once. */
  readonly outstanding: number;
  readonly concurrentCalls: number;
}

export async function measureCalls(call: () => Promise<unknown>, plan: CallPlan): Promise<CallFigures> {
  for (let count = 0; count < plan.warmUp; count++) await call();
  const times: number[] = [];
  for (let count = 0; count < plan.calls; count++) {
    const startedMs = performance.now();
    await call();
    times.push(performance.now() - startedMs);
  }
  times.sort((left, right) => left - right);
  const at = (share: number) => times[Math.floor(share * (times.length - 1))] as number;
  return { p50Ms: at(0.5), p99Ms: at(0.99), callsPerSecond: await rateOf(call, plan) };
}

async function rateOf(call: () => Promise<unknown>, { outstanding, concurrentCalls }: CallPlan): Promise<number> {
  let left = concurrentCalls;
  const startedMs = performance.now();
  const work = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: outstanding }, work));
  return (concurrentCalls * 1_000) / (performance.now() - startedMs);
}
