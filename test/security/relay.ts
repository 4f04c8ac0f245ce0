/**
 * @module Relay: a user-space wire between two sockets, with faults: it mutes (forwards nothing, ends nothing), cuts without a word,
 * flips and splits bytes, and puts in its own.
 */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import type { Place } from './socket-peer.js';
import type { World } from './world.js';

/** What happens to the bytes of one direction. */
export type Tamper = (bytes: Buffer) => readonly Uint8Array[];

export class Relay {
  /** The dialling side's socket and the listening side's, per connection. */
  readonly pairs: { readonly near: Socket; readonly far: Socket }[] = [];
  toFar: Tamper = (bytes) => [bytes];
  toNear: Tamper = (bytes) => [bytes];
  private isMute = false;

  private constructor(
    readonly address: string,
    private readonly target: Place,
  ) {}

  static async start(world: World, target: Place, host: string): Promise<Relay> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen({ host, port: 0 });
    await once(server, 'listening');
    const relay = new Relay(`tcp://${host}:${(server.address() as AddressInfo).port}`, target);
    server.on('connection', (near) => relay.carry(near));
    world.atEnd(() => {
      server.close();
      relay.cut();
    });
    return relay;
  }

  /** From now on nothing passes, and no side learns of the other's end. What comes is read and lost. */
  mute(): void {
    this.isMute = true;
  }

  /** As `mute`, but like a wire that is full: what comes is not read either. */
  hold(): void {
    this.isMute = true;
    for (const { near, far } of this.pairs) {
      near.pause();
      far.pause();
    }
  }

  /** Puts bytes on the way to the listening side, unchanged, of the last connection. */
  inject(bytes: Uint8Array): void {
    this.pairs.at(-1)?.far.write(bytes);
  }

  /** Ends both sides at once. */
  cut(): void {
    for (const { near, far } of this.pairs) {
      near.destroy();
      far.destroy();
    }
  }

  private carry(near: Socket): void {
    const far = connect({ ...this.target, noDelay: true, allowHalfOpen: true });
    this.pairs.push({ near, far });
    this.pass(near, far, (bytes) => this.toFar(bytes));
    this.pass(far, near, (bytes) => this.toNear(bytes));
  }

  private pass(from: Socket, to: Socket, tamper: Tamper): void {
    from.on('data', (bytes) => {
      if (!this.isMute) for (const part of tamper(bytes)) to.write(part);
    });
    from.on('error', () => {});
    from.on('end', () => {
      if (!this.isMute) to.end();
    });
    from.on('close', () => {
      if (!this.isMute) to.destroy();
    });
  }
}
