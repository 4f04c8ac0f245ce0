/**
 * @module MeshListeners: what is called with the events of a mesh or a manager. A listener that throws, or whose promise is rejected, is
 * logged and not called again; the others are.
 */
export class MeshListeners<Event> {
  readonly #listeners = new Set<(event: Event) => unknown>();

  constructor(private readonly onFailed: (cause: unknown) => void) {}

  get count(): number {
    return this.#listeners.size;
  }

  /** Is called until the returned function is. */
  add(listener: (event: Event) => unknown): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  notify(event: Event): void {
    for (const listener of [...this.#listeners]) {
      try {
        const returned = listener(event);
        if (returned instanceof Promise) returned.catch((cause) => this.#failed(listener, cause));
      } catch (cause) {
        this.#failed(listener, cause);
      }
    }
  }

  #failed(listener: (event: Event) => unknown, cause: unknown): void {
    this.#listeners.delete(listener);
    this.onFailed(cause);
  }
}
