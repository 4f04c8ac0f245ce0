/** @module The process under test of `limits.test.ts`: an echo listener that tells its counters, and dials, when it is asked. */
import { parseAddress } from '../../../core/address/address.js';
import type { LinkSink, TransportLink } from '../../../core/api/transport.js';
import { TcpTransport } from '../../../transports/tcp/index.js';

const { SOCKETS_MAX, LISTEN = 'tcp://127.0.0.12:0' } = process.env;
const transport = new TcpTransport(SOCKETS_MAX === undefined ? {} : { socketsMax: Number(SOCKETS_MAX) });

function echo(link: TransportLink): LinkSink {
  return { onBytes: (bytes) => link.write([bytes.slice()]), onWritten: () => {}, onClosed: () => {} };
}

function fail(cause: Error): void {
  throw cause;
}

const listener = transport.listen(parseAddress(LISTEN), {
  onListening: (addresses) => process.send?.({ addresses: addresses.map(String) }),
  onAccepted: echo,
  onFailed: fail,
});

process.on('message', (question: { dial?: string }) => {
  const answer = (dial?: string) => process.send?.({ ...transport.stats(), dial });
  if (question.dial === undefined) answer();
  else {
    transport.dial(parseAddress(question.dial), {
      onConnected: (link) => {
        link.destroy();
        answer('connected');
        return echo(link);
      },
      onFailed: ({ code, details }) => void answer([code, details['systemCode']].filter(Boolean).join(' ')),
    });
  }
});
process.on('disconnect', () => listener.close());
