/**
 * @module Decorators: a behaviour that is described by decorators alone: its number and name, a method, a stream of responses, and a byte stream.
 * Run it with `node dist/examples/decorators.js`.
 */
import {
  Behavior,
  type ByteStream,
  createNode,
  NetworkBehavior,
  type NetworkError,
  OnStream,
  Rpc,
  type RpcContext,
  toNode,
} from '../index.js';

@Behavior({ serviceId: 72, name: 'numbers' })
class Numbers extends NetworkBehavior {
  @Rpc() square(value: number) {
    return value * value;
  }

  @Rpc() async *countTo(last: number, { signal }: RpcContext) {
    for (let value = 1; value <= last && !signal.aborted; value++) yield value;
  }

  @OnStream() async length(stream: ByteStream) {
    let bytes = 0;
    for await (const chunk of stream.readable) bytes += chunk.length;
    console.log(`a stream of ${bytes} bytes has ended`);
  }

  /** Without a decorator nobody else calls it. */
  secret() {
    return 42;
  }
}

const server = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Numbers] });
const client = await createNode();
await server.start();
await client.start();
await client.connect(`${server.addresses[0]}`);

const numbers = client.client(Numbers, toNode(server.id));
console.log(`the square is ${await numbers.square(12)}`);
for await (const value of numbers.countTo(3)) console.log(`counted to ${value}`);

const stream = await client.openStream(toNode(server.id), Numbers, { name: 'length' });
const writer = stream.writable.getWriter();
await writer.write(new Uint8Array(1_000));
await writer.close();

await client.call(toNode(server.id), 72, 'secret', undefined).catch(({ code }: NetworkError) => console.log(`secret: ${code}`));
await client.stop();
await server.stop();
