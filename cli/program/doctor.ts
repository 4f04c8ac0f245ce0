/** @module The command `doctor`: names what keeps a node from another one, or from its work, and what helps. */
import type { Diagnosis } from '../../operation/index.js';
import { type OpenNode, openNode, SEED_OPTIONS } from './nodes.js';
import { requireTarget, untilRouted } from './routes.js';
import type { CommandRow } from './row.js';
import { EXIT, plainText, type Terminal } from './terminal.js';
import { whole } from './values.js';

export const doctor: CommandRow = {
  name: 'doctor',
  parameters: ['[target]'],
  help: 'what is wrong with the node, or between it and a target (a node, an address, service:<number>), and what helps',
  options: [
    { flags: '--service <number>', help: 'also look whether the target offers this service', read: whole('--service', 0, 255) },
    ...SEED_OPTIONS,
  ],
  run: async (terminal, options, [target]) => {
    if (target !== undefined) requireTarget(target);
    // Seeds that cannot be connected are what it is for.
    const node = await openNode(terminal, { ...options, unconnected: true });
    try {
      return report(
        terminal,
        await diagnosed(terminal, node, { target, service: options.service, seeds: (options.seed ?? []) as string[] }),
      );
    } finally {
      await node.close();
    }
  },
};

interface Wish {
  readonly target: string | undefined;
  readonly service: unknown;
  readonly seeds: readonly string[];
}

/** A node that was started for this is asked for its seeds first, then for the target. */
async function diagnosed(terminal: Terminal, node: OpenNode, { target, service, seeds }: Wish): Promise<Diagnosis> {
  const ask = (params: object) => {
    terminal.progress('looking …');
    return node.client.request('doctor', params) as Promise<Diagnosis>;
  };
  for (const seed of seeds) {
    const diagnosis = await ask(target === undefined ? { target: seed, service } : { target: seed });
    if (diagnosis.findings.length > 0 || target === undefined) return diagnosis;
    await node.own?.connect(seed);
  }
  if (target === undefined) return ask({});
  await untilRouted(node, target);
  return ask({ target, service });
}

function report(terminal: Terminal, diagnosis: Diagnosis): number {
  const { findings, well } = diagnosis;
  terminal.show(diagnosis, [
    ...findings.flatMap(({ fault, subject, text, cure }) => [`${fault}: ${plainText(subject)}: ${plainText(text)}`, `  ${cure}`]),
    ...(findings.length === 0 ? ['nothing is wrong'] : []),
    ...well.map((line) => `  ${plainText(line)}`),
  ]);
  return findings.length === 0 ? EXIT.ok : EXIT.failed;
}
