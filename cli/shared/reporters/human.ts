import pc from 'picocolors';
import { startBar } from './progress-bar';
import type { ReportedEvent, Reporter } from './reporter';
import { oneLine, printable } from './text';

/** For people: events as lines on stdout, progress as a bar on stderr where that is a terminal. */
export function humanReporter(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  { quiet }: { readonly quiet: boolean },
): Reporter<ReportedEvent> & { end(): void } {
  const bar = startBar(stderr);
  return {
    tell({ event, message }) {
      // What failed is said all the same.
      if (quiet && !event.endsWith('failed')) return;
      bar.clear();
      const mark = event.endsWith('failed') ? pc.red('✗') : pc.green('›');
      stdout.write(`${mark} ${oneLine(message)}\n`);
    },
    show(text) {
      bar.clear();
      stdout.write(`${printable(text)}\n`);
    },
    progress(task, done, total) {
      if (!quiet) bar.show(task, done, total);
    },
    end() {
      bar.clear();
    },
  };
}
