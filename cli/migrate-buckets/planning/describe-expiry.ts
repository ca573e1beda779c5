import type { Expiry } from '../../../contracts/migrate-buckets/plan';
import { counted } from '../../shared/counted';
import { bytes, oneLine } from '../../shared/reporters/text';

/** What the destination's lifecycle would delete of the copies, in sentences with the way out: none where it keeps them. */
export function describeExpiry(destination: string, { rules, unread }: Expiry): string[] {
  if (unread !== null) {
    return [
      `Whether the lifecycle of ${destination} deletes what is copied there was not found out: ${unread}`,
    ];
  }
  const found = rules.map(
    ({ id, what, objects, bytes: size, example }) =>
      `The lifecycle rule ${id} of ${destination} deletes ${what}: ${counted(objects, 'object')} of this plan (${bytes(size)}), e.g. ${oneLine(example)}.`,
  );
  const way = `Disable ${rules.length === 1 ? 'that rule' : 'those rules'}, or narrow what ${rules.length === 1 ? 'it takes' : 'they take'}, before the source is retired.`;
  return found.length === 0 ? [] : [...found, way];
}
