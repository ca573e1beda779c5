import { parseJson } from '../../shared/parse-json';
import { freezeStatement, type PolicyDocument, type Statement, statementsOf } from './freeze-policy';
import { isSamePolicy } from './unfreeze-policy';

const PROBE_SID = 'MigrateBucketsProbe';

/**
 * The statement of the freeze, which here denies writes below a prefix alone.
 *
 * @param prefix - of our own keys.
 */
export const probeStatement = (bucket: string, principals: readonly string[], prefix: string): Statement => {
  const statement = freezeStatement(bucket, principals);
  return { ...statement, Sid: PROBE_SID, Resource: String(statement.Resource).replace('*', `${prefix}*`) };
};

/**
 * A policy without what a probe put into it, as it is where there is nothing of it; null when nothing else is there.
 *
 * @param before - what the policy was: where it says the same again, it is that to the byte.
 */
export function withoutProbe(policy: string | null, before: string | null): string | null {
  if (policy === null) return null;
  const document = parseJson(policy) as PolicyDocument | undefined;
  const statements = statementsOf(document);
  const others = statements.filter((each) => (each as { Sid?: unknown } | null)?.Sid !== PROBE_SID);
  if (others.length === statements.length) return policy;
  if (others.length === 0) return null;
  const wanted = { ...document, Statement: others };
  return isSamePolicy(wanted, before) ? before : JSON.stringify(wanted);
}

/** Whether a probe left its statement in a policy: one that was killed, or one that runs at this moment. */
export const isProbed = (policy: string | null): boolean => withoutProbe(policy, null) !== policy;
