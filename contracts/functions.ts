/**
 * The five Lambdas. Each has a folder of its name under `functions/`, one role and one log group, and gets this
 * much unless the configuration says otherwise: `memory` in megabytes, `timeout` in seconds. None has more memory than
 * a new account may give.
 */
export const FUNCTIONS = {
  'process-ocr-results': { memory: 512, timeout: 60 },
  'embed-from-ndjson': { memory: 1024, timeout: 300 },
  'stream-processor': { memory: 256, timeout: 60 },
  'enhanced-compaction': { memory: 3008, timeout: 600 },
  'reconcile-runs': { memory: 256, timeout: 60 },
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[];

/** A function's deployable zip. */
export interface FunctionPackage {
  /** Absolute path of the zip. */
  readonly path: string;
  /** Base64 of the zip's SHA-256, the form that Lambda reports as `CodeSha256`. */
  readonly sha256: string;
}

/** One zip for each function: equal sources give equal bytes, so that a deploy without a change is empty. */
export type FunctionPackages = ReadonlyMap<FunctionName, FunctionPackage>;
