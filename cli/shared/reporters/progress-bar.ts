import { SingleBar } from 'cli-progress';

/** A bar on a terminal, nothing elsewhere: logs and pipes get no control characters. */
export function startBar(stream: NodeJS.WriteStream) {
  let bar: SingleBar | undefined;
  let current: string | undefined;
  return {
    show(task: string, done: number, total: number | undefined) {
      if (stream.isTTY !== true) return;
      const format = total === undefined ? '{task} {value}' : '{task} {bar} {value}/{total} {eta_formatted}';
      if (bar === undefined || current !== task) {
        bar?.stop();
        bar = new SingleBar({ stream, format, clearOnComplete: true, hideCursor: true });
        bar.start(total ?? done, done, { task });
        current = task;
      }
      if (total === undefined) bar.setTotal(done);
      bar.update(done, { task });
    },
    clear() {
      bar?.stop();
      bar = undefined;
    },
  };
}
