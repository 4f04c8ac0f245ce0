/**
 * @module Order: what a packet or a request may do here, decided in one order: (1) its signature, (2) what a packet without line and signature must name, (3) its line
 * or referral, (4) what needs a mark of trust, (5) what needs a line. Pure: what was checked is handed in as facts.
 */

/** How far a sender is known. `line`: it is the authenticated neighbour. `signed`: it has signed the packet. `via`: a neighbour has referred it. */
export type Trust = 'line' | 'signed' | 'via' | 'none';

/** What was found out about a packet. */
export interface PacketFacts {
  /** It came over the connection of the node that it names as its sender. */
  readonly isLine: boolean;
  /** `none`: there is no signature; `unknown`: the sender's key is not known here yet. */
  readonly signature: 'none' | 'good' | 'bad' | 'unknown';
  /** It names this node as its receiver, and a sender. */
  readonly isAddressed: boolean;
  /** `none`: there is no referral. `good`: by a node with an open line to this one, for this sender, and lately. `unknown`: the key of that node is not known. */
  readonly referral: 'none' | 'good' | 'bad' | 'unknown';
  /** Certificates and revocations need a `line`, a request for a key a mark (`trusted`); a packet for the application is taken from anybody (`open`). */
  readonly needs: 'line' | 'trusted' | 'open';
}

/** `hold`: a key has to be asked for first. */
export type PacketVerdict = { readonly trust: Trust } | { readonly drop: DropReason } | 'hold';
export type DropReason = 'signature' | 'address' | 'referral' | 'untrusted' | 'no-line';

export function judgePacket({ isLine, signature, isAddressed, referral, needs }: PacketFacts): PacketVerdict {
  if (signature === 'bad') return { drop: 'signature' };
  if (signature === 'unknown') return 'hold';
  if (!isLine && !isAddressed) return { drop: 'address' };
  if (referral === 'bad') return { drop: 'referral' };
  if (referral === 'unknown') return 'hold';
  const trust = isLine ? 'line' : signature === 'good' ? 'signed' : referral === 'good' ? 'via' : 'none';
  if (needs !== 'open' && trust === 'none') return { drop: 'untrusted' };
  return needs === 'line' && trust !== 'line' ? { drop: 'no-line' } : { trust };
}
