/**
 * @module Guard: which requests a dashboard takes. The page itself holds nothing that is secret; everything else wants the token. A page of
 * another origin gets nothing, and a name that was bound to this machine afterwards (DNS rebinding) is not one of the known hosts.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What keeps a request out: an HTTP status and a reason. */
export interface Denial {
  readonly status: number;
  readonly reason: string;
}

const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/;
const BEARER = 'Bearer ';

export class Guard {
  private readonly hosts: ReadonlySet<string>;
  private readonly tokenHash: Buffer;

  /** `hosts`: further values of the header `host`, as in `node1.example:9464`. */
  constructor(token: string, hosts: readonly string[]) {
    this.tokenHash = hashOf(token);
    this.hosts = new Set(hosts.map((host) => host.toLowerCase()));
  }

  /** Why nothing is answered to this request, not even the page. */
  denialOf({ headers }: IncomingMessage): Denial | undefined {
    const host = headers.host?.toLowerCase() ?? '';
    if (!LOCAL_HOST.test(host) && !this.hosts.has(host))
      return { status: 421, reason: `${host.slice(0, 128)} is no name of this dashboard; its option hosts adds one` };
    const { origin } = headers;
    if (origin !== undefined && hostOf(origin) !== host) return { status: 403, reason: 'a page of another origin asks' };
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return { status: 403, reason: 'a page of another site asks' };
    return undefined;
  }

  /** Why this request is not answered with anything of the node. */
  denialOfData({ headers }: IncomingMessage): Denial | undefined {
    const given = headers.authorization ?? '';
    const isRight = given.startsWith(BEARER) && timingSafeEqual(hashOf(given.slice(BEARER.length)), this.tokenHash);
    return isRight ? undefined : { status: 401, reason: 'the token is missing or wrong: open the address that was printed' };
  }
}

/** Of equal length whatever the token is. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function hostOf(origin: string): string {
  try {
    return new URL(origin).host.toLowerCase();
  } catch {
    return '';
  }
}
