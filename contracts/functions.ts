/** The five Lambdas. Each has a folder of its name under `functions/`, one role and one log group. */
export const FUNCTION_NAMES = [
  'process-ocr-results',
  'embed-from-ndjson',
  'stream-processor',
  'enhanced-compaction',
  'reconcile-runs',
] as const;

export type FunctionName = (typeof FUNCTION_NAMES)[number];
