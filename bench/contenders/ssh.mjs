/**
 * @module SSH: the SOCKS proxy of OpenSSH (`ssh -D`), with a server of its own and keys that are made for it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { connected, freePort } from '../programs/ports.mjs';

export const supports = ['socks'];

const SERVER = '/usr/sbin/sshd';

/** Why it takes no part, if it cannot. */
export function absence() {
  return existsSync(SERVER) ? undefined : `${SERVER} is not installed (Debian: apt install openssh-server)`;
}

/** The server, and where its client finds the keys. */
export async function openLender() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-ssh-'));
  for (const name of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  const port = await freePort();
  writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'user.pub')), { mode: 0o600 });
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
  ];
  writeFileSync(
    join(folder, 'config'),
    [...lines, 'StrictModes no', 'UsePAM no', 'PermitRootLogin yes', `PidFile ${join(folder, 'pid')}`, ''].join('\n'),
  );
  // It refuses to run without the folder that its package's unit makes.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const server = spawn(SERVER, ['-D', '-f', join(folder, 'config')], { stdio: ['ignore', 'ignore', 'inherit'] });
  await connected(port);
  return {
    address: { port, folder },
    async close() {
      server.kill();
      await once(server, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

/** A SOCKS proxy that leads through the server. */
export async function openSocks({ port, folder }) {
  const local = await freePort();
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'IdentitiesOnly=yes'].flatMap((option) => [
    '-o',
    option,
  ]);
  const args = [
    '-N',
    '-D',
    `127.0.0.1:${local}`,
    '-p',
    String(port),
    '-i',
    join(folder, 'user'),
    '-F',
    '/dev/null',
    ...options,
    '127.0.0.1',
  ];
  const client = spawn('ssh', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await connected(local);
  return { port: local, close: () => client.kill() };
}
