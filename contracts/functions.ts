/** The five Lambdas. Each has a folder of its name under `functions/`, one role and one log group. */
export const FUNCTION_NAMES = [
  'process-ocr-results',
  'embed-from-ndjson',
  'stream-processor',
  'enhanced-compaction',
  'reconcile-runs',
] as const;

export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** A function's deployable zip. */
export interface FunctionPackage {
  /** Absolute path of the zip. */
  readonly path: string;
  /** Base64 of the zip's SHA-256, the form that Lambda reports as `CodeSha256`. */
  readonly sha256: string;
}

/** One zip for each function: equal sources give equal bytes, so that a deploy without a change is empty. */
export type FunctionPackages = ReadonlyMap<FunctionName, FunctionPackage>;
