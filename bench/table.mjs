/**
 * @module Table: verdicts as Markdown. A cell is the median of the rounds, then the median of the ratios to the reference in the same
 * round, with the least and the greatest of them.
 */

/** Units whose name the measure says already. */
const COUNTS = new Set(['messages/s', 'calls/s', '/s']);

/** Every figure of every contender, then the floors. */
export function renderTables(verdicts, contenderNames) {
  const figures = verdicts.flatMap((verdict) => verdict.figures.map((figure) => figureRow(figure, contenderNames, verdict.isQuiet)));
  const floors = verdicts.flatMap(({ figures: all }) => all.flatMap((figure) => figure.floors.map((floor) => floorRow(figure, floor))));
  const parts = [table(['measure', 'unit', ...contenderNames, 'ratio to'], figures)];
  if (floors.length > 0) parts.push(table(['floor', 'goal', 'measured', ''], floors));
  return parts.join('\n\n');
}

/** For a README: measure, and a column for each contender. */
export function renderMarkdown(verdicts, contenderNames) {
  const cellOf = (figure, name) => {
    const { value } = figure.contenders.find((contender) => contender.name === name) ?? {};
    return value === undefined ? '' : withUnit(value.median, figure.unit);
  };
  const rows = verdicts.flatMap(({ figures }) =>
    figures.map((figure) => {
      const own = figure.contenders.find(({ name }) => name === 'meshwright');
      const ratio = own?.ratio === undefined ? '' : `${ratioText(own.ratio)} of ${figure.of}`;
      return [figure.title, ...contenderNames.map((name) => cellOf(figure, name)), ratio];
    }),
  );
  return table(['measure', ...contenderNames, 'ratio'], rows);
}

function figureRow(figure, names, isQuiet) {
  const cells = names.map((name) => {
    const contender = figure.contenders.find((other) => other.name === name);
    if (contender?.value === undefined) return '';
    const ratio = contender.ratio === undefined ? '' : ` · ${ratioText(contender.ratio)}`;
    return `${numberText(contender.value.median)}${ratio}`;
  });
  return [`${figure.title}${isQuiet ? '' : ' (noisy)'}`, figure.unit, ...cells, figure.of ?? ''];
}

function floorRow(figure, floor) {
  const bound = floor.least === undefined ? `≤ ${numberText(floor.most)}` : `≥ ${numberText(floor.least)}`;
  const by = floor.by === undefined ? '' : `${floor.by} `;
  const goal = floor.of === undefined ? `${by}${bound} ${figure.unit}` : `${by}${bound} of ${floor.of}`;
  const result = floor.isHeld === undefined ? 'not measured' : floor.isHeld ? 'held' : 'MISSED';
  return [figure.title, goal, floor.spread === undefined ? '' : ratioText(floor.spread), result];
}

const ratioText = ({ median, least, greatest }) => `${numberText(median)} (${numberText(least)}–${numberText(greatest)})`;

function withUnit(value, unit) {
  return COUNTS.has(unit) ? `${numberText(value)}/s` : `${numberText(value)} ${unit}`.trim();
}

function numberText(value) {
  if (value >= 1_000) return Math.round(Number(value.toPrecision(3))).toLocaleString('en');
  if (value >= 10) return value.toFixed(value >= 100 ? 0 : 1);
  return String(Number(value.toFixed(value >= 1 ? 2 : 3)));
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
