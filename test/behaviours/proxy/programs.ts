/**
 * @module Programs: other people's programs as children, and a web server for them: what the tests and the campaign of real programs share.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Whether a program is installed. */
export function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

export interface Ended {
  readonly code: number | string;
  readonly output: Buffer;
  readonly errors: string;
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], input?: Uint8Array): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const environment = { ...process.env, NO_PROXY: '', no_proxy: '', GIT_TERMINAL_PROMPT: '0' };
    const child = spawn(program, args, { stdio: 'pipe', env: environment });
    const [parts, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (bytes: Buffer) => parts.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => errors.push(bytes));
    child.stdin.on('error', () => {});
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ code: code ?? String(signal), output: Buffer.concat(parts), errors: Buffer.concat(errors).toString() }),
    );
    child.stdin.end(input);
  });
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The same bytes for everybody: `count` of them, as pieces. */
export function* piecesOf(count: number): Generator<Buffer> {
  const block = Buffer.alloc(65_536);
  for (let at = 0; at < block.length; at++) block[at] = (at * 131) & 255;
  for (let left = count; left > 0; left -= block.length) {
    block.writeUInt32BE(left >>> 0);
    yield Buffer.from(block.subarray(0, Math.min(left, block.length)));
  }
}

export function hashOfPieces(count: number): string {
  const hash = createHash('sha256');
  for (const piece of piecesOf(count)) hash.update(piece);
  return hash.digest('hex');
}

/** `/bytes/n` sends n bytes, a PUT is answered with the hash of its body, `/drip` never ends, anything else with its path. */
export async function webServer(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(async (request, response) => {
    const { method, url = '' } = request;
    if (url.startsWith('/bytes/')) {
      for (const piece of piecesOf(Number(url.slice(7))))
        if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
      return response.end();
    }
    if (url === '/drip') return void response.write('a first piece');
    if (method !== 'PUT') return response.end(`you asked for ${url}`);
    const hash = createHash('sha256');
    for await (const piece of request) hash.update(piece as Buffer);
    return response.end(hash.digest('hex'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** A port that nobody listened on a moment ago, for servers that cannot say which one they took. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
