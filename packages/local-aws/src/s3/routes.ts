import { BUCKET_OPERATIONS } from './bucket-operations';
import { OBJECT_OPERATIONS } from './object-operations';
import type { Level, Operation } from './operation';
import type { Target } from './request';
import { S3Error } from './s3-error';

const OPERATIONS = [...BUCKET_OPERATIONS, ...OBJECT_OPERATIONS];

const table = new Map<string, Operation>(
  OPERATIONS.map((route) => [
    routeKey(route.level, route.method, route.subresource, route.selectedBy),
    route,
  ]),
);
/** As the SDK's commands are called. */
export const OPERATION_NAMES: ReadonlySet<string> = new Set(OPERATIONS.map(({ operation }) => operation));
const SUBRESOURCES = new Set(OPERATIONS.flatMap(({ subresource }) => subresource ?? []));

function routeKey(level: Level, method: string, subresource = '', selectedBy = ''): string {
  return `${level} ${method} ${subresource} ${selectedBy}`;
}

/** Sent by SDKs for their own logs, or part of a presigned URL. */
const isMeaningless = (parameter: string): boolean => parameter === 'x-id' || parameter.startsWith('X-Amz-');

const COPY_SOURCE = 'x-amz-copy-source';

/**
 * The operation that a request means. Whatever is not known is refused: an emulator that ignored
 * `?tagging` once overwrote an object's body, and one that ignored `?policy` deleted the bucket.
 *
 * @throws {S3Error} NotImplemented, which names what is not known.
 */
export function findOperation(target: Target, method: string, hasCopySource: boolean): Operation {
  const level: Level = target.bucket === '' ? 'service' : target.key === '' ? 'bucket' : 'object';
  let subresource: string | undefined;
  for (const parameter of target.query.keys()) {
    if (SUBRESOURCES.has(parameter)) subresource ??= parameter;
  }
  const selectedBy = hasCopySource ? COPY_SOURCE : undefined;
  const operation = table.get(routeKey(level, method, subresource, selectedBy));
  if (operation === undefined) {
    throw notImplemented(level, method, subresource ?? firstOf(target.query) ?? selectedBy);
  }
  for (const parameter of target.query.keys()) {
    const known =
      parameter === subresource || operation.parameters?.includes(parameter) || isMeaningless(parameter);
    if (!known) throw notImplemented(level, method, parameter);
  }
  return operation;
}

const firstOf = (query: Target['query']): string | undefined =>
  [...query.keys()].find((parameter) => !isMeaningless(parameter));

const notImplemented = (level: Level, method: string, what: string | undefined) =>
  new S3Error(
    'NotImplemented',
    `This server does not implement ${method} on ${level === 'object' ? 'an object' : `a ${level}`}${
      what === undefined ? '' : ` with "${what}"`
    }.`,
    what === undefined ? {} : { Parameter: what },
  );

/** The action that a policy can deny for this request. */
export function actionOf(operation: Operation, target: Target): string | undefined {
  const { action } = operation;
  if (typeof action === 'string' || action === undefined) return action;
  return action[target.query.has('versionId') ? 1 : 0];
}
