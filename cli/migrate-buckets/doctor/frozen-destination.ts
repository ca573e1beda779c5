import { parseJson } from '../../shared/parse-json';

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Action?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

const listOf = (value: unknown): unknown[] => [value].flat();
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Whether a bucket's policy denies writing objects to everybody but the given principals. Only a statement that can
 * be read without doubt counts: for all principals, for all objects, with no condition but who asks. Pure.
 *
 * @param policy - null when there is none.
 * @param principals - ARNs of our own.
 */
export function deniesOthersWrites(
  policy: string | null,
  bucket: string,
  principals: readonly string[],
): boolean {
  const document = policy === null ? undefined : parseJson(policy);
  if (!isRecord(document)) return false;
  return listOf(document.Statement).some(
    (statement) => isRecord(statement) && denies(statement, bucket, principals),
  );
}

const denies = (statement: Statement, bucket: string, principals: readonly string[]): boolean =>
  statement.Effect === 'Deny' &&
  isEverybody(statement.Principal) &&
  listOf(statement.Action).some(
    (action) => action === 's3:PutObject' || action === 's3:*' || action === '*',
  ) &&
  listOf(statement.Resource).some(
    (resource) => /^arn:[^:]+:s3:::/.test(String(resource)) && String(resource).endsWith(`:::${bucket}/*`),
  ) &&
  exemptsOnly(statement.Condition, principals);

const isEverybody = (principal: unknown): boolean =>
  principal === '*' || (isRecord(principal) && listOf(principal.AWS).includes('*'));

function exemptsOnly(condition: unknown, principals: readonly string[]): boolean {
  const [operator, tested] = onlyEntry(condition) ?? [];
  const [key, exempt] = onlyEntry(tested) ?? [];
  return (
    /^(Arn|String)Not(Like|Equals)$/.test(String(operator)) &&
    String(key).toLowerCase() === 'aws:principalarn' &&
    listOf(exempt).every((arn) => principals.includes(String(arn)))
  );
}

/** What a record holds, if it is one thing. */
function onlyEntry(value: unknown): [string, unknown] | undefined {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return entries.length === 1 ? entries[0] : undefined;
}
