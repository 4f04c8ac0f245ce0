/** @module The default logger: lines as pino writes them, whatever stands in them, and a process that outlives the reader of its log. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { pino } from 'pino';
import type { Logger } from '../../../../core/api/ports.js';
import type { LogLevel } from '../../../../core/node/node-options.js';
import { jsonLogger } from '../../../../core/platform/node/json-logger.js';

const MODULE = new URL('../../../../core/platform/node/json-logger.js', import.meta.url).href;

/** What a logger writes of some calls, without the times. */
function linesOf(make: (write: (line: string) => void) => Logger, work: (log: Logger) => void): string[] {
  const written: string[] = [];
  work(make((line) => written.push(line)));
  return written.map((line) => line.replace(/"time":\d+/, '"time":0'));
}

const own = (level: LogLevel) => (write: (line: string) => void) => jsonLogger(level, write);

describe('the default logger', () => {
  it('writes what pino writes', () => {
    const work = (log: Logger) => {
      log.trace({ a: 1 }, 'least');
      log.debug({}, 'no fields');
      log.info({ text: 'a "quoted" \n line', list: [1, null], gone: undefined }, 'fields');
      log.warn('text alone' as unknown as object, undefined as unknown as string);
      const child = log.child({ node: 'ab12' });
      child.error({ service: 64 }, 'of a child');
      child.child({ behavior: 'greeter' }).error({ deep: { er: true } }, 'of its child');
    };
    const lines = linesOf(own('trace'), work);
    expect(lines).to.deep.equal(linesOf((write) => pino({ level: 'trace', base: null }, { write }), work));
    expect(lines[4]).to.equal('{"level":50,"time":0,"node":"ab12","service":64,"msg":"of a child"}\n');
  });

  it('writes nothing below its level, and nothing at all when silent', () => {
    const work = (log: Logger) => {
      for (const name of ['trace', 'debug', 'info', 'warn', 'error'] as const) log[name]({}, name);
    };
    const messages = (level: LogLevel) => linesOf(own(level), work).map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages('debug')).to.deep.equal(['debug', 'info', 'warn', 'error']);
    expect(messages('error')).to.deep.equal(['error']);
    expect(messages('silent')).to.deep.equal([]);
  });

  it('writes errors with their type, stack, cause and details, and bigints as text', () => {
    const err = Object.assign(new RangeError('outer', { cause: new Error('inner') }), { code: 'E_OUTER' });
    const [line = ''] = linesOf(own('info'), (log) => log.info({ err, count: 2n ** 64n }, 'failed'));
    const parsed = JSON.parse(line) as { err: Record<string, unknown>; count: string };
    expect(parsed.err).to.include({ type: 'RangeError', message: 'outer', code: 'E_OUTER', stack: err.stack });
    expect(parsed.err['cause']).to.include({ type: 'Error', message: 'inner' });
    expect(parsed.count).to.equal('18446744073709551616');
  });

  it('writes the message and the reason when fields are no JSON', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const [line = ''] = linesOf(own('info'), (log) => log.child({ node: 'ab12' }).info(circle, 'round'));
    const { unserializable, ...others } = JSON.parse(line) as Record<string, unknown>;
    expect(others).to.deep.equal({ level: 30, time: 0, node: 'ab12', msg: 'round' });
    expect(unserializable).to.match(/circular/);
  });

  it('goes to standard error, line by line, and a reader that is gone ends nobody', async () => {
    const program = `import { jsonLogger } from ${JSON.stringify(MODULE)};
      const log = jsonLogger('info');
      log.info({ size: 'x'.repeat(200_000) }, 'first');
      process.stdin.once('data', () => { log.info({}, 'unread'); console.log('lives'); process.exit(); });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
    let text = '';
    for await (const chunk of child.stderr) {
      text += String(chunk);
      if (text.endsWith('\n')) break;
    }
    expect(JSON.parse(text)).to.include({ msg: 'first' });
    child.stderr.destroy();
    child.stdin.write('go on\n');
    const [[output], [code]] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
    expect([String(output), code]).to.deep.equal(['lives\n', 0]);
  });
});
