/**
 * @module Answered: what work answers or throws, when it has to pass through something that answers nothing and lets nothing throw, such
 * as a step of the engine.
 */

/** Runs `work` by `enter`, within the call; answers what it answers, and throws what it throws, be it `undefined`. */
export function answered<T>(enter: (work: () => void) => void, work: () => T): T {
  let outcome: { readonly value: T } | undefined;
  let cause: unknown;
  enter(() => {
    try {
      outcome = { value: work() };
    } catch (thrown) {
      cause = thrown;
    }
  });
  if (outcome === undefined) throw cause;
  return outcome.value;
}
