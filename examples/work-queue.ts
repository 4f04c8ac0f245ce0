/**
 * @module A work queue: three workers in processes of their own, each of which gets a job when it has done the one before. One of them is killed in the
 * midst of a job, and another does it: no job is lost.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { PubSubBehavior, topic } from '../behaviours/index.js';
import { createNode } from '../index.js';

const JOBS = topic<{ job: number }>('jobs');
const DONE = topic<{ job: number; attempt: number }>('done');
const JOB_COUNT = 30;

async function work(seed: string, isStuck: boolean): Promise<void> {
  const node = await createNode({ seeds: [seed] });
  await node.start();
  const done = node.behavior(PubSubBehavior).publish(DONE);
  await done.interest();
  const jobs = node.behavior(PubSubBehavior).subscribe(JOBS, { group: 'workers' });
  await jobs.ready;
  process.send?.('ready');
  for await (const { value, attempt = 1 } of jobs) {
    if (isStuck) await new Promise(() => process.send?.('stuck'));
    done.send({ job: value.job, attempt });
    await done.settled();
  }
}

async function lead(): Promise<void> {
  const node = await createNode({ listen: ['tcp://127.0.0.1:0'] });
  await node.start();
  const attempts = new Map<number, number>();
  const done = node.behavior(PubSubBehavior).subscribe(DONE, {
    confirm: true,
    onMessage: ({ value: { job, attempt } }) => attempts.set(job, attempt),
  });
  const jobs = node.behavior(PubSubBehavior).publish(JOBS);

  const workers = ['', '', 'stuck'].map((how) => fork(new URL(import.meta.url), [`${node.addresses[0]}`, how]));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const stuck = workers[2] as ChildProcess;
  const isStuck = once(stuck, 'message');
  for (let job = 1; job <= JOB_COUNT; job++) jobs.send({ job });
  await isStuck;
  stuck.kill('SIGKILL');
  await jobs.settled();

  console.log(`${attempts.size} of ${JOB_COUNT} jobs are done`);
  console.log(
    [...attempts.values()].some((attempt) => attempt > 1) ? 'the job of the killed worker by another one' : 'none was handed over',
  );
  for (const worker of workers) worker.kill();
  done.close();
  await node.stop();
}

const [, , seed, how] = process.argv;
await (seed === undefined ? lead() : work(seed, how === 'stuck'));
