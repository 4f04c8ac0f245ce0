/** @module BenchEcho: the behaviour that `bench` measures: it counts messages, and answers calls with what it gets. */
import { type BehaviorAgent, type Message, NetworkBehavior } from '../../index.js';

export class BenchEcho extends NetworkBehavior {
  static readonly behavior = { serviceId: 240, name: 'bench-echo', rpc: ['echo', 'received'] } as const;
  private count = 0;

  override onMessage(_agent: BehaviorAgent, _message: Message): void {
    this.count++;
  }

  echo(value: Uint8Array): Uint8Array {
    return value;
  }

  received(): number {
    return this.count;
  }
}
