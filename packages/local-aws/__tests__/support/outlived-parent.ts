import { join } from 'node:path';
import { createLambdaRuntime, startChildServer, startLocalAws } from '../../src';
import { writeBundle } from './bundle';

/**
 * Starts the local AWS, a server of a user's own, and sandboxes: one handler that has started a process and one that never
 * yields; says their process ids on standard output; then waits to be killed.
 */
async function main(): Promise<void> {
  const aws = await startLocalAws();
  const own = await startChildServer({ name: 'own server', script: join(__dirname, 'own-server.ts') });
  const bundle = await writeBundle(
    `import { spawn } from 'node:child_process';
     export const handler = async (event) => {
       if (event.spin) for (;;);
       return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }).pid;
     };`,
  );
  const options = { functionName: 'busy', bundle: bundle.folder, environment: {}, timeoutSeconds: 900 };
  const idle = createLambdaRuntime(options);
  const busy = createLambdaRuntime(options);
  const grandchild = await idle.invoke({});
  await busy.invoke({});
  busy.invoke({ spin: true }).catch(() => {});
  const pids = [...aws.pids, own.pid, ...idle.pids, ...busy.pids, grandchild];
  process.stdout.write(`${JSON.stringify({ pids, folder: bundle.folder })}\n`);
}

void main();
