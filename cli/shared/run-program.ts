import { setMaxListeners } from 'node:events';
import { type Command, CommanderError } from '@commander-js/extra-typings';
import pc from 'picocolors';
import { makeAws } from './aws/clients';
import type { CommonOptions, Context, Outcome, ProgramCommand } from './command';
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
  const code = await run(program, commands, argv);
  // Pending sockets must not hold the process; what was printed must be out first.
  process.stdout.write('', () => process.exit(code));
}

async function run(
  program: Command,
  commands: readonly ProgramCommand[],
  argv: readonly string[],
): Promise<ExitCode> {
  const json = argv.includes('--json');
  const report = json ? ndjsonReporter(process.stdout) : humanReporter(process.stdout, process.stderr);
  const stop = new AbortController();
  // Every request in flight listens to it.
  setMaxListeners(0, stop.signal);
  let interruptedBy: NodeJS.Signals | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second Ctrl-C is meant: the state on disk is always one that can be resumed.
      if (interruptedBy !== undefined) process.exit(signal === 'SIGINT' ? EXIT.sigint : EXIT.interrupted);
      interruptedBy = signal;
      stop.abort();
    });
  }
  // A reader that has seen enough (`| head`) must not stop a migration.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const say = (event: string, message: string, exitCode: ExitCode) => {
    report.end();
    if (json) process.stdout.write(`${JSON.stringify({ event, message, exit_code: exitCode })}\n`);
    else process.stderr.write(`${pc.red(printable(message))}\n`);
    return exitCode;
  };
  const canAsk = !json && process.stdin.isTTY === true && process.stdout.isTTY === true;
  const contextOf = ({ region, expectedBucketOwner }: CommonOptions): Context => ({
    report,
    signal: stop.signal,
    aws: makeAws({
      ...(region === undefined ? {} : { region }),
      ...(expectedBucketOwner === undefined ? {} : { expectedOwner: expectedBucketOwner }),
    }),
    ask: canAsk ? async (message) => (await import('@inquirer/input')).default({ message }) : undefined,
  });
  let outcome: (Outcome & { readonly name: string }) | undefined;
  for (const { declaration, run: does } of commands) {
    program.addCommand(
      declaration.action(async () => {
        outcome = { name: declaration.name(), ...(await does(contextOf)) };
      }),
    );
  }
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
    report.end();
    if (outcome === undefined) return EXIT.ok;
    const { name, exitCode, data, text } = outcome;
    process.stdout.write(
      json
        ? `${JSON.stringify({ event: 'result', command: name, exit_code: exitCode, ...data })}\n`
        : `${printable(text)}\n`,
    );
    return exitCode;
  } catch (error) {
    if (interruptedBy !== undefined && !(error instanceof UserError)) {
      const code = interruptedBy === 'SIGINT' ? EXIT.sigint : EXIT.interrupted;
      return say('interrupted', 'Interrupted. Run the same command again to go on.', code);
    }
    // What the prompt throws at Ctrl-C.
    if (error instanceof Error && error.name === 'ExitPromptError') {
      return say('interrupted', 'Nothing was done.', EXIT.sigint);
    }
    // Help or the version was asked for, and printed.
    if (error instanceof CommanderError) return EXIT.ok;
    if (error instanceof UserError) return say('error', error.message, error.exitCode);
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return say(
      'bug',
      `This is a bug in ${program.name()}, please report it with what follows.\n${told}`,
      EXIT.error,
    );
  }
}
