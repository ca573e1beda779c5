/**
 * The embedded S3 as a process of its own: `tsx packages/local-aws/src/s3/main.ts '{"port":0, …}'` (the options of
 * `startS3Server`, as JSON). Prints `{"endpoint":"http://127.0.0.1:…"}` once it listens. Ends on SIGTERM or
 * SIGINT, and when its standard input or its parent's channel closes: it must not outlive who started it.
 */
import { fstatSync } from 'node:fs';
import { type S3ServerOptions, startS3Server } from './server';

async function main(): Promise<void> {
  const options: S3ServerOptions = JSON.parse(process.argv[2] ?? '{}');
  const server = await startS3Server(options);
  process.stdout.write(`${JSON.stringify({ endpoint: server.endpoint })}\n`);
  const end = (): void => {
    void server.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  process.once('disconnect', end);
  // Only a pipe tells of a parent: a terminal or /dev/null ends without anybody's death.
  const input = fstatSync(0);
  if (input.isFIFO() || input.isSocket()) process.stdin.once('close', end).resume();
}

void main();
