/**
 * @module Eclipse (row 49): many identities from two networks want all of a node's slots, in virtual time, with a restart at the end. For
 * `eclipse.test.ts`, and for the campaign with 20,000 identities over a day.
 */
import { signRecord } from '../../../behaviours/addressbook/book/record.js';
import { parseAddress } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { bookOf, type Liar, Mesh, NO_PINGS, signerOf, WALL_MS } from './support.js';

export interface Siege {
  readonly seed: number;
  /** Nodes that attack; each of them tells of `ghosts` identities that are nowhere. */
  readonly attackers: number;
  readonly ghosts: number;
  /** Of virtual time; a part of one will do. */
  readonly hours: number;
}

export interface SiegeReport {
  /** The share of honest nodes among those that the besieged one chose, after each hour. */
  readonly shares: readonly number[];
  /** The same after its restart, and how many it chose. */
  readonly restartedShare: number;
  readonly restartedCount: number;
  /** Nodes in its book before the restart. */
  readonly known: number;
}

const HONEST = 24;
const HOUR_MS = 3_600_000;
/** Neither pings nor ticks are what this is about. */
const OPTIONS = { connections: { min: 6, max: 16 }, limits: NO_PINGS, tickMs: 3_600_000 };
const NEWS_ROUNDS = 4;
/** Records live for six hours. */
const TOLD_HOURS = 4;

type Chosen = readonly { readonly remoteAddress: { readonly host: string } }[];

const chosenBy = (node: SimulatedNode): Chosen => node.connections().filter(({ direction }) => direction === 'outgoing');
const honestShare = (chosen: Chosen) =>
  chosen.filter(({ remoteAddress: { host } }) => !host.startsWith('66.')).length / Math.max(1, chosen.length);

export async function besiege(siege: Siege): Promise<SiegeReport> {
  const mesh = new Mesh(siege.seed);
  for (let index = 0; index < HONEST; index++)
    await mesh.node(`30.${index}.0.1`, { ...OPTIONS, seeds: index === 0 ? [] : ['sim://30.0.0.1'] });
  let victim = await mesh.node('20.0.0.1', { ...OPTIONS, seeds: ['sim://30.5.0.1'] });
  await mesh.net.run(60_000);
  const attackers: Liar[] = [];
  for (let index = 0; index < siege.attackers; index++) attackers.push(await attackerOf(mesh, index));
  const shares: number[] = [];
  for (let hour = 0; hour < siege.hours; hour++) {
    if (hour % TOLD_HOURS === 0) for (const [index, liar] of attackers.entries()) await tellGhosts(mesh, liar, index, siege.ghosts);
    await mesh.net.run(Math.min(1, siege.hours - hour) * HOUR_MS);
    shares.push(honestShare(chosenBy(victim)));
  }
  const known = bookOf(victim).entries().length;
  await victim.stop();
  victim = await mesh.net.restart('20.0.0.1');
  await mesh.net.run(180_000);
  const restarted = chosenBy(victim);
  for (const node of mesh.net.nodes) mesh.net.crash(node);
  return { shares, known, restartedShare: honestShare(restarted), restartedCount: restarted.length };
}

/** Connects from one of two networks, and tells of itself. */
async function attackerOf(mesh: Mesh, index: number): Promise<Liar> {
  const own = `sim://66.${index % 2}.0.${index}`;
  const { node, liar } = await mesh.liar(own.slice(6), { ...OPTIONS, seeds: ['sim://20.0.0.1'] });
  await mesh.net.run(1_000);
  liar.hint(node.id, own);
  return liar;
}

/** Tells of ghosts of both networks, as if they had signed just now. */
async function tellGhosts(mesh: Mesh, liar: Liar, attacker: number, ghosts: number): Promise<void> {
  const wallMs = WALL_MS + Math.floor(mesh.net.nowMs);
  const records = Array.from({ length: ghosts }, (_, ghost) => {
    const address = parseAddress(`sim://66.${ghost % 2}.${1 + (ghost >> 8)}.${ghost % 256}`);
    return signRecord([address], wallMs, signerOf(`ghost ${attacker} ${ghost}`)).bytes;
  });
  for (let round = 0; round < NEWS_ROUNDS; round++) {
    liar.tell(records);
    await mesh.net.run(5_000);
  }
}
