/** @module The example behaviours with TypeScript's legacy dialect of decorators, and with `@inject` on parameters. */

import { Behavior, inject, NetworkBehavior, RouterTable, Rpc } from '../../index.js';
import { PREFIX } from '../forms/suite.js';

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
  readonly given: readonly unknown[];

  constructor(
    @inject(Greeter) greeter: Greeter,
    @inject(RouterTable) router: RouterTable,
    @inject(PREFIX) prefix: string,
    options?: { lines: number },
  ) {
    super();
    this.given = [greeter, router, prefix, options];
  }
}
