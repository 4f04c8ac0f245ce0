/** @module BehaviorNames: what the name of a behaviour becomes in metrics. Two behaviours of a node have two of these. */
import type { BehaviorDescriptor } from './descriptor.js';

/** What the names of its metrics begin with. Words of metrics begin with a letter; names of behaviours are freer than that. */
export function metricPrefixOf({ name, serviceId }: Pick<BehaviorDescriptor, 'name' | 'serviceId'>): string {
  const words = name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const prefix = words.reduce((before, word) => (/^[0-9]/.test(word) ? `${before || 's'}${word}` : `${before && `${before}_`}${word}`), '');
  return prefix === '' ? `service${serviceId}` : prefix;
}
