/** @module The example behaviours with the standard dialect of decorators, and with `static inject`. */

import { Behavior, NetworkBehavior, RouterTable, Rpc } from '../../index.js';
import { PREFIX } from './suite.js';

@Behavior({ serviceId: 64, name: 'greeter' })
export class Greeter extends NetworkBehavior {
  readonly greeting: string;

  constructor(options: { greeting?: string } = {}) {
    super();
    this.greeting = options.greeting ?? 'Hello';
  }

  @Rpc() greet(request: { name: string }) {
    return { text: `${this.greeting} ${request.name}` };
  }

  @Rpc() async *count(request: { to: number }) {
    for (let value = 1; value <= request.to; value++) yield value;
  }

  secret() {
    return 'not for others';
  }
}

@Behavior({ serviceId: 65, name: 'loud-greeter' })
export class LoudGreeter extends Greeter {
  override greet(request: { name: string }) {
    return { text: super.greet(request).text.toUpperCase() };
  }
}

@Behavior({ serviceId: 66, name: 'scribe', gate: true })
export class Scribe extends NetworkBehavior {
  static readonly inject = [Greeter, RouterTable, PREFIX];
  readonly given: readonly unknown[];

  constructor(greeter: Greeter, router: RouterTable, prefix: string, options?: { lines: number }) {
    super();
    this.given = [greeter, router, prefix, options];
  }
}
