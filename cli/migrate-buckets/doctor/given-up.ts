import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { State } from '../../../contracts/migrate-buckets/plan';
import type { ACCEPTABLE_CAPABILITIES, Capability } from '../../../contracts/migrate-buckets/words';
import type { Reporter } from '../../shared/reporters/reporter';

/** What it means to go on without. */
const GIVEN_UP: Record<(typeof ACCEPTABLE_CAPABILITIES)[number], string> = {
  'expected-owner': 'nothing shows whose the buckets are',
  'conditional-put': 'operators on two machines are not kept apart',
  'conditional-copy': "another writer's object at the destination can be overwritten",
  'conditional-part-copy':
    'what is copied in parts can be mixed from two states of an object, or overwrite another',
  'conditional-delete': 'the source can only be retired by version ids',
  tags: 'tags and metadata can be lost',
};

export const NOT_FROZEN =
  'The source is not frozen (--no-freeze): whatever is written to it after the verification is not copied, and only seen when its versions are listed again';

/** What a migration does without: a sentence each. */
export const givenUp = (capability: Capability): string =>
  capability in GIVEN_UP ? GIVEN_UP[capability as keyof typeof GIVEN_UP] : 'a migration is not safe';

/** Says again what the operator accepted: in every step, not only where it was accepted. */
export function tellAccepted(
  report: Reporter<MigrationEvent>,
  state: Pick<State, 'server' | 'no_freeze'> | undefined,
): void {
  for (const { capability } of state?.server?.accepted_missing ?? []) {
    const message = `Without ${capability}, as you accepted: ${givenUp(capability)}.`;
    report.tell({ event: 'accepted-missing', message, capability });
  }
  if (state?.no_freeze === true) report.tell({ event: 'not-frozen', message: `${NOT_FROZEN}.` });
}
