/**
 * @module MeshListeners: who hears what a mesh or a manager tells. A listener that throws, or whose promise is rejected, is reported and
 * not called again; it harms nobody.
 */
export class MeshListeners<Event> {
  readonly #listeners = new Set<(event: Event) => unknown>();

  constructor(private readonly onFailed: (cause: unknown) => void) {}

  get count(): number {
    return this.#listeners.size;
  }

  /** Hears events until the answered function is called. */
  add(listener: (event: Event) => unknown): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: Event): void {
    for (const listener of [...this.#listeners]) {
      try {
        const answer = listener(event);
        if (answer instanceof Promise) answer.catch((cause) => this.#failed(listener, cause));
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
