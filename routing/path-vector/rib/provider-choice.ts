/**
 * @module ProviderChoice: which provider of a service the origin of a message takes: the nearest, or each in turn, or any. Its turns and
 * its randomness are its own and repeat with the node's id, so that equal histories give equal choices.
 */
import type { ServiceBalance } from './options.js';

export class ProviderChoice {
  /** By service id. */
  private readonly turns = new Map<number, number>();

  /** `seed`: 32 bits. */
  constructor(
    private readonly balance: ServiceBalance,
    private seed: number,
  ) {}

  /** Only the nearest is ever taken. */
  get isNearest(): boolean {
    return this.balance === 'nearest';
  }

  /** One of the candidates, which are not empty and in a stable order; the first of them is the nearest. */
  pick<T>(serviceId: number, candidates: readonly T[]): T {
    switch (this.balance) {
      case 'nearest':
        return candidates[0] as T;
      case 'round-robin': {
        const turn = this.turns.get(serviceId) ?? 0;
        this.turns.set(serviceId, turn + 1);
        return candidates[turn % candidates.length] as T;
      }
      case 'random':
        return candidates[this.below(candidates.length)] as T;
    }
  }

  private below(count: number): number {
    this.seed = (Math.imul(this.seed, 0x0019_660d) + 0x3c6e_f35f) >>> 0;
    return Math.floor((this.seed / 2 ** 32) * count);
  }
}
