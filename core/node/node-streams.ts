/**
 * @module NodeStreams: streams that the application opens, as promises around the port `StreamOpener` of the streams behaviour.
 */
import { descriptorOf } from '../api/descriptor.js';
import { type Route, requireRoute } from '../api/routes.js';
import type { ByteStream, StreamOptions, StreamResult } from '../api/stream.js';
import { requireOptions, requireSignal, requireWhole } from '../engine/behaviors/arguments.js';
import { streamError } from '../engine/behaviors/call-failure.js';
import type { Network } from '../engine/network.js';
import type { NetworkError } from '../errors.js';
import type { BehaviorClass } from '../registration/registry.js';
import { cancelled, onAbort } from '../structures/abort.js';
import { promised, type Settle } from './call-outcome.js';

/** How openings reach the running node. */
export interface StreamPorts {
  readonly network: Network;
  /** Throws when the node does not run. */
  readonly requireRunning: () => void;
  /** Runs work inside of a step; what it throws comes out. */
  readonly perform: <T>(work: () => T) => T;
  /** Resolves in a later turn of the event loop. */
  readonly nextTurn: () => Promise<void>;
}

const OPTIONS = ['name', 'windowBytes', 'signal', 'timeoutMs', 'firstByteMs', 'silenceMs'] as const satisfies (keyof StreamOptions)[];

export class NodeStreams {
  constructor(private readonly ports: StreamPorts) {}

  open(route: Route, target: BehaviorClass | number, options: StreamOptions): Promise<ByteStream> {
    const begin = (settle: Settle<ByteStream>) => {
      this.ports.requireRunning();
      const { signal, ...rest } = checked(options);
      requireRoute('openStream', route);
      const { serviceId, name } = serviceOf(target);
      const request = { ...rest, route, serviceId };
      const take = (result: StreamResult) =>
        settle(
          result.type === 'ok'
            ? endedBy(signal, result.stream, (error) => opening.cancel(error))
            : streamError(route, serviceId, name, result),
        );
      const { streams } = this.ports.network.parts;
      const opening = this.ports.perform(() => streams.withOpener((opener, agent) => opener.open(agent, request, take)));
      return onAbort(signal, (error) => {
        this.ports.perform(() => opening.cancel(error));
        settle(error);
      });
    };
    return promised(this.ports.nextTurn, begin, (thrown) => thrown as Error);
  }
}

function checked(options: StreamOptions): StreamOptions {
  requireOptions('openStream', options, OPTIONS);
  requireSignal('openStream: signal', options.signal);
  if (options.signal?.aborted === true) throw cancelled(options.signal);
  return options;
}

function serviceOf(target: BehaviorClass | number): { readonly serviceId: number; readonly name?: string } {
  return typeof target === 'function' ? descriptorOf(target) : { serviceId: requireWhole('openStream: serviceId', target, 1, 255) };
}

/** The signal of the opening holds for the open stream, too. */
function endedBy(signal: AbortSignal | undefined, stream: ByteStream, end: (error: NetworkError) => void): ByteStream {
  const release = onAbort(signal, end);
  stream.closed.then(release, release);
  return stream;
}
