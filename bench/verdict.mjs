/**
 * @module Verdict: what the rounds of a measure come to: for each figure the median of each contender, the ratios to the reference in the
 * same round, and whether Meshwright holds its floors.
 */
import { OWN } from './contenders/index.mjs';

/** `rounds`: what rounds.mjs gave. */
export function judgeMeasure(measure, rounds, othersCoresMax) {
  const isQuiet = measure.isTimed === false || rounds.othersCores.every((cores) => cores <= othersCoresMax);
  return {
    id: measure.id,
    isQuiet,
    othersCores: rounds.othersCores,
    failures: rounds.failures,
    figures: measure.figures.map((figure) => judgeFigure(figure, rounds.samples)),
  };
}

function judgeFigure(figure, samples) {
  const valuesOf = (name) => (samples.get(name) ?? []).map((sample) => sample?.[figure.id]);
  const contenders = [...samples.keys()].map((name) => ({
    name,
    values: valuesOf(name),
    value: spreadOf(valuesOf(name)),
    ratio: name === figure.of ? undefined : spreadOf(ratios(valuesOf(name), valuesOf(figure.of))),
  }));
  const floors = figure.floors.map((floor) => judgeFloor(floor, valuesOf));
  return { id: figure.id, title: figure.title, unit: figure.unit, better: figure.better, of: figure.of, contenders, floors };
}

/** `isHeld` is undefined where nothing was measured. */
function judgeFloor(floor, valuesOf) {
  const own = valuesOf(floor.by ?? OWN);
  const spread = spreadOf(floor.of === undefined ? own : ratios(own, valuesOf(floor.of)));
  if (spread === undefined) return { ...floor, spread, isHeld: undefined };
  return { ...floor, spread, isHeld: floor.least === undefined ? spread.median <= floor.most : spread.median >= floor.least };
}

function ratios(values, references) {
  return values.map((value, round) => (references[round] === undefined || value === undefined ? undefined : value / references[round]));
}

/** Median, least and greatest of what is there. */
function spreadOf(values) {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], greatest: sorted.at(-1) };
}
