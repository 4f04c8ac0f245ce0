/**
 * @module Socat: a pair of socats, of which one leads to the other, and that to a target: a process for each connection, nothing is encrypted.
 */
import { execFileSync, spawn } from 'node:child_process';
import { connected, freePort } from '../programs/ports.mjs';

export const supports = ['forward'];

/** Why it takes no part, if it cannot. */
export function absence() {
  try {
    execFileSync('socat', ['-V'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'socat is not installed (Debian: apt install socat)';
  }
}

export const openLender = ({ target }) => forward(target).then(({ port, close }) => ({ address: port, close }));

/** A port that leads through the lender to its target. */
export const openForward = (address) => forward(address);

async function forward(target) {
  const port = await freePort();
  const child = spawn('socat', [`TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,backlog=512`, `TCP:127.0.0.1:${target}`], {
    stdio: 'inherit',
  });
  await connected(port);
  return { port, close: () => child.kill() };
}
