/**
 * @module Proxies: programs that are led through two nodes, each in a process of its own, as are the web server and the program.
 */
import { Child, withChildren } from '../processes.mjs';

const GIBIBYTE = 1_073_741_824;
const REQUESTS = 2_000;
const PARALLEL = 200;

const four = (contender) => Array.from({ length: 4 }, () => new Child('proxy', contender));

export const PROXIES = [
  {
    id: 'socks',
    needs: 'socks',
    figures: [
      { id: 'rate', title: '1 GiB through a SOCKS proxy', unit: 'MB/s', better: 'higher', of: 'ssh', floors: [{ of: 'ssh', least: 1 }] },
    ],
    run: (contender, { scale }) =>
      withChildren(four(contender), async (server, far, near, program) => {
        const web = await server.ask('openWeb');
        const port = await near.ask('socks', await far.ask('lend', { target: web }));
        const byteCount = Math.ceil(GIBIBYTE * scale);
        await program.ask('download', { port, web, byteCount: byteCount / 8 });
        const tookMs = await program.ask('download', { port, web, byteCount });
        return { rate: byteCount / tookMs / 1_000 };
      }),
  },
  {
    id: 'forward',
    needs: 'forward',
    figures: [
      {
        id: 'rate',
        title: `${PARALLEL} requests at once through a port, each on a connection`,
        unit: 'requests/s',
        better: 'higher',
        of: 'socat',
        floors: [{ of: 'socat', least: 0.5 }],
      },
    ],
    run: (contender, { scale }) =>
      withChildren(four(contender), async (server, far, near, program) => {
        const target = await server.ask('openWeb');
        const port = await near.ask('forward', { address: await far.ask('lend', { target }), target });
        const count = Math.ceil(REQUESTS * scale);
        await program.ask('requests', { port, count: PARALLEL, parallel: PARALLEL });
        const tookMs = await program.ask('requests', { port, count, parallel: PARALLEL });
        return { rate: (count * 1_000) / tookMs };
      }),
  },
];
