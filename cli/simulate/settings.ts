/**
 * @module Settings: what is simulated: how many nodes of which kind, the network between them, and what happens to them.
 */
export const PROFILES = ['plain', 'spacer', 'default'] as const;
export type Profile = (typeof PROFILES)[number];
export const MODELS = ['flat', 'plane'] as const;
export const CRYPTO = ['simulated', 'real'] as const;

export interface Settings {
  readonly nodes: number;
  readonly profile: Profile;
  readonly mesh: number;
  readonly durationS: number;
  readonly lookups: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly model: (typeof MODELS)[number];
  readonly loss: number;
  readonly churnMinutes: number;
  readonly crashShare: number;
  readonly hasPartition: boolean;
  readonly seed: string;
  readonly crypto: (typeof CRYPTO)[number];
}
