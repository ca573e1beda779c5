import { isDeepStrictEqual } from 'node:util';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import type { SavedConfiguration } from '../../../contracts/migrate-buckets/freeze';
import type { Unfreeze } from './unfreeze-policy';

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

/** The id under which a rule is suspended. */
const markedId = ({ ID }: LifecycleRule, index: number): string =>
  ID === undefined ? `${NAMELESS}${index}` : `${SUSPENDED}${ID}`.slice(0, ID_LIMIT);
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
    const ID = isSuspended(rule) ? rule.ID : markedId(rule, index);
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
): Unfreeze<Lifecycle | null> {
  const before = ((saved?.lifecycle ?? null) as Lifecycle | null)?.Rules ?? [];
  // Older releases marked no rule: its id must do.
  const marks = saved?.mark !== undefined;
  const enabled = before
    .map((rule, index) => ({ rule, mark: marks ? markedId(rule, index) : rule.ID }))
    .filter(({ rule: { Status } }) => Status === 'Enabled');
  const rules = now?.Rules ?? [];
  const steps: string[] = [];
  const altered: string[] = [];
  const resumed = rules.map((rule): LifecycleRule => {
    const known = enabled.find(({ mark }) => mark === rule.ID)?.rule;
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
  for (const { rule, mark } of enabled) {
    if (rules.some(({ ID }) => ID === mark || ID === rule.ID)) continue;
    steps.push(
      `Leave the lifecycle rule ${rule.ID ?? 'without an id'} deleted, as somebody did since the freeze.`,
    );
  }
  return { wanted: now === null ? null : { ...now, Rules: resumed }, steps, altered };
}

const essence = ({ ID: _, Status: __, ...rest }: LifecycleRule) => JSON.parse(JSON.stringify(rest));
const shown = (rule: LifecycleRule): string => JSON.stringify(essence(rule));
