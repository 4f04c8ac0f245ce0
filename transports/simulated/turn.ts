/**
 * @module Turn: the return from promises to the simulator. A turn of the event loop begins when every promise that can settle by
 * itself has settled; no real time has to pass for it.
 */

interface Port {
  onmessage: () => void;
  postMessage(message: unknown): void;
  close(): void;
}

/** What platforms have of them; browsers have the last alone. */
const {
  process,
  setImmediate: immediate,
  MessageChannel: Channel,
} = globalThis as unknown as {
  readonly process?: { readonly nextTick?: (callback: () => void) => void };
  readonly setImmediate?: (callback: () => void) => unknown;
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port };
};
const nextTick = process?.nextTick;

/** Resolves in the next turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate === undefined) postTo(resolve);
    else immediate(resolve);
  });
}

/**
 * Resolves when every promise that can settle by itself has settled, as `turn` does, for a tenth of the cost where the platform can: the event
 * loop does not go round.
 */
export function promisesSettled(): Promise<void> {
  return nextTick === undefined ? turn() : new Promise((resolve) => nextTick(resolve));
}

function postTo(callback: () => void): void {
  const { port1, port2 } = new Channel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(undefined);
}
