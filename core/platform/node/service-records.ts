/**
 * @module ServiceRecords on Node: DNS SRV records by the name servers of the system.
 */
import dns, { Resolver } from 'node:dns';
import { NetworkError } from '../../errors.js';

/** One answer: where a service runs, and in which order to try. */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  /** The least first. */
  readonly priority: number;
  /** The greatest first, within one priority. */
  readonly weight: number;
}

/** The records of a name. Rejects with `HOST_UNRESOLVED`. */
export function serviceRecords(name: string): Promise<readonly ServiceRecord[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  // Not by a named import: `setServers` of the application replaces the function.
  resolver.setServers(dns.getServers());
  return new Promise((resolve, reject) => {
    resolver.resolveSrv(name, (error, records) => {
      if (error === null) resolve(records);
      else
        reject(
          new NetworkError('HOST_UNRESOLVED', `no service records of ${name}: ${error.code}`, { cause: error, details: { host: name } }),
        );
    });
  });
}
