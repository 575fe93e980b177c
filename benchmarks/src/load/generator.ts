/** @module The load generator's process: takes one job after the other from the runner. */
import type { Job, JobResult } from './job.ts';
import { runJob } from './run-job.ts';

process.on('message', (job: Job) => {
  void runJob(job)
    .then((metrics): JobResult => ({ metrics }))
    .catch((error: unknown): JobResult => ({ failed: error instanceof Error ? error.message : String(error) }))
    .then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit()); // an orderly exit, so that what it launched ends as well
