/**
 * @module Directories: makes a directory and those above it, for their owner only. One at a time: the recursive `mkdir` of Node goes round for ever
 * where the system says of a directory that exists that it does not, as `/proc` does, and some drives of networks.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { NetworkError } from '../../errors.js';
import { reasonOf } from './system-words.js';

const MODE = 0o700;

/** Leaves one that exists as it is. Throws what the system reports. */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, MODE);
  } catch (error) {
    if (isDirectory(path)) return;
    if (!isAboveMissing(path, error)) throw error;
    makeDirectory(dirname(path));
    makeIn(path);
  }
}

/** Throws `DATA_DIRECTORY_UNUSABLE`. */
export function makeDataDirectory(directory: string): void {
  try {
    makeDirectory(directory);
  } catch (cause) {
    throw unusable(directory, cause);
  }
}

export function unusable(directory: string, cause: unknown): NetworkError {
  const text = `the data directory ${directory} cannot be used: ${reasonOf(cause)}`;
  return new NetworkError('DATA_DIRECTORY_UNUSABLE', text, { cause, details: { directory } });
}

/** Its parent exists. Another process may be first. */
function makeIn(path: string): void {
  try {
    mkdirSync(path, MODE);
  } catch (error) {
    if (!isDirectory(path)) throw unsupported(error);
  }
}

function isAboveMissing(path: string, error: unknown): boolean {
  return codeOf(error) === 'ENOENT' && dirname(path) !== path;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Nothing is there, or it cannot be looked at.
    return false;
  }
}

/** What the system does not find is there. */
function unsupported(error: unknown): unknown {
  return codeOf(error) === 'ENOENT'
    ? Object.assign(new Error('no directory can be made there', { cause: error }), { code: 'ENOTSUP' })
    : error;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
