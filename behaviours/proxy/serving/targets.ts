/**
 * @module Targets: connects to where a remote wants to be led: looks a name up once, holds each of its addresses against the rules, and connects to one
 * that they admit, and to nothing else.
 */
import type { LocalSocket, SocketEndpoint } from '../../../core/index.js';
import type { ProxyHost } from '../host.js';
import { asFailure, failure } from '../outcomes.js';
import { AllowList } from '../rules/allow-list.js';
import { type Target, targetOf } from '../rules/target.js';

/** Addresses of one name that are tried. */
const TRIES_MAX = 4;

export class Targets {
  private readonly rules: AllowList;

  constructor(private readonly host: ProxyHost) {
    this.rules = new AllowList(host.settings.allow);
  }

  /** Rejects with why it is not to be, or could not be. */
  reach(target: Target): Promise<LocalSocket> {
    const { agenda, settings } = this.host;
    if (!this.rules.mayAdmit(target)) return Promise.reject(prohibited());
    const abort = new AbortController();
    const expired = () => {
      abort.abort();
      return failure('connection_timeout', `the target was not connected within ${settings.connectTimeoutMs} ms`);
    };
    return agenda.within(settings.connectTimeoutMs, () => this.find(target, abort.signal), expired);
  }

  private async find(target: Target, signal: AbortSignal): Promise<LocalSocket> {
    const found = target.bytes === undefined ? await this.lookUp(target.host, signal) : [target.host];
    const admitted = found.flatMap((host): SocketEndpoint[] => {
      const address = targetOf(host, target.port);
      if (address?.bytes === undefined || !this.rules.admits(target, address.bytes, this.host.sockets.isOwn(address.host))) return [];
      return [{ host: address.host, port: target.port }];
    });
    if (admitted.length === 0) throw prohibited();
    return this.tryEach(admitted.slice(0, TRIES_MAX), signal);
  }

  private async lookUp(name: string, signal: AbortSignal): Promise<readonly string[]> {
    try {
      return await this.host.sockets.resolve(name, signal);
    } catch (error) {
      throw asFailure(error, 'the name was not found');
    }
  }

  private async tryEach(endpoints: readonly SocketEndpoint[], signal: AbortSignal): Promise<LocalSocket> {
    let last: unknown;
    for (const endpoint of endpoints) {
      try {
        const socket = await this.host.sockets.dial(endpoint, signal);
        if (signal.aborted) socket.reset('too late');
        return socket;
      } catch (error) {
        last = error;
        if (signal.aborted) break;
      }
    }
    throw asFailure(last, 'the target cannot be connected');
  }
}

/** Says nothing of what the look-up gave. */
function prohibited(): Error {
  return failure('destination_ip_prohibited', 'the rules of the node do not allow the target');
}
