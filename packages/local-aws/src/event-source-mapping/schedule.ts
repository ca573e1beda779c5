import type { BatchReport, EventSourceMapping, Invoke } from './mapping';
import { pause } from './mapping';

export interface ScheduleOptions {
  readonly everySeconds: number;
  readonly invoke: Invoke;
  /** Told after each run; `records` is empty. */
  readonly onBatch?: (report: BatchReport) => void;
}

/** Invokes a function regularly with the event of an EventBridge schedule, first after one interval. */
export function startSchedule({ everySeconds, invoke, onBatch }: ScheduleOptions): EventSourceMapping {
  const stopping = new AbortController();
  const run = async () => {
    for (;;) {
      await pause(everySeconds * 1000, stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        await invoke({
          source: 'aws.events',
          'detail-type': 'Scheduled Event',
          time: new Date().toISOString(),
        });
        onBatch?.({ records: [], failed: [] });
      } catch (error) {
        onBatch?.({ records: [], failed: [], error: error as Error });
      }
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
