/**
 * @module Container: an application with an injection container of its own. A behaviour gets the application's objects from it, and an object of the application
 * gets the behaviour's router table.
 * Run it with `node dist/examples/container.js`.
 */

import 'reflect-metadata';
import { container, injectable } from 'tsyringe';
import { createNode, NetworkBehavior, RouterTable, toLocal } from '../index.js';

/** The application's, as it would be without a network. */
@injectable()
class Prices {
  private readonly prices = new Map([['tea', 3]]);
  of(name: string) {
    return this.prices.get(name);
  }
}

class Audit {
  static readonly inject = [RouterTable];
  readonly lines: string[] = [];
  constructor(private readonly router: RouterTable) {}
  note(name: string) {
    this.lines.push(`${name} was asked for; services go ${this.router.explain({ type: 'service', serviceId: 71, meta: 0 }).action.type}`);
  }
}

class Shop extends NetworkBehavior {
  static readonly behavior = { serviceId: 71, name: 'shop', rpc: ['price'] } as const;
  static readonly inject = [Prices, 'currency', Audit];
  constructor(
    private readonly prices: Prices,
    private readonly currency: string,
    readonly audit: Audit,
  ) {
    super();
  }
  price(name: string) {
    this.audit.note(name);
    return `${this.prices.of(name) ?? 'no'} ${this.currency}`;
  }
}

container.register('currency', { useValue: 'florins' });

const node = await createNode({ behaviors: [Shop], container, provide: [{ token: Audit, useClass: Audit }] });
await node.start();
console.log(await node.client(Shop, toLocal()).price('tea'));
console.log(node.behavior(Shop).audit.lines.join());
await node.stop();
