import { setMaxListeners } from 'node:events';
import { type Command, CommanderError } from '@commander-js/extra-typings';
import pc from 'picocolors';
import { makeAws } from './aws/clients';
import {
  CONFIG_FILE,
  type CommandContext,
  type CommonOptions,
  type Outcome,
  type ProgramCommand,
} from './command';
import { configure } from './config-file';
import { EXIT, type ExitCode } from './exit-codes';
import { humanReporter } from './reporters/human';
import { ndjsonReporter } from './reporters/ndjson';
import { printable } from './reporters/text';
import { UserError } from './user-error';

/** The outermost layer: only here is anything printed, and only here does the process end. */
export async function runProgram(
  program: Command,
  commands: readonly ProgramCommand[],
  argv: readonly string[],
): Promise<void> {
  const stop = stopFromOutside();
  const code = await run(program, commands, argv, stop);
  // Pending sockets must not hold the process; what was printed must be out first.
  process.stdout.write('', () => {
    const why = unwritten();
    if (why === undefined || stop.interruptedWith() !== undefined) process.exit(code);
    process.stderr.write(`What is said cannot be written (${why}). Run the same command again.\n`);
    process.exit(EXIT.error);
  });
}

async function run(
  program: Command,
  commands: readonly ProgramCommand[],
  argv: readonly string[],
  stop: StopFromOutside,
): Promise<ExitCode> {
  const json = argv.includes('--json');
  const reporterFor = (set: readonly string[]) => {
    const wants = (name: string) => argv.includes(`--${name}`) || set.includes(name);
    const says = { progress: wants('progress'), quiet: wants('quiet') };
    return json ? ndjsonReporter(process.stdout, says) : humanReporter(process.stdout, process.stderr, says);
  };
  let report = reporterFor([]);
  const canAsk = !json && process.stdin.isTTY === true && process.stdout.isTTY === true;
  const contextOf = ({ region, profile, endpointUrl, ...more }: CommonOptions): CommandContext => ({
    tool: `${program.name()} ${program.version()}`,
    report,
    signal: stop.signal,
    aws: makeAws({
      ...(region === undefined ? {} : { region }),
      ...(profile === undefined ? {} : { profile }),
      ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }),
      ...(more.expectedBucketOwner === undefined ? {} : { expectedOwner: more.expectedBucketOwner }),
      ...(more.requestTimeout === undefined ? {} : { requestTimeout: more.requestTimeout }),
      waiting: (message) => report.tell({ event: 'waiting', message }),
    }),
    ask: canAsk
      ? async (message) => (await import('@inquirer/input')).default({ message }, { signal: stop.signal })
      : undefined,
  });
  let outcome: (Outcome & { readonly command: string }) | undefined;
  for (const { declaration, run: does } of commands) {
    program.addCommand(
      declaration.action(async () => {
        outcome = { command: declaration.name(), ...(await does(contextOf)) };
      }),
    );
  }
  try {
    const configured = await configureCalled(commands, argv);
    if (configured !== undefined && configured.options.length > 0) {
      const { path, options } = configured;
      report = reporterFor(options);
      const message = `Taken from ${path}: ${options.join(', ')}.`;
      const event = { event: 'configured', message, path, options };
      if (json) report.tell(event);
      // What a command prints may go into a file.
      else process.stderr.write(`${pc.dim(printable(message))}\n`);
    }
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
    report.end();
    if (outcome === undefined) return EXIT.ok;
    const { command, exitCode, data, text } = outcome;
    const line = { event: 'result', command, exit_code: exitCode, ...data };
    process.stdout.write(json ? `${JSON.stringify(line)}\n` : `${printable(text)}\n`);
    return exitCode;
  } catch (error) {
    report.end();
    // Help or the version was asked for, and printed.
    if (error instanceof CommanderError) return EXIT.ok;
    const [event, message, exitCode] = endOf(error, stop.interruptedWith(), program.name());
    if (json) process.stdout.write(`${JSON.stringify({ event, message, exit_code: exitCode })}\n`);
    else if (unwritten() === undefined) process.stderr.write(`${pc.red(printable(message))}\n`);
    return exitCode;
  }
}

/** Sets the options of the command that is called, where it has any to set. */
async function configureCalled(commands: readonly ProgramCommand[], argv: readonly string[]) {
  const all = commands.map(({ declaration }) => declaration);
  const called = all.find((each) => each.name() === argv[0]);
  if (called === undefined || argv.includes('--help')) return undefined;
  const at = argv.findIndex((each) => each === '--config' || each.startsWith('--config='));
  const given = at < 0 ? undefined : (/^--config=(.*)$/s.exec(argv[at] ?? '')?.[1] ?? argv[at + 1]);
  return configure(called, all, argv, { given, fallback: CONFIG_FILE });
}

interface StopFromOutside {
  readonly signal: AbortSignal;
  /** The code of the signal that came first. */
  readonly interruptedWith: () => ExitCode | undefined;
}

/**
 * Aborts at Ctrl-C, SIGTERM, when the terminal is closed, and where what is said can go nowhere, for want of room or of
 * a terminal: nobody would read the result. What was begun is brought to an end then, and a frozen bucket unfrozen.
 * A second signal is meant: the state on disk is always one that can be resumed. A reader that has seen enough
 * (`| head`) does not stop a migration.
 */
function stopFromOutside(): StopFromOutside {
  const stop = new AbortController();
  // Every request in flight listens to it.
  setMaxListeners(0, stop.signal);
  let interruptedWith: ExitCode | undefined;
  const listen = (signal: NodeJS.Signals, exitCode: ExitCode) =>
    process.on(signal, () => {
      if (interruptedWith !== undefined) {
        process.stderr.write('Stopped at once: what was begun stays as it is.\n');
        process.exit(exitCode);
      }
      interruptedWith = exitCode;
      process.stderr.write(
        'Stopping, which takes a while where something has to be put back. Again: at once.\n',
      );
      stop.abort();
    });
  listen('SIGINT', EXIT.sigint);
  listen('SIGTERM', EXIT.interrupted);
  listen('SIGHUP', EXIT.interrupted);
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error) => {
    if (isLost(error)) stop.abort();
  });
  return { signal: stop.signal, interruptedWith: () => interruptedWith };
}

const isLost = ({ code }: NodeJS.ErrnoException): boolean => code !== 'EPIPE';

/** Why nothing that is said reaches anybody any more: known before the stream tells of it. */
function unwritten(): string | undefined {
  const { errored } = process.stdout as { readonly errored: NodeJS.ErrnoException | null };
  return errored !== null && isLost(errored) ? errored.code : undefined;
}

/** What is said of an error, and the code that the process ends with. */
function endOf(
  error: unknown,
  interruptedWith: ExitCode | undefined,
  program: string,
): readonly [event: 'error' | 'interrupted' | 'bug', message: string, exitCode: ExitCode] {
  if (error instanceof UserError) return ['error', error.message, error.exitCode];
  if (interruptedWith !== undefined) {
    return ['interrupted', 'Interrupted. Run the same command again to go on.', interruptedWith];
  }
  // What the prompt throws at Ctrl-C.
  if (error instanceof Error && error.name === 'ExitPromptError') {
    return ['interrupted', 'Nothing was done.', EXIT.sigint];
  }
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return ['bug', `This is a bug in ${program}, please report it with what follows.\n${told}`, EXIT.error];
}
