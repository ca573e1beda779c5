/**
 * S3 as a process of its own; its first argument is the options of `startS3Server` as JSON. Ends on SIGTERM or
 * SIGINT, and when its standard input or its parent's channel closes: it must not outlive who started it.
 */
import { fstatSync } from 'node:fs';
import { announce } from '../processes/loopback';
import { type S3ServerOptions, startS3Server } from './server';

async function main(): Promise<void> {
  const options: S3ServerOptions = JSON.parse(process.argv[2] ?? '{}');
  const server = await startS3Server(options);
  announce(server.endpoint);
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
