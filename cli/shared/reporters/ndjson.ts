import type { Reporter } from './reporter';

/** For programs: one JSON object a line on stdout. Progress would only be noise there. */
export function ndjsonReporter(stdout: NodeJS.WriteStream): Reporter & { end(): void } {
  return {
    event(name, message, details) {
      stdout.write(`${JSON.stringify({ event: name, message, ...details })}\n`);
    },
    progress() {},
    end() {},
  };
}
