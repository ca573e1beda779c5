import { Command, type CommandUnknownOpts, Option, type OptionValues } from '@commander-js/extra-typings';
import type { Aws } from './aws/clients';
import { REQUEST_TIMEOUT } from './aws/time-outs';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-codes';
import { accountId, atLeast, httpUrl, notEmpty } from './option-values';
import type { ReportedEvent, Reporter } from './reporters/reporter';
import { UserError } from './user-error';

/** What every command is given, apart from its own arguments and options. */
export interface Context<Event extends ReportedEvent = ReportedEvent> {
  readonly aws: Aws;
  /** Aborted by Ctrl-C or SIGTERM: stop soon, in a state that can be resumed. */
  readonly signal: AbortSignal;
  readonly report: Reporter<Event>;
  /** Asks a person to type a name. Undefined where nobody can be asked (no TTY, or `--json`). */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

/** What a command itself is given: what it does is not the program's, what it writes down is. */
export interface CommandContext extends Context {
  /** Name and version of the program. */
  readonly tool: string;
}

/** What every command gives back. Only the entry prints it and exits. */
export interface Outcome<Data extends object = object> {
  readonly exitCode: ExitCode;
  /** The result for programs: the last NDJSON event under `--json`. */
  readonly data: Data;
  /** The result for people. */
  readonly text: string;
}

/** The options of every command. */
export interface CommonOptions {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly endpointUrl?: string | undefined;
  readonly expectedBucketOwner?: string | undefined;
  /** Seconds. */
  readonly requestTimeout?: number | undefined;
  readonly verbose?: boolean | undefined;
}

/** A command of a program: how it is called, and what it then does. */
export interface ProgramCommand {
  readonly declaration: CommandUnknownOpts;
  readonly run: (contextOf: (options: CommonOptions) => CommandContext) => Promise<Outcome>;
}

/**
 * Joins a declaration with what is run, typed by what was declared. What is run loads the heavy parts itself, so
 * that help answers at once; by `require`, since `import()` passes by the hook that runs TypeScript as it is.
 */
export const command = <Args extends unknown[], Options extends OptionValues & CommonOptions>(
  declaration: Command<Args, Options>,
  run: (context: CommandContext, args: Args, options: Options) => Promise<Outcome>,
): ProgramCommand => ({
  declaration,
  run: (contextOf) => {
    const options = declaration.opts();
    return run(contextOf(options), declaration.processedArgs, options);
  },
});

/** Looked for in the working folder. */
export const CONFIG_FILE = 'migrate-buckets.config.json';

/** Begins the declaration of a command: add its arguments and options. `examples` are one a line. */
export const declare = (name: string, description: string, examples: string) =>
  refusing(new Command(name))
    .description(description)
    .option('--region <region>', "AWS region (default: the SDK's own choice)")
    .option('--profile <name>', "of the AWS configuration files (default: the SDK's own choice)", notEmpty)
    .option('--endpoint-url <url>', "of S3, where it is not AWS's own", httpUrl)
    .option(
      '--expected-bucket-owner <account>',
      'twelve digits; every bucket must belong to this account',
      accountId,
    )
    .option(
      '--request-timeout <seconds>',
      'how long S3 may be silent until a request counts as lost, and is sent again',
      atLeast(0.1),
      REQUEST_TIMEOUT,
    )
    .option(
      '--config <file>',
      `values for options as JSON (default: ${CONFIG_FILE}, if it is there)`,
      notEmpty,
    )
    .option('--json', 'NDJSON events on stdout, the result last')
    .option('--progress', 'with --json: tell, once a second at most, how far it is')
    .option('--quiet', 'say only the result, and what must be seen before a question')
    .addOption(
      new Option(
        '--verbose',
        'say in full what is otherwise cut short: all that is known, on one screen',
      ).conflicts('quiet'),
    )
    .addHelpText('after', `\nExamples:\n${examples.trim().replace(/^ */gm, '  $ ')}\n${EXIT_CODES_HELP}`);

/** Makes a command line that cannot be used an error like any other: one sentence, exit 2. */
export const refusing = <Args extends unknown[], Options extends OptionValues>(
  declared: Command<Args, Options>,
): Command<Args, Options> =>
  declared.configureOutput({ outputError() {}, writeErr() {} }).exitOverride((error) => {
    if (error.exitCode === 0) throw error;
    // Commander shows the whole help, and says only that, where help is asked of a command that does not exist.
    const said = error.code === 'commander.help' ? 'there is no such command' : error.message;
    const [first = '', ...rest] = said.replace(/^error: /, '').replaceAll('\n', ' ');
    const sentence = `${first.toUpperCase()}${rest.join('')}`.replace(/[^.)]$/, '$&.');
    throw new UserError(`${sentence} --help shows how it is called.`, EXIT.usage);
  });
