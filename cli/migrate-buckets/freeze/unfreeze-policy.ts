import { isDeepStrictEqual } from 'node:util';
import type { FreezeMark, SavedConfiguration } from '../../../contracts/migrate-buckets/freeze';
import { counted } from '../../shared/counted';
import { parseJson } from '../../shared/parse-json';
import {
  markOf,
  type PolicyDocument,
  parsePolicy,
  type Statement,
  statementsOf,
  withoutReplication,
} from './freeze-policy';

/** What a configuration becomes without the freeze. Nothing of it is written while something was altered. */
export interface Unfreeze<Configuration> {
  readonly wanted: Configuration;
  /** What is done, one sentence each. */
  readonly steps: readonly string[];
  /** How what the freeze put there differs from what is there now, one sentence each. */
  readonly altered: readonly string[];
}

/** Whose freeze is to be undone: by its mark, null for one of an older release. */
export type IsOurs = (mark: FreezeMark | null) => boolean;

/**
 * A policy without the statement that froze. What somebody added meanwhile stays; a policy that is then what it
 * was becomes that to the byte. Pure.
 *
 * @param now - the policy as it is.
 * @param saved - what is known from before the freeze, if anything.
 */
export function unfreezePolicy(
  bucket: string,
  now: string | null,
  saved: SavedConfiguration | undefined,
  isOurs: IsOurs,
): Unfreeze<string | null> {
  const document = now === null ? undefined : parsePolicy(now, bucket);
  const all = statementsOf(document);
  const ours = all.filter((each) => {
    const mark = markOf(each);
    return mark !== undefined && isOurs(mark);
  }) as Statement[];
  const others = all.filter((each) => !ours.includes(each as Statement));
  if (ours.length === 0) {
    return {
      wanted: now,
      steps: ['Leave the policy as it is: there is no statement of the freeze in it.'],
      altered: [],
    };
  }
  const altered = saved?.statement === undefined ? [] : differences(saved.statement, ours);
  if (others.length === 0) {
    return { wanted: null, steps: ['Delete the policy, which holds nothing but the freeze.'], altered };
  }
  const wanted = { ...document, Statement: others };
  if (saved !== undefined && isSamePolicy(wanted, saved.policy)) {
    return {
      wanted: saved.policy,
      steps: ["Take the freeze's statement out of the policy, which is then what it was, byte for byte."],
      altered,
    };
  }
  const since = saved === undefined ? '' : ': somebody changed the policy since the freeze';
  return {
    wanted: JSON.stringify(wanted),
    steps: [
      `Take the freeze's statement out of the policy, and keep ${counted(others.length, 'other statement')}${since}.`,
    ],
    altered,
  };
}

/** Whether a statement says what another says: lists in any order, one value with or without its list. */
export const isSameStatement = (a: Statement, b: Statement): boolean => isDeepStrictEqual(plain(a), plain(b));

/** Whether a statement is what a freeze put there: whole, or as a server takes it that does not replicate. */
export const isAsPut = (found: Statement, put: Statement): boolean =>
  isSameStatement(found, put) || isSameStatement(found, withoutReplication(put));

function differences(put: Statement, found: readonly Statement[]): string[] {
  const [one = {}, ...more] = found;
  if (more.length === 0 && isAsPut(one, put)) return [];
  if (more.length > 0)
    return [`The policy has ${found.length} statements of the freeze, and one was put there.`];
  return [...new Set([...Object.keys(put), ...Object.keys(one)])]
    .filter((name) => !isDeepStrictEqual(plain(put[name]), plain(one[name])))
    .map((name) => `${name} is ${shown(one[name])}, and the freeze put ${shown(put[name])}.`);
}

const shown = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value));

/** Whether a policy is what another says, however that is written. */
export function isSamePolicy(a: PolicyDocument, text: string | null): boolean {
  const b = parseJson(text ?? '') as PolicyDocument | undefined;
  return isDeepStrictEqual({ ...a, Statement: statementsOf(a) }, { ...b, Statement: statementsOf(b) });
}

/** S3 may send a list of one as its value, or a list in another order. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    const each = value.map((one) => JSON.stringify(plain(one))).sort();
    const [only, ...more] = each;
    return only !== undefined && more.length === 0 ? JSON.parse(only) : each;
  }
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, plain((value as Statement)[name])]));
}
