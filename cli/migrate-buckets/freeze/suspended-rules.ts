import { isDeepStrictEqual } from 'node:util';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import type { SavedConfiguration } from '../../../contracts/migrate-buckets/freeze';
import type { Thaw } from './thaw-policy';

/** The part of a lifecycle configuration that can be put back. Dates are text, as they are in files. */
export interface Lifecycle {
  readonly Rules?: LifecycleRule[];
  readonly TransitionDefaultMinimumObjectSize?: 'all_storage_classes_128K' | 'varies_by_storage_class';
}

/**
 * Begins the id of a rule that the freeze suspended. It stands on the rule itself: so it is known without the plan
 * which rules were enabled before, whatever rules come and go meanwhile.
 */
const SUSPENDED = 'migrate-buckets-suspended:';
/** For a rule without an id, which S3 itself never has. */
const NAMELESS = 'migrate-buckets-suspended#';
/** Characters that S3 allows an id. */
const ID_LIMIT = 255;

const markedId = (id: string): string => `${SUSPENDED}${id}`.slice(0, ID_LIMIT);
const isSuspended = ({ ID = '' }: LifecycleRule): boolean =>
  ID.startsWith(SUSPENDED) || ID.startsWith(NAMELESS);

/** The ids, as they were, of the rules that a freeze suspended. */
export const suspendedIn = (lifecycle: Lifecycle | null): string[] =>
  (lifecycle?.Rules ?? []).filter(isSuspended).map(({ ID = '' }) => ID.replace(SUSPENDED, ''));

/** A lifecycle whose enabled rules are disabled, and marked. Those that are disabled already stay as they are. */
export function suspendRules(lifecycle: Lifecycle | null): Lifecycle | null {
  if (lifecycle?.Rules === undefined) return lifecycle;
  const Rules = lifecycle.Rules.map((rule, index): LifecycleRule => {
    if (rule.Status !== 'Enabled') return rule;
    const ID = isSuspended(rule)
      ? rule.ID
      : rule.ID === undefined
        ? `${NAMELESS}${index}`
        : markedId(rule.ID);
    return { ...rule, ID, Status: 'Disabled' };
  });
  return { ...lifecycle, Rules };
}

/**
 * A lifecycle in which the rules that the freeze suspended are enabled again, under their own ids. Rules that
 * somebody added or deleted meanwhile stay added or deleted. Pure.
 *
 * @param saved - what is known from before the freeze, if anything.
 */
export function resumeRules(
  now: Lifecycle | null,
  saved: SavedConfiguration | undefined,
): Thaw<Lifecycle | null> {
  const before = ((saved?.lifecycle ?? null) as Lifecycle | null)?.Rules ?? [];
  const enabled = before.filter(({ Status }) => Status === 'Enabled');
  const rules = now?.Rules ?? [];
  const steps: string[] = [];
  const altered: string[] = [];
  const resumed = rules.map((rule): LifecycleRule => {
    const known = enabled.find((each) => isOf(rule, each, saved));
    if (!isSuspended(rule) && (known === undefined || rule.Status === 'Enabled')) return rule;
    const { ID = '', ...rest } = rule;
    const own = known?.ID ?? (ID.startsWith(SUSPENDED) ? ID.slice(SUSPENDED.length) : undefined);
    const name = own ?? 'without an id';
    if (known !== undefined && !isDeepStrictEqual(essence(known), essence(rule))) {
      altered.push(`The lifecycle rule ${name} is ${shown(rule)}, and the freeze suspended ${shown(known)}.`);
    }
    if (own !== undefined && rules.some((other) => other !== rule && other.ID === own)) {
      altered.push(`There are two lifecycle rules ${name}: one that the freeze suspended, and a newer one.`);
    }
    steps.push(`Enable the lifecycle rule ${name} again.`);
    return { ...(own === undefined ? {} : { ID: own }), ...rest, Status: 'Enabled' };
  });
  for (const rule of enabled) {
    if (rules.some((each) => isOf(each, rule, saved) || each.ID === rule.ID)) continue;
    steps.push(
      `Leave the lifecycle rule ${rule.ID ?? 'without an id'} deleted, as somebody did since the freeze.`,
    );
  }
  return { wanted: now === null ? null : { ...now, Rules: resumed }, steps, altered };
}

/** Whether a rule is what a freeze made of an enabled one. Older releases did not mark it: its id must do. */
const isOf = (rule: LifecycleRule, before: LifecycleRule, saved: SavedConfiguration | undefined): boolean =>
  saved?.mark === undefined && !isSuspended(rule)
    ? rule.ID === before.ID
    : before.ID === undefined
      ? rule.ID?.startsWith(NAMELESS) === true
      : rule.ID === markedId(before.ID);

const essence = ({ ID: _, Status: __, ...rest }: LifecycleRule) => JSON.parse(JSON.stringify(rest));
const shown = (rule: LifecycleRule): string => JSON.stringify(essence(rule));
