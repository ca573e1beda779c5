import { UserError } from '../user-error';

/** The parts of an SDK error that decisions rest on, read without trusting its shape. */
export interface Failure {
  readonly code: string;
  /** HTTP status, 0 when no answer came. */
  readonly status: number;
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'Unknown', status: 0, message: String(error) };
  const { $metadata, code, Code } = error as {
    $metadata?: { httpStatusCode?: number };
    code?: unknown;
    Code?: unknown;
  };
  const named = [Code, code].find((value): value is string => typeof value === 'string');
  const generic = error.name === 'Error' || error.name === 'AggregateError' || error.name === 'UnknownError';
  return {
    code: generic ? (named ?? error.name) : error.name,
    status: $metadata?.httpStatusCode ?? 0,
    message: error.message,
  };
}

export const isMissing = ({ code, status }: Failure): boolean =>
  status === 404 || code === 'NoSuchKey' || code === 'NotFound';
export const isDenied = ({ code, status }: Failure): boolean => code === 'AccessDenied' || status === 403;
export const isPreconditionFailed = ({ code, status }: Failure): boolean =>
  status === 412 || code === 'PreconditionFailed';

const THROTTLES = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);
export const isThrottled = ({ code, status }: Failure): boolean =>
  THROTTLES.has(code) || status === 503 || status === 429;

const CONNECTION = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'TimeoutError',
]);
/** Worth another try: nobody knows whether the request was done, and every request of ours is conditional. */
export const isTransient = (failure: Failure): boolean =>
  isThrottled(failure) ||
  failure.status >= 500 ||
  failure.code === 'ConditionalRequestConflict' ||
  failure.code === 'RequestTimeout' ||
  failure.code === 'ECONNRESET' ||
  failure.code === 'EPIPE' ||
  failure.code === 'TimeoutError';

/**
 * Turns an SDK error into one sentence: what was being done, to what, what to do next. A bug of ours (a
 * TypeError, say) is handed back untouched.
 *
 * @param doing - e.g. `list the bucket my-bucket`.
 */
export function explain(error: unknown, doing: string, bucket?: string): unknown {
  if (error instanceof UserError || isBug(error)) return error;
  const failure = failureOf(error);
  const name = bucket === undefined ? 'the resource' : `The bucket ${bucket}`;
  const { code, status, message } = failure;
  if (code === 'AbortError') return error;
  if (code === 'CredentialsProviderError' || code === 'TokenProviderError') {
    return new UserError(
      'No AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and try again.',
    );
  }
  if (/region is missing/i.test(message)) {
    return new UserError('No AWS region is set. Pass --region, or set AWS_REGION.');
  }
  if (
    [
      'InvalidAccessKeyId',
      'SignatureDoesNotMatch',
      'ExpiredToken',
      'InvalidToken',
      'ExpiredTokenException',
      'UnrecognizedClientException',
      'InvalidClientTokenId',
    ].includes(code)
  ) {
    return new UserError(
      `AWS refused the credentials (${code}) when asked to ${doing}. Renew them and try again.`,
    );
  }
  if (
    status === 301 ||
    code === 'PermanentRedirect' ||
    code === 'AuthorizationHeaderMalformed' ||
    code === 'IllegalLocationConstraintException'
  ) {
    return new UserError(
      `${name} is in another region than the one that was asked. Pass its region with --region.`,
    );
  }
  if (code === 'NoSuchBucket' || (isMissing(failure) && doing.startsWith('open the bucket'))) {
    return new UserError(
      `${name} does not exist. Check the name and the account, or run "migrate-buckets discover".`,
    );
  }
  if (CONNECTION.has(code)) {
    return new UserError(
      `AWS could not be reached when asked to ${doing} (${code}). Check the network, the region and the endpoint.`,
    );
  }
  if (isDenied(failure)) {
    return new UserError(
      `Access was denied when asked to ${doing}${message === '' || message === 'UnknownError' ? '' : ` (${message})`}. "migrate-buckets plan" lists the permissions that are needed.`,
    );
  }
  return new UserError(
    `It failed to ${doing}: ${code}${message === '' || message === code ? '' : ` (${message})`}.`,
  );
}

/** Errors that no service sends: they are mistakes in this program and must not be dressed up as an outage. */
const isBug = (error: unknown): boolean =>
  error instanceof TypeError ||
  error instanceof RangeError ||
  error instanceof ReferenceError ||
  error instanceof SyntaxError;

/** Runs a request and, if it fails, says so by {@link explain}. */
export async function saying<T>(
  doing: string,
  bucket: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explain(error, doing, bucket);
  }
}
