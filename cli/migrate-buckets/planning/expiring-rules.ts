import type { LifecycleRule } from '@aws-sdk/client-s3';
import { COVERED_DELTA_TAG } from '../../../contracts/bucket-layout';
import type { Lifecycle } from '../freeze/suspended-rules';
import type { ListedObject } from '../listing/listed-object';
import { isDeltaKey } from '../listing/placement';

/** An enabled rule of a lifecycle that deletes current objects. */
export interface ExpiringRule {
  readonly id: string;
  /** When it does that: the end of a sentence. */
  readonly when: string;
  readonly prefix: string;
  /** All of which an object must have. */
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** Bytes, neither of them included. */
  readonly larger: number;
  readonly smaller: number;
}

/**
 * The rules that delete current objects. What becomes of older versions, of unfinished uploads and of delete markers
 * that hide nothing is of no matter, nor is another storage class. Pure.
 */
export function expiringRules(lifecycle: Lifecycle | null): ExpiringRule[] {
  return (lifecycle?.Rules ?? []).flatMap((rule) => {
    const when = whenOf(rule);
    if (rule.Status !== 'Enabled' || when === undefined) return [];
    const { Filter = {} } = rule;
    const { And = {} } = Filter;
    const tags = [...(Filter.Tag === undefined ? [] : [Filter.Tag]), ...(And.Tags ?? [])];
    return {
      id: rule.ID ?? 'without an id',
      when,
      prefix: rule.Prefix ?? Filter.Prefix ?? And.Prefix ?? '',
      tags: tags.map(({ Key = '', Value = '' }) => [Key, Value] as const),
      larger: Filter.ObjectSizeGreaterThan ?? And.ObjectSizeGreaterThan ?? -1,
      smaller: Filter.ObjectSizeLessThan ?? And.ObjectSizeLessThan ?? Number.POSITIVE_INFINITY,
    };
  });
}

function whenOf({ Expiration: { Days, Date: on } = {} }: LifecycleRule): string | undefined {
  if (Days !== undefined) return `${Days} ${Days === 1 ? 'day' : 'days'} after they were written`;
  return on === undefined ? undefined : `on ${new Date(on).toISOString().slice(0, 10)}`;
}

/**
 * Whether a rule deletes an object of the destination, as far as its key and size tell; its tags may spare it. A delta
 * in its place that a snapshot covers is meant to go, once the rule says that it must be covered. Pure.
 */
export const mayExpire = (
  { prefix, tags, larger, smaller }: ExpiringRule,
  { key, size }: Pick<ListedObject, 'key' | 'size'>,
): boolean =>
  key.startsWith(prefix) &&
  size > larger &&
  size < smaller &&
  !(isDeltaKey(key) && tags.some(([name, value]) => isCoverage(name, value)));

const isCoverage = (name: string, value: string): boolean =>
  name === COVERED_DELTA_TAG.Key && value === COVERED_DELTA_TAG.Value;

/** Whether an object that {@link mayExpire} has all the tags that the rule asks for. Pure. */
export const hasTags = ({ tags }: ExpiringRule, held: ReadonlyMap<string, string>): boolean =>
  tags.every(([name, value]) => held.get(name) === value);
