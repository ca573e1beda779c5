import pc from 'picocolors';
import { startBar } from './progress-bar';
import type { ReportedEvent, Reporter } from './reporter';
import { printable } from './text';

/** For people: events as lines on stdout, progress as a bar on stderr where that is a terminal. */
export function humanReporter(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
): Reporter<ReportedEvent> & { end(): void } {
  const bar = startBar(stderr);
  return {
    tell({ event, message }) {
      bar.clear();
      const mark = event.endsWith('failed') ? pc.red('✗') : pc.green('›');
      stdout.write(`${mark} ${printable(message)}\n`);
    },
    show(text) {
      bar.clear();
      stdout.write(`${printable(text)}\n`);
    },
    progress(task, done, total) {
      bar.show(task, done, total);
    },
    end() {
      bar.clear();
    },
  };
}
