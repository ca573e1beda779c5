#!/usr/bin/env node
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { LOCAL_SERVICES } from '../client-environment';
import { type ServeOptions, serve, toldAws } from './serve';

const EXIT = { differences: 1, failed: 1, usage: 2 } as const;
const PARENT_CHECK_MS = 250;
const HIGHEST_BASE = 65_535 - LOCAL_SERVICES.length + 1;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= HIGHEST_BASE) return port;
  throw new InvalidArgumentError(`It is a whole number from 1 to ${HIGHEST_BASE}.`);
}

function readUrl(text: string): string {
  if (URL.canParse(text)) return text;
  throw new InvalidArgumentError('It is a URL, such as http://127.0.0.1:4566.');
}

/** npm starts a program below a shell that dies of a signal without passing it on; then that shell's end is ours. */
async function endOfNpmsShell(): Promise<void> {
  const shell = process.ppid;
  if (process.env.npm_lifecycle_event === undefined) return new Promise(() => {});
  for await (const _ of setInterval(PARENT_CHECK_MS, undefined, { ref: false }))
    if (process.ppid !== shell) return;
}

async function runServers({ json, ...options }: ServeOptions & { readonly json?: true }): Promise<void> {
  const ending = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), endOfNpmsShell()]);
  const aws = await serve(options);
  const { endpoints, region, accountId, environment, pids } = aws;
  say(json ? JSON.stringify({ endpoints, region, accountId, environment, pids }) : toldAws(aws));
  await ending;
  await aws.stop();
}

async function runConformance(options: { endpoint: string; region: string }): Promise<void> {
  // Loaded here: the S3 client takes longer to load than the servers take to start.
  const { checkConformance, toldOutcome } = await import('./conformance.js');
  await checkConformance(options, (outcome) => {
    say(toldOutcome(outcome));
    if (outcome.differences.length > 0) process.exitCode = EXIT.differences;
  });
}

const { version, description } = JSON.parse(
  readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8'),
) as { version: string; description: string };

const program = new Command('local-aws')
  .description(`${description}\n\nStarts everything and stays until Ctrl-C.`)
  .version(version)
  .enablePositionalOptions()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT.usage))
  .option('--region <region>', 'the region of queues, tables and functions', 'us-east-1')
  .option(
    '--port-base <port>',
    'S3 listens here, the others on the next three ports (default: free ports)',
    readPort,
  )
  .addOption(new Option('--services <services...>', 'start only these').choices(LOCAL_SERVICES))
  .option('--state <file>', 'JSON: functions, state machines, mappings and secrets that the account holds')
  .option('--json', 'say where everything answers as one line of JSON')
  .action(runServers);
program
  .command('conformance')
  .description(
    'Hold an S3 endpoint against what S3 does, with the credentials of the usual chain. The buckets that it makes there are removed. Ends with 1 when a case differs.',
  )
  .requiredOption('--endpoint <url>', 'the server to check', readUrl)
  .option('--region <region>', 'what requests are signed for', process.env.AWS_REGION ?? 'us-east-1')
  .action(runConformance);

// The SDK's advice to leave Node 20 would stand between the lines.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EXIT.failed;
});
