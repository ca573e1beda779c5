import { EXIT } from '../exit-codes';
import { UserError } from '../user-error';
import { areCredentialsRefused, type Failure, failureOf, isDenied, isMissing } from './failure';

interface Asked {
  readonly failure: Failure;
  /** What was asked, e.g. `list the bucket my-bucket`. */
  readonly doing: string;
  /** For the start of a sentence. */
  readonly subject: string;
}

const OTHER_REGION = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);
const NOBODY_ANSWERS = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'TimeoutError',
]);

/** The first row that applies tells the sentence. */
const SENTENCES: readonly (readonly [(asked: Asked) => boolean, (asked: Asked) => string])[] = [
  [
    ({ failure: { code } }) => code === 'CredentialsProviderError' || code === 'TokenProviderError',
    () =>
      'No AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and try again.',
  ],
  [
    ({ failure: { message } }) => /region is missing/i.test(message),
    () => 'No AWS region is set. Pass --region, or set AWS_REGION.',
  ],
  [
    ({ failure }) => areCredentialsRefused(failure),
    ({ failure, doing }) =>
      `AWS refused the credentials (${failure.code}) when asked to ${doing}. Renew them, then run the same command again.`,
  ],
  [
    ({ failure: { status, code } }) => status === 301 || OTHER_REGION.has(code),
    ({ subject }) =>
      `${subject} is in another region than the one that was asked. Pass its region with --region.`,
  ],
  [
    ({ failure, doing }) =>
      failure.code === 'NoSuchBucket' || (isMissing(failure) && doing.startsWith('open the bucket')),
    ({ subject }) =>
      `${subject} does not exist. Check the name and the account, or run "migrate-buckets discover".`,
  ],
  [
    ({ failure: { code } }) => NOBODY_ANSWERS.has(code),
    ({ failure, doing }) =>
      `AWS could not be reached when asked to ${doing} (${failure.code}). Check the network, the region and the endpoint.`,
  ],
  [
    ({ failure: { code } }) => code === 'SyntaxError',
    ({ doing }) =>
      `The answer cannot be read when AWS is asked to ${doing}. Check the endpoint, and whether a proxy stands in between.`,
  ],
  [
    ({ failure: { code } }) => code === 'InvalidObjectState',
    ({ doing }) =>
      `It failed to ${doing}: it lies in an archive class, and is not restored. Run "migrate-buckets plan" with --restore.`,
  ],
  [
    ({ failure }) => isDenied(failure),
    ({ failure, doing }) =>
      `Access was denied when asked to ${doing}${inBrackets(failure)}. "migrate-buckets iam-policy" prints the permissions that a plan needs.`,
  ],
  [() => true, ({ failure, doing }) => `It failed to ${doing}: ${failure.code}${inBrackets(failure)}.`],
];

const inBrackets = ({ code, message }: Failure): string =>
  message === '' || message === 'UnknownError' || message === code ? '' : ` (${message})`;

/**
 * Turns an SDK error into one sentence: what was being done, to what, what to do next. A bug of ours (a
 * TypeError, say) and an abort are handed back untouched. What the SDK threw is the sentence's cause.
 *
 * @param doing - e.g. `list the bucket my-bucket`.
 */
export function explain(error: unknown, doing: string, bucket?: string): unknown {
  if (error instanceof UserError || isBug(error)) return error;
  const failure = failureOf(error);
  if (failure.code === 'AbortError') return error;
  const asked = { failure, doing, subject: bucket === undefined ? 'The resource' : `The bucket ${bucket}` };
  const row = SENTENCES.find(([applies]) => applies(asked));
  return row === undefined ? error : new UserError(row[1](asked), EXIT.error, { cause: error });
}

/**
 * Errors that no service sends: they are mistakes in this program and must not be dressed up as an outage. An
 * answer that the SDK could not parse carries the answer with it, and is not one of them.
 */
const isBug = (error: unknown): boolean =>
  (error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError) &&
  !('$response' in error);

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
