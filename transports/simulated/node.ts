/**
 * @module SimulatedNode: a `MeshNode` on a simulated host. Only its ports are simulated. Its own promises let virtual time
 * pass until they settle, so that `await node.connect(…)` works without a `run`; see `Simulation` for the rule.
 */
import {
  type Address,
  type BehaviorClass,
  type ByteStream,
  type Client,
  type Connection,
  MeshNode,
  type NodeId,
  type Route,
} from '../../core/index.js';

type Constructed = ConstructorParameters<typeof MeshNode>[0];
type ConnectOptions = Parameters<MeshNode['connect']>[1];
type OpenOptions = Parameters<MeshNode['openStream']>[2];
type CallOptions = Parameters<MeshNode['call']>[4];
type StopOptions = Parameters<MeshNode['stop']>[0];
type WritableOptions = Parameters<MeshNode['writable']>[1];
type WaitOptions = Parameters<MeshNode['whenReachable']>[1];

/** Lets virtual time pass while `promise` is pending. */
export type Meanwhile = <T>(promise: Promise<T>) => Promise<T>;

export class SimulatedNode extends MeshNode {
  readonly #meanwhile: Meanwhile;

  constructor(
    setup: Constructed,
    /** The host's name: `sim://name` is where others dial it. */
    readonly name: string,
    meanwhile: Meanwhile,
  ) {
    super(setup);
    this.#meanwhile = meanwhile;
  }

  override start(): Promise<void> {
    return this.#meanwhile(super.start());
  }

  override stop(options: StopOptions = {}): Promise<void> {
    return this.#meanwhile(super.stop(options));
  }

  override connect(target: string | Address | NodeId, options: ConnectOptions = {}): Promise<Connection> {
    return this.#meanwhile(super.connect(target, options));
  }

  override call(route: Route, serviceId: number, method: string, value: unknown, options: CallOptions = {}): Promise<unknown> {
    return this.#meanwhile(super.call(route, serviceId, method, value, options));
  }

  override requestMany: MeshNode['requestMany'] = (...args) =>
    this.#steps(super.requestMany(...args)[Symbol.asyncIterator]()) as ReturnType<MeshNode['requestMany']> as never;

  override openStream(route: Route, target: BehaviorClass | number, options: OpenOptions = {}): Promise<ByteStream> {
    return this.#meanwhile(super.openStream(route, target, options));
  }

  override writable(route: Route, options: WritableOptions = {}): Promise<void> {
    return this.#meanwhile(super.writable(route, options));
  }

  override whenConnected(wanted: number | NodeId, options: WaitOptions = {}): Promise<readonly Connection[]> {
    return this.#meanwhile(super.whenConnected(wanted, options));
  }

  override whenReachable(route: Route, options: WaitOptions = {}): Promise<void> {
    return this.#meanwhile(super.whenReachable(route, options));
  }

  override client<C extends BehaviorClass>(type: C, route: Route): Client<C> {
    return new Proxy(super.client(type, route), {
      get: (client, name) => {
        const method: unknown = Reflect.get(client, name);
        const isCall = typeof method === 'function' && (Object.hasOwn(client, name) || !(name in Object.prototype));
        return isCall ? (...args: unknown[]) => this.#passing(method(...args)) : method;
      },
    });
  }

  /** What a client's method gives: a promise, or a sequence whose every step is one. */
  #passing(given: Promise<unknown> | AsyncIterable<unknown>): unknown {
    if (!(Symbol.asyncIterator in given)) return this.#meanwhile(given);
    const iterate = () => this.#steps(given[Symbol.asyncIterator]());
    if (!(given instanceof Promise)) return iterate();
    // One response, or a stream of them in its place.
    const answer = this.#meanwhile(given);
    const iterateInstead = () => {
      answer.catch(() => {});
      return iterate();
    };
    return Object.assign(answer, { [Symbol.asyncIterator]: iterateInstead });
  }

  #steps(items: AsyncIterator<unknown>): AsyncIterableIterator<unknown> {
    const steps: AsyncIterableIterator<unknown> = {
      next: () => this.#meanwhile(items.next()),
      return: (value) => this.#meanwhile(items.return?.(value) ?? Promise.resolve({ done: true, value })),
      throw: (cause) => this.#meanwhile(items.throw?.(cause) ?? Promise.reject(cause)),
      [Symbol.asyncIterator]: () => steps,
    };
    return steps;
  }
}
