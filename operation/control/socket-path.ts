/**
 * @module SocketPath: where control sockets are. A node has one place, by its options; programs find it by the same rules.
 */
import { lstatSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { NetworkError, type NodeId, shortId } from '../../core/index.js';
import { makeDirectory } from '../../core/platform/node/directories.js';

/** Systems cut longer paths of sockets, some at 104 bytes with the final zero. */
export const CONTROL_PATH_BYTES_MAX = 100;
const SOCKET_NAME = 'control.sock';
const SHARED_NAME = /^meshwright-[\w-]{1,64}\.sock$/;
const OTHERS = 0o077;

type Environment = Readonly<Record<string, string | undefined>>;

/** The socket of a node. Throws `OPTION_INVALID` for a path that no socket may have. */
export function controlPathOf(
  path: string | undefined,
  { nodeId, dataDirectory }: { readonly nodeId: NodeId; readonly dataDirectory: string | undefined },
): string {
  const chosen = path ?? (dataDirectory === undefined ? sharedPathOf(shortId(nodeId)) : pathInData(dataDirectory));
  const full = resolve(chosen);
  const byteCount = Buffer.byteLength(full);
  if (byteCount <= CONTROL_PATH_BYTES_MAX && !full.includes('\0')) return full;
  const text = `createNode: option control.path is a path of ${byteCount} bytes; it must have ${CONTROL_PATH_BYTES_MAX} at most`;
  throw new NetworkError('OPTION_INVALID', text, { details: { option: 'control.path', path: full } });
}

/** The socket of a node that has a data directory. */
export function pathInData(dataDirectory: string): string {
  return join(dataDirectory, SOCKET_NAME);
}

/** A socket in the user's folder for them, where programs look for it. */
export function sharedPathOf(name: string): string {
  return join(sharedDirectory(), `meshwright-${name}.sock`);
}

/** The user's folder for the sockets of nodes without a data directory. */
export function sharedDirectory(env: Environment = process.env): string {
  const { XDG_RUNTIME_DIR: runtime } = env;
  return runtime !== undefined && runtime !== '' ? runtime : join(tmpdir(), `meshwright-${process.getuid?.() ?? 0}`);
}

/** The sockets in the user's folder, whether anybody listens there or not. */
export function sharedSockets(directory: string = sharedDirectory()): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => SHARED_NAME.test(name))
      .sort()
      .map((name) => join(directory, name));
  } catch {
    // There is none: nobody has opened a socket there.
    return [];
  }
}

/**
 * Makes the folder in the directory for temporary files, where everybody may make folders: one that is another user's, or that others may
 * enter, is refused. `$XDG_RUNTIME_DIR` is made by the system.
 */
export function makeSharedDirectory(directory: string = sharedDirectory(), env: Environment = process.env): void {
  if (directory === env.XDG_RUNTIME_DIR) return;
  makeDirectory(directory);
  const found = lstatSync(directory);
  if (found.isDirectory() && isOwn(found.uid) && (found.mode & OTHERS) === 0) return;
  const text = `the folder ${directory} is open to others, or not yours; no control socket is opened in it`;
  throw new NetworkError('CONTROL_UNAVAILABLE', text, { details: { directory } });
}

export function isOwn(uid: number): boolean {
  const own = process.getuid?.();
  return own === undefined || own === uid;
}
