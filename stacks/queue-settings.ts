import { COLLECTIONS } from '../contracts/collections';
import type { PipelineConfig } from './config';

/** The four queues that carry work. */
export const QUEUE_NAMES = ['ocr-results', 'embed-ndjson', ...COLLECTIONS] as const;

export type QueueName = (typeof QUEUE_NAMES)[number];

export interface QueueSettings {
  readonly fifo: boolean;
  /** How long a received message is hidden. Seconds. */
  readonly visibilityTimeout: number;
  /** Deliveries before a message is a dead letter. */
  readonly maximumReceives: number;
}

/**
 * Seconds between a function's timeout and the end of its messages' invisibility: Lambda's poller needs a
 * moment to hand over and to delete.
 */
export const VISIBILITY_MARGIN = 60;

/**
 * AWS's advice for queues whose consumer may be throttled: six times the function's timeout. FIFO queues do
 * not follow it: there a crashed batch blocks its whole group until it is visible again.
 */
const STANDARD_VISIBILITY_FACTOR = 6;

/** What each queue is made with, on AWS and on the embedded one. */
export function queueSettings({ functions: { timeout } }: PipelineConfig): Record<QueueName, QueueSettings> {
  const standard = (functionTimeout: number): QueueSettings => ({
    fifo: false,
    visibilityTimeout: STANDARD_VISIBILITY_FACTOR * functionTimeout + VISIBILITY_MARGIN,
    maximumReceives: 5,
  });
  const doorbells: QueueSettings = {
    fifo: true,
    visibilityTimeout: timeout['enhanced-compaction'] + VISIBILITY_MARGIN,
    // A bulk change rings thousands of times, and receives that only wait must not use it up.
    maximumReceives: 20,
  };
  return {
    'ocr-results': standard(timeout['process-ocr-results']),
    'embed-ndjson': standard(timeout['embed-from-ndjson']),
    lines: doorbells,
    words: doorbells,
  };
}
