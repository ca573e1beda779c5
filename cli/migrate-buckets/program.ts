import { Command } from 'commander';
import { makeAws } from '../shared/aws/clients';
import type { Context, Outcome } from '../shared/context';
import { EXIT_CODES_HELP } from '../shared/exit-codes';
import type { Reporter } from '../shared/reporters/reporter';

interface Surroundings {
  readonly report: Reporter;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

type Run = (options: Readonly<Record<string, unknown>>, context: Context) => Promise<Outcome>;

const collect = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];

/**
 * Declares the commands. What a command does is loaded when it is called, so that `--help` answers at once.
 */
export function makeProgram(surroundings: Surroundings) {
  let outcome: Outcome | undefined;
  const program = new Command('migrate-buckets')
    .description(
      'Finds out which Chroma bucket is the truth, moves it into one bucket, proves the copy, and retires the old one.',
    )
    .showHelpAfterError('(--help shows how it is called)')
    .exitOverride()
    .addHelpText(
      'after',
      `
The way through:
  $ migrate-buckets discover                                  which buckets there are
  $ migrate-buckets authority                                 which one is the truth, and why
  $ migrate-buckets plan --source auto --dest my-new-bucket   what would be done
  $ migrate-buckets apply plan.json                           copy, freeze, catch up, verify
  $ migrate-buckets retire plan.json                          empty the old bucket, once all is proven

Endpoints, profile and region come from the AWS SDK's own variables (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_S3).
${EXIT_CODES_HELP}`,
    );

  const command = (name: string, description: string, load: () => Run, examples: string) =>
    program
      .command(name)
      .description(description)
      .exitOverride()
      .showHelpAfterError('(--help shows how it is called)')
      .option('--region <region>', "AWS region (default: the SDK's own choice)")
      .option('--expected-bucket-owner <account>', 'twelve digits; every bucket must belong to this account')
      .option('--json', 'NDJSON events on stdout, the result last')
      .addHelpText('after', `\nExamples:\n${examples.trim().replace(/^ */gm, '  $ ')}\n${EXIT_CODES_HELP}`)
      .action(async (...args: unknown[]) => {
        const self = args.at(-1) as Command;
        const options = { ...self.opts(), positional: self.args };
        outcome = await load()(options, makeContext(surroundings, self.opts()));
      });

  const searching = (self: Command) =>
    self
      .option(
        '--name <pattern>',
        'bucket names to look for, * for anything; repeatable (default: chroma)',
        collect,
      )
      .option('--tag <key[=value]>', 'buckets with this tag; repeatable', collect)
      .option('--bucket <name>', 'a bucket to look at, whatever it is called; repeatable', collect)
      .option(
        '--state <path>',
        'Terraform state or Pulumi stack export, file or folder; repeatable',
        collect,
      );

  searching(
    command(
      'discover',
      'Find the candidates, with the evidence for each. Read-only.',
      () => (require('./commands/discover') as typeof import('./commands/discover')).run,
      `migrate-buckets discover
       migrate-buckets discover --name 'receipts-*' --state terraform.tfstate`,
    ),
  );

  searching(
    command(
      'authority',
      'Decide which candidate is the truth, with the evidence for each signal. Read-only.',
      () => (require('./commands/authority') as typeof import('./commands/authority')).run,
      `migrate-buckets authority
       migrate-buckets authority --bucket chromadb-a --bucket chromadb-b`,
    ),
  );

  searching(
    command(
      'plan',
      'Write plan.json and its manifest: what would be copied, what it costs, what it needs. Read-only.',
      () => (require('./commands/plan') as typeof import('./commands/plan')).run,
      `migrate-buckets plan --dest my-new-bucket
       migrate-buckets plan --source chromadb-a --dest my-new-bucket --include-stranded --out plan.json`,
    ),
  )
    .option('--source <auto|name>', 'the bucket to migrate; auto takes the truth, if it shows', 'auto')
    .requiredOption('--dest <name>', 'the bucket to migrate to')
    .option('--out <file>', 'where the plan goes; its manifest goes beside it', 'plan.json')
    .option('--include-stranded', 'copy deltas too that only a losing bucket holds and nobody compacted')
    .option('--accept-loss <file>', 'a file with the keys, one a line, of stranded deltas that may be lost')
    .option('--overwrite', 'replace what the destination holds under the same key with other content');

  command(
    'show <plan>',
    'Show a plan, and how far its migration is. Read-only, needs no AWS.',
    () => (require('./commands/show') as typeof import('./commands/show')).run,
    'migrate-buckets show plan.json',
  );

  command(
    'apply <plan>',
    'Carry a plan out: canary, copy, freeze the source, catch up, pointers last, verify. Can be repeated.',
    () => (require('./commands/apply') as typeof import('./commands/apply')).run,
    `migrate-buckets apply plan.json
     migrate-buckets apply plan.json --confirm my-old-bucket --json`,
  )
    .option('--confirm <name>', "the source's name or the plan's digest, instead of being asked")
    .option('--allow-source-changes', 'the source is live: take what it gained or changed since the plan')
    .option(
      '--principal <arn>',
      'who may write to the frozen source; repeatable (default: you, by STS)',
      collect,
    )
    .option('--settle <seconds>', 'wait after the freeze, for the policy to reach all of S3', '30')
    .option('--concurrency <number>', 'the most copies in flight', '64')
    .option('--multipart-above <bytes>', "copy larger objects in parts (default: S3's limit of 5 GiB)");

  command(
    'verify [plan]',
    'Prove a copy, object by object, by another listing than the one that made it. Read-only.',
    () => (require('./commands/verify') as typeof import('./commands/verify')).run,
    `migrate-buckets verify plan.json
     migrate-buckets verify --source old-bucket --dest new-bucket --deep`,
  )
    .option('--source <name>', "without a plan: any tool's source")
    .option('--dest <name>', "without a plan: any tool's copy")
    .option('--deep', 'compare the bytes of whatever is not proven otherwise');

  command(
    'retire <plan>',
    'Empty the old bucket, or delete it. Refuses unless every gate holds.',
    () => (require('./commands/retire') as typeof import('./commands/retire')).run,
    `migrate-buckets retire plan.json --state terraform.tfstate
     migrate-buckets retire plan.json --mode delete --purge --confirm my-old-bucket`,
  )
    .option(
      '--mode <mode>',
      'soft (mark only), empty-keep (a deleted name can be taken by others), delete',
      'empty-keep',
    )
    .option('--purge', 'versioned buckets: delete the versions for good too; else they are only hidden')
    .option('--confirm <name>', "the bucket's name or the plan's digest, instead of being asked")
    .option('--soak <hours>', 'hours that must have passed since the verification', '24')
    .option(
      '--state <path>',
      'Terraform state or Pulumi stack export to search for references; repeatable',
      collect,
    )
    .option(
      '--accept-unchecked <gate>',
      'lambda, step-functions, executions or state: go on though it could not be checked; repeatable',
      collect,
    )
    .option('--accept-idle', 'go on though nothing was written to the new bucket since the verification')
    .option('--dry-run', 'show the gates and stop');

  command(
    'unfreeze <plan>',
    "Put the source's policy and lifecycle back as they were before the freeze.",
    () => (require('./commands/unfreeze') as typeof import('./commands/unfreeze')).run,
    'migrate-buckets unfreeze plan.json',
  );

  return {
    async run(argv: readonly string[]): Promise<Outcome | undefined> {
      if (argv.length === 0) program.outputHelp();
      else await program.parseAsync([...argv], { from: 'user' });
      return outcome;
    },
  };
}

function makeContext({ report, json, signal }: Surroundings, options: Record<string, unknown>): Context {
  const { region, expectedBucketOwner } = options as { region?: string; expectedBucketOwner?: string };
  const canAsk = !json && process.stdin.isTTY === true && process.stdout.isTTY === true;
  return {
    report,
    signal,
    aws: makeAws({
      ...(region === undefined ? {} : { region }),
      ...(expectedBucketOwner === undefined ? {} : { expectedOwner: expectedBucketOwner }),
    }),
    ask: canAsk ? async (message) => (await import('@inquirer/input')).default({ message }) : undefined,
  };
}
