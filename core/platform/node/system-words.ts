/** @module SystemWords: what the system's errors mean for a file or a directory. */

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EEXIST: 'a file is in its place',
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'a part of its path is not a directory',
  ENOSPC: 'the disk is full',
  ELOOP: 'its symbolic links go in a circle',
  ENOTSUP: 'no directory can be made there',
  ENXIO: 'it is not a regular file',
};

/** For a sentence that names the path. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? String(error);
  return WORDS[code] ?? code;
}
