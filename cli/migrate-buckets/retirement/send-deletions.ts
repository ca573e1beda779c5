import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { failureOf, isDenied, isMissing, isPreconditionFailed } from '../../shared/aws/failure';
import { quotedEtag } from '../listing/listed-object';

/** One thing to delete: a version by its id, or the current object, provided that it still has this ETag. */
export type Deletion =
  | { readonly key: string; readonly versionId: string }
  | { readonly key: string; readonly etag: string };

/** What became of some deletions. What was gone already is in neither. */
export interface SentDeletions {
  readonly deleted: number;
  readonly refused: readonly { readonly key: string; readonly message: string }[];
}

/** Why an object is left that somebody changed. */
export const CHANGED = 'It was changed since the verification.';

// XML 1.0 cannot carry these, not even escaped, and a parser may turn others into spaces or line feeds.
const UNFIT_FOR_XML = /\p{Cc}|[\u2028\ufffe\uffff]/u;

/** Whether a key can stand in a request that deletes many: others are deleted one by one. */
export const fitsInBatch = ({ key }: { readonly key: string }): boolean => !UNFIT_FOR_XML.test(key);

/**
 * Sends one request that deletes all of these, of which all {@link fitsInBatch}, or which is a single one that does not. Once: a proof does
 * not outlive a wait, so that a request that fails is thrown as it came, and never repeated here.
 */
export async function sendDeletions(
  s3: S3Client,
  bucket: string,
  deletions: readonly Deletion[],
  signal: AbortSignal,
): Promise<SentDeletions> {
  const [first] = deletions;
  if (first === undefined) return { deleted: 0, refused: [] };
  if (!fitsInBatch(first)) return sendOne(s3, bucket, first, signal);
  const Objects = deletions.map((each) =>
    'versionId' in each
      ? { Key: each.key, VersionId: each.versionId }
      : { Key: each.key, ETag: quotedEtag(each.etag) },
  );
  const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } });
  command.middlewareStack.add(unrepeated, ONCE);
  const { Deleted = [], Errors = [] } = await s3.send(command, { abortSignal: signal }).catch(unwrap);
  return {
    deleted: Deleted.length,
    refused: Errors.filter(({ Code }) => Code !== 'NoSuchKey' && Code !== 'NoSuchVersion').map(
      ({ Key = '?', Code = 'Unknown', Message }) => ({ key: Key, message: refusal(Code, Message) }),
    ),
  };
}

async function sendOne(
  s3: S3Client,
  bucket: string,
  deletion: Deletion,
  signal: AbortSignal,
): Promise<SentDeletions> {
  const { key } = deletion;
  const which =
    'versionId' in deletion ? { VersionId: deletion.versionId } : { IfMatch: quotedEtag(deletion.etag) };
  const command = new DeleteObjectCommand({ Bucket: bucket, Key: key, ...which });
  command.middlewareStack.add(unrepeated, ONCE);
  try {
    await s3.send(command, { abortSignal: signal }).catch(unwrap);
    return { deleted: 1, refused: [] };
  } catch (error) {
    const failure = failureOf(error);
    if (isMissing(failure) && failure.code !== 'NoSuchBucket') return { deleted: 0, refused: [] };
    if (!isDenied(failure) && !isPreconditionFailed(failure)) throw error;
    return { deleted: 0, refused: [{ key, message: refusal(failure.code, failure.message) }] };
  }
}

const refusal = (code: string, message: string | undefined): string => {
  if (code === 'PreconditionFailed') return CHANGED;
  return message === undefined || message === '' ? code : `${code} (${message})`;
};

/** Not retryable in the SDK's eyes, whatever it carries. */
class Unrepeated extends Error {
  constructor(readonly failure: unknown) {
    super('A deletion is not repeated.');
  }
}

/** Wraps whatever goes wrong with a request, below the SDK's own repetition of it. */
const unrepeated =
  <Args, Result>(next: (args: Args) => Promise<Result>) =>
  async (args: Args): Promise<Result> => {
    try {
      return await next(args);
    } catch (error) {
      throw new Unrepeated(error);
    }
  };
const ONCE = { step: 'finalizeRequest', priority: 'low', name: 'sendOnce' } as const;

const unwrap = (error: unknown): never => {
  throw error instanceof Unrepeated ? error.failure : error;
};
