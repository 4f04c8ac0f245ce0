/**
 * @module CallItems: what a call gives item by item. It begins with the first that is asked for. Whoever leaves the loop ends the call.
 */
import type { CallRequest, ManyItem, RunningStream, StreamItem } from '../api/ports.js';
import { callError, failureOf } from '../engine/behaviors/call-failure.js';
import { NetworkError } from '../errors.js';
import { onAbort } from '../structures/abort.js';
import { rejected } from './call-outcome.js';
import { DONE, type ItemResult, type ItemSource, type Items, itemsOf, type SettleItem } from './items.js';

/** An item of a stream, the answer of a node, or what has ended the call. */
export type CallItem = StreamItem | ManyItem | Error;

export interface CallItemsPorts {
  readonly perform: <T>(work: () => T) => T;
  readonly nextTurn: () => Promise<void>;
}

/** Begins the call, unless nobody wants its items any more when it may begin. Returns the call, and its signal. */
export type BeginCall = (
  take: (item: CallItem) => void,
  isOver: () => boolean,
) => Promise<readonly [running: RunningStream | undefined, signal: AbortSignal | undefined]>;

export function callItems(request: CallRequest, ports: CallItemsPorts, begin: BeginCall): Items<unknown> {
  return itemsOf(new CallItems(request, ports, begin));
}

class CallItems implements ItemSource<unknown> {
  readonly #came: CallItem[] = [];
  #hasBegun = false;
  #isOver = false;
  #running: RunningStream | undefined;
  #settle: SettleItem<unknown> | undefined;
  #release = () => {};

  constructor(
    private readonly request: CallRequest,
    private readonly ports: CallItemsPorts,
    private readonly begin: BeginCall,
  ) {}

  take(settle: SettleItem<unknown>): undefined {
    this.#settle = settle;
    this.#give();
    if (this.#hasBegun) this.#pull();
    else this.#start().catch((thrown) => this.#failed(thrown));
    return undefined;
  }

  leave(): void {
    this.#over();
    this.#cancel();
  }

  async #start(): Promise<void> {
    this.#hasBegun = true;
    const [running, signal] = await this.begin(this.#arrived, () => this.#isOver);
    this.#running = running;
    if (this.#isOver) return this.#cancel();
    this.#release = onAbort(signal, (error) => {
      this.#failed(error);
      this.#cancel();
    });
    this.#pull();
  }

  readonly #arrived = (item: CallItem): void => {
    this.#came.push(item);
    this.#give();
  };

  #failed(thrown: unknown): void {
    this.#arrived(thrownError(this.request, thrown));
  }

  #give(): void {
    const settle = this.#settle;
    const item = settle && this.#came.shift();
    if (item === undefined) return;
    this.#settle = undefined;
    const outcome = outcomeOf(this.request, item, this.ports.nextTurn);
    if ((outcome as ItemResult<unknown>).done !== false) this.#over();
    settle?.(outcome);
  }

  #over(): void {
    this.#isOver = true;
    this.#release();
  }

  #pull(): void {
    if (this.#settle !== undefined) this.ports.perform(() => this.#running?.pull());
  }

  #cancel(): void {
    this.ports.perform(() => this.#running?.cancel());
  }
}

function outcomeOf(request: CallRequest, item: CallItem, nextTurn: () => Promise<void>): ItemResult<unknown> | Promise<never> {
  const error = endingOf(request, item);
  if (error !== undefined) return rejected(nextTurn, error);
  if ((item as StreamItem).type === 'end') return DONE;
  return { done: false, value: 'nodeId' in item ? item : (item as { readonly value: unknown }).value };
}

/** How the call has failed, if that is what the item says: an error of one of many nodes is an answer. */
function endingOf(request: CallRequest, item: CallItem): Error | undefined {
  if (item instanceof Error) return item;
  if (item.type === 'failed') return callError(request, { ...item, type: 'error' });
  return item.type === 'error' && !('nodeId' in item) ? callError(request, item) : undefined;
}

/** The error of a call whose making has thrown. */
export function thrownError(request: CallRequest, thrown: unknown): Error {
  return callError(request, failureOf(thrown), thrown instanceof NetworkError ? thrown.cause : thrown);
}
