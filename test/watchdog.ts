/**
 * @module The watchdog of the test run. Mocha's time limit cannot end a test that never gives the thread back: another thread can. It
 * says which file and which test ran last, and ends the process, which fails the run. Loaded by `.mocharc.yml`, in every process.
 */
import { Worker } from 'node:worker_threads';
import type { RootHookObject } from 'mocha';

/** More than mocha allows a test, so that mocha's own limit ends whatever it can end. */
const LIMIT_MS = 360_000;

/** Runs in the other thread: each message starts the wait anew, an empty one ends it. */
const WATCH = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { writeSync } = require('node:fs');
  let timer;
  parentPort.on('message', (what) => {
    clearTimeout(timer);
    if (what === '') return;
    timer = setTimeout(() => {
      writeSync(2, 'watchdog: nothing has ended for ' + workerData / 1000 + ' s: ' + what + '\\n');
      process.kill(process.pid, 'SIGKILL');
    }, workerData);
  });
`;

/** Root hooks that end the process when neither a test nor a hook has ended for so long. */
export function watchdog(limitMs: number): RootHookObject {
  let thread: Worker | undefined;
  let file = '';
  const say = (what: string) => thread?.postMessage(what && `${file}: ${what}`);
  return {
    beforeAll(this: Mocha.Context) {
      thread ??= new Worker(WATCH, { eval: true, workerData: limitMs });
      thread.unref();
      file = this.test?.parent?.suites[0]?.file ?? '';
      say('before the first test');
    },
    beforeEach(this: Mocha.Context) {
      file = this.currentTest?.file ?? file;
      say(this.currentTest?.fullTitle() ?? '');
    },
    afterEach(this: Mocha.Context) {
      say(`after ${this.currentTest?.fullTitle()}`);
    },
    afterAll: () => say(''),
  };
}

export const mochaHooks = watchdog(LIMIT_MS);
