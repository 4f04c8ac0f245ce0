/**
 * @module Entrance: a listener of this machine whose connections lead into the network. What a program is to say first, and what it is answered, is the
 * protocol's work.
 */
import type { BytePipe, LocalSocket } from '../../../core/index.js';
import type { ProxyHost } from '../host.js';
import { asFailure, resetTextOf } from '../outcomes.js';
import { join } from '../pipes/join.js';

/** A program that was answered, and does not end its side, is reset after this time. */
const FAREWELL_MS = 2_000;

/** A listener of this machine, until it is closed. */
export interface LocalProxy {
  /** A numeric host, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Both as one text, IPv6 in brackets. */
  readonly address: string;
  /** Ends it, and the connections through it. Idempotent. */
  close(): void;
}

/** Serves one connection of a program, until both of its directions have ended. What it throws resets the connection. */
export type Protocol = (socket: LocalSocket) => Promise<void>;

/** All connections of programs, over all entrances. */
export class Programs {
  private readonly open = new Map<LocalSocket, object>();

  constructor(private readonly host: ProxyHost) {}

  get size(): number {
    return this.open.size;
  }

  /** Never rejects. */
  async serve(owner: object, socket: LocalSocket, protocol: Protocol): Promise<void> {
    const { counters, settings, log } = this.host;
    if (this.open.size >= settings.programsMax) {
      counters.programsRefused++;
      return socket.reset('');
    }
    counters.programs++;
    this.open.set(socket, owner);
    try {
      await protocol(socket);
    } catch (thrown) {
      socket.reset('');
      log.debug({ err: asFailure(thrown, 'a program') }, 'a proxied connection has failed');
    } finally {
      this.open.delete(socket);
    }
  }

  /** Resets the connections of an entrance, or all. */
  end(owner?: object): void {
    for (const [socket, one] of this.open) if (owner === undefined || one === owner) socket.reset('');
  }
}

/** What is written before the two sides are led into each other, as the protocol has it. */
export interface Beginning {
  /** To the program. */
  readonly answer?: Uint8Array;
  /** To the target: what the program has sent already. */
  readonly first?: Uint8Array;
}

/** Leads a program to what was opened for it. */
export async function lead(socket: BytePipe, pipe: BytePipe, { answer, first }: Beginning = {}): Promise<void> {
  const reasonOf = (thrown: unknown) => resetTextOf(asFailure(thrown, 'the program'));
  try {
    if (answer !== undefined) await socket.write(answer);
    if (first !== undefined && first.length > 0) await pipe.write(first);
  } catch (thrown) {
    pipe.reset(reasonOf(thrown));
    throw thrown;
  }
  await join(socket, pipe, reasonOf);
}

/** The last answer to a program: what it sends meanwhile is dropped, so that the answer is not lost with a reset. */
export async function farewell({ agenda }: ProxyHost, socket: LocalSocket, answer: Uint8Array): Promise<void> {
  const cancel = agenda.later(FAREWELL_MS, () => socket.reset(''));
  try {
    await socket.write(answer);
    await socket.end();
    while ((await socket.read()) !== undefined);
  } finally {
    cancel();
  }
}
