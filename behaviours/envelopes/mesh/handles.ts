/**
 * @module Handles: parts of a mesh for components that must not have the other rights. They share the mesh's state; a reference to one may
 * be given on as it is. What they wrap cannot be reached through them.
 */
import type {
  AddOutcome,
  Envelope,
  EnvelopeAddress,
  MeshConnection,
  MeshOperations,
  Received,
  ReceivedInTime,
  RemoveOutcome,
  SendOutcome,
} from './outcomes.js';

/** Adds and removes connections. */
export class MeshLifeCycle {
  readonly #mesh: MeshOperations;

  constructor(mesh: MeshOperations) {
    this.#mesh = mesh;
  }

  add(connection: MeshConnection, uniqueId?: string): AddOutcome {
    return this.#mesh.add(connection, uniqueId);
  }

  remove(id: EnvelopeAddress): RemoveOutcome {
    return this.#mesh.remove(id);
  }
}

/** Sends to any connection of the mesh. */
export class MeshSender {
  readonly #mesh: MeshOperations;

  constructor(mesh: MeshOperations) {
    this.#mesh = mesh;
  }

  send(id: EnvelopeAddress, payload: Uint8Array): SendOutcome {
    return this.#mesh.send({ id, payload });
  }
}

/** Receives from all connections of the mesh. */
export class MeshReceiver {
  readonly #mesh: MeshOperations;

  constructor(mesh: MeshOperations) {
    this.#mesh = mesh;
  }

  recv(options: { readonly signal?: AbortSignal } = {}): Promise<Received> {
    return this.#mesh.recv(options);
  }

  recvTimeout(timeoutMs: number, options: { readonly signal?: AbortSignal } = {}): Promise<ReceivedInTime> {
    return this.#mesh.recvTimeout(timeoutMs, options);
  }

  tryRecv(): Envelope | undefined {
    return this.#mesh.tryRecv();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Envelope, undefined> {
    return this.#mesh[Symbol.asyncIterator]();
  }
}

/** Sends to one connection of the mesh. */
export class MeshOutgoing {
  readonly #mesh: MeshOperations;

  constructor(
    mesh: MeshOperations,
    readonly id: EnvelopeAddress,
  ) {
    this.#mesh = mesh;
  }

  send(payload: Uint8Array): SendOutcome {
    return this.#mesh.send({ id: this.id, payload });
  }
}
