import { setMaxListeners } from 'node:events';
import { CommanderError } from 'commander';
import pc from 'picocolors';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { humanReporter } from '../shared/reporters/human';
import { ndjsonReporter } from '../shared/reporters/ndjson';
import { printable } from '../shared/reporters/text';
import { UserError } from '../shared/user-error';
import { makeProgram } from './program';

/** The outermost layer: only here is anything printed, and only here does the process end. */
async function main(argv: readonly string[]): Promise<ExitCode> {
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
    if (json) process.stdout.write(`${JSON.stringify({ event, message, exitCode })}\n`);
    else process.stderr.write(`${pc.red(printable(message))}\n`);
    return exitCode;
  };
  try {
    const program = makeProgram({ report, json, signal: stop.signal });
    const outcome = await program.run(argv);
    report.end();
    if (outcome === undefined) return EXIT.ok;
    const { exitCode, data, text } = outcome;
    process.stdout.write(
      json ? `${JSON.stringify({ event: 'result', exitCode, ...data })}\n` : `${printable(text)}\n`,
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
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UserError) return say('error', error.message, error.exitCode);
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return say(
      'bug',
      `This is a bug in migrate-buckets, please report it with what follows.\n${told}`,
      EXIT.error,
    );
  }
}

main(process.argv.slice(2)).then((code) => {
  // Pending sockets must not hold the process; what was printed must be out first.
  process.stdout.write('', () => process.exit(code));
});
