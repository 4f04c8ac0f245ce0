/** @module Tests of the typed client's types. The compiler is the judge: a wrong line here does not build. */
import { expect } from 'chai';
import type { Client, ClientCallOptions, ClientMethodName } from '../../../core/api/client.js';
import { NetworkBehavior } from '../../../core/api/network-behavior.js';
import type { RpcContext } from '../../../core/api/rpc.js';
import { Behavior, Rpc } from '../../../core/registration/decorators.js';

@Behavior({ serviceId: 64, name: 'shop' })
class Shop extends NetworkBehavior {
  readonly stock = 3;
  @Rpc() price(request: { item: string }, _context: RpcContext) {
    return { cents: request.item.length };
  }
  @Rpc() async order(request: { item: string }) {
    return request.item;
  }
  @Rpc() ping() {
    return 'pong' as const;
  }
  /** Its context, and no request. */
  @Rpc() status(_: void, context: RpcContext) {
    return context.deadlineMs;
  }
  @Rpc() find(request?: string) {
    return request;
  }
  @Rpc() async *list(_request: { from: number }) {
    yield 1;
  }
  protected audit() {}
  private count() {
    return this.stock;
  }
  total() {
    return this.count();
  }
}

class Listed extends NetworkBehavior {
  static readonly behavior = { serviceId: 65, name: 'listed', rpc: ['open'] } as const;
  open(request: number) {
    return request;
  }
  shut() {}
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <Fact extends true>(fact?: Fact) => expect(fact).to.equal(undefined);

/** Never called: only its types count. */
async function calls(shop: Client<typeof Shop>, listed: Client<typeof Listed>): Promise<unknown> {
  const options: ClientCallOptions = { timeoutMs: 100, signal: AbortSignal.abort() };
  await shop.price({ item: 'tea' }, options);
  await shop.ping(undefined, options);
  await shop.ping();
  await shop.status();
  await shop.status(undefined, options);
  // @ts-expect-error status has no request
  await shop.status(5);
  await shop.find();
  await shop.find('tea', options);
  for await (const item of shop.list({ from: 1 }, options)) item.toFixed();
  // @ts-expect-error the request is not optional
  await shop.price();
  // @ts-expect-error a field has the wrong type
  await shop.price({ item: 7 });
  // @ts-expect-error the context is the remote's, not the caller's
  await shop.price({ item: 'tea' }, { source: 'ab' });
  // @ts-expect-error ping has no request
  await shop.ping({ timeoutMs: 5 });
  // @ts-expect-error units are in the name
  await shop.ping(undefined, { timeout: 5 });
  // @ts-expect-error there is no such method
  await shop.prise({ item: 'tea' });
  // @ts-expect-error a hook is no method of the client
  shop.onMessage();
  // @ts-expect-error protected
  shop.audit();
  // @ts-expect-error a field is no method
  shop.stock;
  // @ts-expect-error the client is read-only
  shop.ping = async () => 'pong';
  await listed.open(1);
  // @ts-expect-error not in the rpc list
  await listed.shut();
  // @ts-expect-error a sequence is not awaited as a promise of an array
  (await shop.list({ from: 1 })).length;
  return shop;
}

describe('typed client', () => {
  it('has the own public methods of the class, or those of its rpc list (USERS 14)', () => {
    holds<Equal<ClientMethodName<typeof Shop>, 'price' | 'order' | 'ping' | 'status' | 'find' | 'list' | 'total'>>();
    holds<Equal<ClientMethodName<typeof Listed>, 'open'>>();
    expect(calls).to.be.a('function');
  });

  it('answers promises of what the method returns, and sequences for generators', () => {
    holds<Equal<ReturnType<Client<typeof Shop>['price']>, Promise<{ cents: number }>>>();
    holds<Equal<ReturnType<Client<typeof Shop>['order']>, Promise<string>>>();
    holds<Equal<ReturnType<Client<typeof Shop>['ping']>, Promise<'pong'>>>();
    holds<Equal<ReturnType<Client<typeof Shop>['list']>, AsyncIterable<number>>>();
  });
});
