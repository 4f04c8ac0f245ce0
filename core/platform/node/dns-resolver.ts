/**
 * @module DnsResolver: names by the hosts file, then by DNS, without the system's resolver: its look-ups can be cancelled, and keep no process
 * alive after that. A name is asked as it stands; search domains and other sources of the system are left out.
 */
import dns, { type LookupAddress, Resolver } from 'node:dns';
import { readFile } from 'node:fs';
import { isIP } from 'node:net';

/** One answer for a name, as `dns.lookup` gives it: `family` is 4 or 6. */
export type HostAnswer = LookupAddress;

/**
 * Finds the addresses of a name. Calls back exactly once, later: with at least one answer, or with an error that has the system's `code`. It
 * may return what cancels the look-up; after that it calls back no more.
 */
export type HostResolver = (name: string, settle: (answers: readonly HostAnswer[], error?: Error) => void) => (() => void) | void;

const HOSTS_FILE =
  process.platform === 'win32' ? `${process.env['SystemRoot'] ?? 'C:\\Windows'}\\System32\\drivers\\etc\\hosts` : '/etc/hosts';
/** What `localhost` means where the hosts file does not say so. */
const LOOPBACK: readonly HostAnswer[] = ['::1', '127.0.0.1'].map(answerOf);

export const dnsResolver: HostResolver = (name, settle) => {
  let isCancelled = false;
  const resolver = new Resolver();
  // Not by a named import: `setServers` of the application replaces the function.
  resolver.setServers(dns.getServers());
  readFile(HOSTS_FILE, 'latin1', (_unreadable, text = '') => {
    if (isCancelled) return;
    const known = inHostsFile(text, name);
    if (known.length > 0) return settle(known);
    ask(resolver, name, (answers, error) => {
      if (!isCancelled) settle(answers, error);
    });
  });
  return () => {
    isCancelled = true;
    resolver.cancel();
  };
};

/** The addresses of a name in the text of a hosts file. */
export function inHostsFile(text: string, name: string): readonly HostAnswer[] {
  const wanted = name.toLowerCase().replace(/\.$/, '');
  const answers = text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    return names.includes(wanted) && isIP(address) !== 0 ? [answerOf(address)] : [];
  });
  return answers.length === 0 && /(^|\.)localhost$/.test(wanted) ? LOOPBACK : answers;
}

/** Both families at once. Of two errors the one that is not about the family alone counts. */
function ask(resolver: Resolver, name: string, settle: Parameters<HostResolver>[1]): void {
  const answers: HostAnswer[] = [];
  const errors: NodeJS.ErrnoException[] = [];
  let isFirst = true;
  const onAnswer = (error: NodeJS.ErrnoException | null, addresses: readonly string[] = []) => {
    if (error !== null) errors.push(error);
    answers.push(...addresses.map(answerOf));
    if (isFirst) isFirst = false;
    else settle(answers, errors.find(({ code }) => code !== 'ENODATA') ?? errors[0]);
  };
  resolver.resolve6(name, onAnswer);
  resolver.resolve4(name, onAnswer);
}

function answerOf(address: string): HostAnswer {
  return { address, family: isIP(address) };
}
