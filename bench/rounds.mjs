/**
 * @module Rounds: contenders take turns within a round, so that a bad minute hits all of them. A round in which other programs were busy
 * is done again, a few times; the quietest one counts.
 */
import { watchOthers } from './noise.mjs';

/**
 * What the rounds of one measure gave: `samples` by contender and round (figures by id, or `undefined` where it failed), `othersCores`
 * by round, and what failed.
 */
export async function measureRounds(measure, contenders, settings) {
  const result = { samples: new Map(contenders.map(({ name }) => [name, []])), othersCores: [], failures: [] };
  const rounds = measure.isRepeatable === false ? 1 : settings.rounds;
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another one: nobody always follows the same.
    const order = [...contenders.slice(round % contenders.length), ...contenders.slice(0, round % contenders.length)];
    const { othersCores, samples } = await quietRound(measure, order, settings, result.failures);
    result.othersCores.push(othersCores);
    for (const { name } of contenders) result.samples.get(name).push(samples.get(name));
  }
  return result;
}

async function quietRound(measure, contenders, settings, failures) {
  let quietest;
  const tries = measure.isTimed === false ? 1 : 1 + settings.retries;
  for (let turn = 0; turn < tries; turn++) {
    const othersSince = watchOthers();
    const samples = new Map();
    for (const contender of contenders) samples.set(contender.name, await sampleOf(measure, contender, settings, failures));
    const othersCores = othersSince();
    if (quietest === undefined || othersCores < quietest.othersCores) quietest = { othersCores, samples };
    if (othersCores <= settings.othersCoresMax) break;
  }
  return quietest;
}

async function sampleOf(measure, contender, settings, failures) {
  try {
    return await measure.run(contender, settings);
  } catch (error) {
    failures.push(`${measure.id}, ${contender.name}: ${error.message}`);
    return undefined;
  }
}
