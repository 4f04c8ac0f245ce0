/**
 * @module Table: medians as Markdown. A ratio is Meshwright's median over raw TCP's; above 1 is more of the unit, which is better or
 * worse as the last column says.
 */

export function renderTable(results, contenders) {
  const head = ['measure', 'unit', ...contenders, 'meshwright / tcp', 'better'];
  const rows = results.map(({ measure, samples }) => {
    const medians = Object.fromEntries(contenders.map((name) => [name, median(samples[name])]));
    const ratio = Number.isNaN(medians.tcp) ? '' : (medians.meshwright / medians.tcp).toFixed(2);
    return [measure.name, measure.unit, ...contenders.map((name) => show(medians[name])), ratio, measure.better];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Not a number where there is none. */
function median(values) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function show(value) {
  if (Number.isNaN(value)) return '';
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}
