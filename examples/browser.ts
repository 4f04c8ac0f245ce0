/**
 * @module Browser: a page that joins a mesh over WebSocket. This program is the node that the page dials, and serves the page: open the address that it
 * prints, in several windows. The page is `browser/page.js`: its chat is that of the example `chat`, whose processes join over the TCP address. The
 * program ends with its input.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { createNode } from '../index.js';
import { TcpTransport, WebSocketTransport } from '../transports/index.js';

/** The page is no part of the build: it is bundled as it is. */
const PAGE = fileURLToPath(new URL('../../examples/browser/', import.meta.url));
/** Nothing but what this server has, and the mesh at it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";

// In a project of your own, the bundler finds `meshwright` by itself, and what a browser gets of it.
const { output } = await build({
  input: `${PAGE}page.js`,
  platform: 'browser',
  resolve: { alias: { meshwright: fileURLToPath(new URL('../browser.js', import.meta.url)) } },
  logLevel: 'warn',
  write: false,
  output: { format: 'esm', minify: true },
});
const files = new Map([
  ['/', ['text/html', readFileSync(`${PAGE}index.html`, 'utf8')]],
  ['/style.css', ['text/css', readFileSync(`${PAGE}style.css`, 'utf8')]],
  ['/page.js', ['text/javascript', output[0].code]],
]);

const server = createServer((request, response) => {
  const [type, text] = files.get(request.url ?? '') ?? [];
  if (type === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': POLICY }).end(text);
});
await new Promise<void>((resolve) => server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', resolve));

const node = await createNode({
  transports: [new TcpTransport(), new WebSocketTransport({ server, path: '/mesh' })],
  listen: ['ws://127.0.0.1:0', 'tcp://127.0.0.1:0'],
});
await node.start();
const { port } = server.address() as { readonly port: number };
console.log(`open http://127.0.0.1:${port}/ in a browser`);
console.log(
  `or join from a terminal: node dist/examples/chat.js --name ada --seed ${node.addresses.find(({ scheme }) => scheme === 'tcp')}`,
);

for await (const _ of process.stdin);
await node.stop();
server.close();
server.closeAllConnections();
