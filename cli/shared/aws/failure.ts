import { isNativeError } from 'node:util/types';

/** The parts of an SDK error that decisions rest on, read without trusting its shape. */
export interface Failure {
  readonly code: string;
  /** HTTP status, 0 when no answer came. */
  readonly status: number;
  readonly message: string;
}

const GENERIC = new Set(['Error', 'AggregateError', 'Unknown', 'UnknownError']);

export function failureOf(error: unknown): Failure {
  // Whatever realm it comes from: a broken connection is Node's own error. An abort is not a native one.
  if (!isNativeError(error) && !(error instanceof DOMException))
    return { code: 'Unknown', status: 0, message: String(error) };
  const { $metadata, code, Code } = error as {
    $metadata?: { httpStatusCode?: number };
    code?: unknown;
    Code?: unknown;
  };
  const named = [Code, code].find((value): value is string => typeof value === 'string');
  const status = $metadata?.httpStatusCode ?? 0;
  // The answer to a HEAD has no body that could name the error.
  const unnamed = status > 0 ? `HTTP status ${status}` : error.name;
  return {
    code: GENERIC.has(error.name) ? (named ?? unnamed) : error.name,
    status,
    message: error.message,
  };
}

export const isMissing = ({ code, status }: Failure): boolean =>
  status === 404 || code === 'NoSuchKey' || code === 'NotFound';
/** Of what a delete marker hides S3 says 405, to a version's id, and to requests about tags. */
export const isGone = (failure: Failure): boolean => isMissing(failure) || failure.status === 405;
const UNABLE = new Set(['NotImplemented', 'MethodNotAllowed']);
/** The server has no such thing at all, so none is in force there. */
export const isUnable = ({ code }: Failure): boolean => UNABLE.has(code);
export const isDenied = ({ code, status }: Failure): boolean => code === 'AccessDenied' || status === 403;
const CREDENTIALS_REFUSED = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
]);
/** Whatever is asked next would be refused, too. */
export const areCredentialsRefused = ({ code }: Failure): boolean => CREDENTIALS_REFUSED.has(code);
export const isPreconditionFailed = ({ code, status }: Failure): boolean =>
  status === 412 || code === 'PreconditionFailed';

/** For `.catch`: takes an answer of this code for "there is none", and any other failure as it is. */
export const unless =
  <Value>(code: string, value: Value) =>
  (error: unknown): Value => {
    if (failureOf(error).code === code) return value;
    throw error;
  };

const THROTTLES = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);
export const isThrottled = ({ code, status }: Failure): boolean =>
  THROTTLES.has(code) || status === 503 || status === 429;

/** Worth another try: nobody knows whether the request was done, and every request of ours is conditional. */
export const isTransient = (failure: Failure): boolean =>
  isThrottled(failure) ||
  (failure.status >= 500 && !isUnable(failure)) ||
  failure.code === 'ConditionalRequestConflict' ||
  failure.code === 'OperationAborted' ||
  failure.code === 'RequestTimeout' ||
  failure.code === 'ECONNRESET' ||
  failure.code === 'EPIPE' ||
  failure.code === 'TimeoutError';
