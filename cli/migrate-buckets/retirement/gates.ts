import type { Gate } from '../../../contracts/migrate-buckets/output';
import type { State } from '../../../contracts/migrate-buckets/plan';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import { REFERENCE_KINDS, type ReferenceKind } from '../../../contracts/migrate-buckets/words';
import type { ReferenceText, Survey } from '../discovery/references';

/** Everything that the gates look at, read just before. */
export interface RetireFacts {
  readonly source: string;
  readonly destination: string;
  readonly state: State | undefined;
  /** Whether the source holds exactly what was verified (or, once retiring, nothing beside it). */
  readonly unchanged: { readonly holds: boolean; readonly evidence: string };
  /** Null when there was nothing verified to compare with. */
  readonly verification: Verification | null;
  readonly survey: Survey;
  readonly references: readonly ReferenceText[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Seconds that must lie between verification and retirement. */
  readonly soak: number;
  /** The newest object of the destination that the pipeline wrote after the verification. */
  readonly writtenSince: { readonly key: string; readonly at: number } | null;
  /** A sentence when the bucket has object lock, or when that could not be found out. */
  readonly lock: string | null;
  /** The account that the bucket was shown to belong to; null when nobody could say. */
  readonly owner: string | null;
  /** The gates that the operator overrides: kinds of references that could not be checked, and `in-use`. */
  readonly overrides: readonly string[];
}

const WHERE: Record<ReferenceKind, string> = {
  lambda: 'no environment of any version of any Lambda',
  'step-functions': 'no state machine',
  executions: 'no running execution',
  state: 'none of the state files',
};

/** Every gate, with its evidence. All must pass before anything is deleted. */
export function evaluateGates(facts: RetireFacts): Gate[] {
  const { source, state, verification, now, soak, overrides } = facts;
  const verified = state?.verified ?? null;
  const gate = (name: string, passed: boolean, evidence: string): Gate => ({
    name,
    passed,
    evidence,
    overridden: false,
  });
  const waited = verified === null ? 0 : (now - Date.parse(verified.at)) / 1000;
  return [
    verified === null || (state?.phase !== 'verified' && state?.phase !== 'retiring')
      ? gate('verified', false, `${source} was never verified by this plan. Run apply.`)
      : gate('verified', true, `${verified.objects} objects were verified at ${verified.at}.`),
    gate('unchanged', facts.unchanged.holds, facts.unchanged.evidence),
    proofGate(verification, facts.destination, gate),
    ...REFERENCE_KINDS.map((kind) => referenceGate(kind, facts)),
    gate(
      'soak',
      verified !== null && waited >= soak,
      verified === null
        ? 'The soak time begins with the verification.'
        : `${Math.floor(waited)} of ${soak} seconds have passed since the verification.`,
    ),
    facts.writtenSince !== null
      ? gate(
          'in-use',
          true,
          `${facts.destination} was written to by the pipeline since: ${facts.writtenSince.key}.`,
        )
      : {
          name: 'in-use',
          passed: overrides.includes('in-use'),
          overridden: overrides.includes('in-use'),
          evidence: `The pipeline wrote no delta and no snapshot to ${facts.destination} since the verification: nobody has shown that it uses it.`,
        },
    gate('object-lock', facts.lock === null, facts.lock ?? `${source} has no object lock.`),
    facts.owner === null
      ? gate('owner', false, 'The owner was not checked. Pass --expected-bucket-owner.')
      : gate('owner', true, `${source} belongs to the account ${facts.owner}.`),
  ];
}

export const allPass = (gates: readonly Gate[]): boolean => gates.every(({ passed }) => passed);

function proofGate(
  verification: Verification | null,
  destination: string,
  gate: (name: string, passed: boolean, evidence: string) => Gate,
): Gate {
  if (verification === null) return gate('proven', false, 'There is nothing verified to compare with.');
  const { proven, objects, problems, problem_count } = verification;
  if (proven) return gate('proven', true, `All ${objects} objects are proven at ${destination} just now.`);
  const [first] = problems;
  return gate(
    'proven',
    false,
    `${problem_count} of ${objects} objects are not proven at ${destination} just now, e.g. ${first?.key}: ${first?.why}`,
  );
}

function referenceGate(kind: ReferenceKind, { source, survey, references, overrides }: RetireFacts): Gate {
  const found = references.filter((reference) => reference.kind === kind);
  if (found.length > 0) {
    const shown = found.slice(0, 3).map(({ where }) => where);
    const more = found.length > 3 ? ` and ${found.length - 3} more` : '';
    return {
      name: kind,
      passed: false,
      overridden: false,
      evidence: `${source} is still named by ${shown.join('; ')}${more}.`,
    };
  }
  const unchecked = survey.unchecked.find((each) => each.kind === kind);
  if (unchecked === undefined) {
    return { name: kind, passed: true, overridden: false, evidence: `${source} is named by ${WHERE[kind]}.` };
  }
  const overridden = overrides.includes(kind);
  return { name: kind, passed: overridden, overridden, evidence: `Not checked. ${unchecked.why}` };
}
