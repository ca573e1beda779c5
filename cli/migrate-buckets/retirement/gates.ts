import type { State } from '../../../contracts/migrate-buckets/plan';
import type { Gate } from '../../../contracts/migrate-buckets/retirement';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import { REFERENCE_KINDS, type ReferenceKind } from '../../../contracts/migrate-buckets/words';
import { counted, countedWere } from '../../shared/counted';
import type { ReferenceText, Survey } from '../discovery/references';
import { ONCE_BEGUN } from '../plan-files/once-begun';
import type { KeptDeltas } from './kept-deltas';
import { serverGates } from './server-gates';
import type { WrittenSince } from './written-since';

/** Everything that the gates look at, read just before. */
export interface RetireFacts {
  readonly source: string;
  readonly destination: string;
  /** Under which all of the source is kept at the destination; null where anything is there to be used. */
  readonly archivedUnder: string | null;
  readonly state: State | undefined;
  /** Whether each overwrite of the source's objects gets a version of its own. */
  readonly keepsVersions: boolean;
  /** Why the source is not frozen by this plan at this moment: a sentence, or null where it is. */
  readonly notFrozen: string | null;
  /** Whether the source holds exactly what was verified (or, once retiring, nothing beside it). */
  readonly unchanged: { readonly holds: boolean; readonly evidence: string };
  /** What the source holds that the plan leaves out, delete markers too. */
  readonly leftOut: number;
  /** Null when there was nothing verified to compare with. */
  readonly verification: Verification | null;
  readonly survey: Survey;
  readonly references: readonly ReferenceText[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Seconds that must lie between verification and retirement. */
  readonly soak: number;
  /** What became of the deltas that are only kept; null where the plan keeps nothing so. */
  readonly keptDeltas: KeptDeltas | null;
  /** The keys of such deltas whose loss from the collections the operator accepts. */
  readonly losses: ReadonlySet<string>;
  readonly writtenSince: WrittenSince;
  /** A sentence when the bucket has object lock, or when that could not be found out. */
  readonly lock: string | null;
  /** Where S3 itself would take the source's deletions to, or that this could not be found out; null: nowhere. */
  readonly replicated: string | null;
  /** Whom S3 tells of the source's deletions, or that this could not be found out; null: nobody. */
  readonly listeners: string | null;
  /** What the destination's lifecycle would delete of the copies, or that this could not be found out; null: nothing. */
  readonly expiring: string | null;
  /** Why other migrations still need what they keep in the source, one sentence each. */
  readonly openMigrations: readonly string[];
  /** The account that the bucket was shown to belong to; null when nobody could say. */
  readonly owner: string | null;
  /** The gates that the operator overrides: kinds of references that could not be checked, `in-use`, `lifecycle` and `listeners`. */
  readonly overrides: readonly string[];
}

const WHERE: Record<ReferenceKind, string> = {
  lambda: 'no environment of any version of any Lambda',
  'step-functions': 'no state machine',
  executions: 'no running execution',
  state: 'none of the state files',
};

const holds = (name: string, evidence: string): Gate => ({ name, passed: true, evidence, overridden: false });
const fails = (name: string, evidence: string): Gate => ({
  name,
  passed: false,
  evidence,
  overridden: false,
});

/** What nobody could show either way: the operator may go on by overriding it by name. */
function isOpen(name: string, evidence: string, { overrides }: RetireFacts): Gate {
  const overridden = overrides.includes(name);
  return { name, passed: overridden, evidence, overridden };
}

/** Every gate, with its evidence. All must pass before anything is deleted. */
export function evaluateGates(facts: RetireFacts): Gate[] {
  const { source, unchanged, lock, replicated, openMigrations } = facts;
  return [
    verifiedGate(facts),
    (unchanged.holds ? holds : fails)('unchanged', unchanged.evidence),
    proofGate(facts),
    ...deltasGate(facts),
    ...serverGates(facts),
    ...REFERENCE_KINDS.map((kind) => referenceGate(kind, facts)),
    soakGate(facts),
    inUseGate(facts),
    lifecycleGate(facts),
    replicated === null
      ? holds('replication', `What is deleted in ${source} is not replicated to another bucket.`)
      : fails('replication', replicated),
    listenersGate(facts),
    lock === null ? holds('object-lock', `${source} has no object lock.`) : fails('object-lock', lock),
    openMigrations.length === 0
      ? holds('other-migrations', `No other migration needs what is in ${source}.`)
      : fails('other-migrations', openMigrations.join(' ')),
    ownerGate(facts),
  ];
}

const LOST_SHOWN = 5;

/** A delta that lies in an archive is kept, and merged by nobody. */
function deltasGate({ source, destination, keptDeltas, losses }: RetireFacts): Gate[] {
  if (keptDeltas === null) return [];
  const { live, covered, unmerged } = keptDeltas;
  const lost = unmerged.filter((key) => !losses.has(key));
  const named = (keys: readonly string[]) =>
    `${keys.slice(0, LOST_SHOWN).join(', ')}${keys.length > LOST_SHOWN ? ', …' : ''}`;
  if (lost.length > 0) {
    const [are, them] = lost.length === 1 ? ['is', 'it'] : ['are', 'them'];
    const evidence = `${counted(lost.length, 'delta')} of ${source} ${are} in no collection of ${destination}, and nobody merges what lies in its archive (${named(lost)}). Take ${them} along by the plan of the truth (plan --include-stranded), or list the keys in a file for --accept-loss.`;
    return [fails('deltas', evidence)];
  }
  if (unmerged.length > 0) {
    const evidence = `The collections lose ${counted(unmerged.length, 'delta')} of ${source}, only kept in the archive (${named(unmerged)}).`;
    return [{ name: 'deltas', passed: true, evidence, overridden: true }];
  }
  const all = counted(live + covered, 'delta');
  const evidence = `Of ${all} of ${source} in the archive, ${live} are live in ${destination}, too, and ${covered} older than its snapshot.`;
  return [holds('deltas', evidence)];
}

/** What is only kept need not be shown to be used. */
function inUseGate(facts: RetireFacts): Gate {
  const { destination, archivedUnder, writtenSince } = facts;
  if (archivedUnder !== null) {
    const evidence = `Nobody is to use what is kept under ${archivedUnder} of ${destination}.`;
    return holds('in-use', evidence);
  }
  if (writtenSince !== null && 'key' in writtenSince) {
    return holds('in-use', `${destination} was written to by the pipeline since: ${writtenSince.key}.`);
  }
  if (writtenSince !== null && 'altered' in writtenSince) {
    const evidence = `${writtenSince.altered} is not what was kept when ${destination} was verified, so nothing shows what was written since.`;
    return isOpen('in-use', evidence, facts);
  }
  const but =
    writtenSince === null ? '' : `, but for what the migration of ${writtenSince.copiedFrom} may have copied`;
  return isOpen(
    'in-use',
    `The pipeline wrote no delta and no snapshot to ${destination} since the verification${but}: nobody has shown that it uses it.`,
    facts,
  );
}

/** What S3 itself deletes later is as lost as what was never copied. */
function lifecycleGate(facts: RetireFacts): Gate {
  const { destination, expiring } = facts;
  return expiring === null
    ? holds('lifecycle', `No lifecycle rule of ${destination} deletes what was copied there.`)
    : isOpen('lifecycle', expiring, facts);
}

/** A deletion that is told may be carried on elsewhere, whatever the freeze denies. */
const listenersGate = (facts: RetireFacts): Gate =>
  facts.listeners === null
    ? holds('listeners', `Nobody is told of what is deleted in ${facts.source}.`)
    : isOpen('listeners', facts.listeners, facts);

/** A server that takes every owner for the right one shows nothing: the operator may have accepted that. */
function ownerGate({ source, owner, state }: RetireFacts): Gate {
  if (owner !== null) return holds('owner', `${source} belongs to the account ${owner}.`);
  const isAccepted = state?.server?.accepted_missing.some(
    ({ capability }) => capability === 'expected-owner',
  );
  if (isAccepted === true) {
    const evidence = 'The owner was not checked: the server refuses nobody, as you accepted.';
    return { name: 'owner', passed: true, evidence, overridden: true };
  }
  return fails('owner', 'The owner was not checked. Pass --expected-bucket-owner.');
}

export const allPass = (gates: readonly Gate[]): boolean => gates.every(({ passed }) => passed);

function verifiedGate({ source, state }: RetireFacts): Gate {
  if (!state?.verified || (state.phase !== 'verified' && state.phase !== 'retiring')) {
    return fails('verified', `${source} was never verified by this plan. Run apply.`);
  }
  const { objects, at } = state.verified;
  return holds('verified', `${countedWere(objects, 'object')} verified at ${at}.`);
}

function proofGate({ verification, leftOut, source, destination, state }: RetireFacts): Gate {
  if (verification === null) return fails('proven', 'There is nothing verified to compare with.');
  const { proven, objects, problems, problem_count, left_out } = verification;
  const current = left_out?.objects ?? 0;
  const left = current > 0 ? current : leftOut;
  if (left > 0) {
    const what = counted(left, current > 0 ? 'object' : 'older version');
    const [were, them] = left === 1 ? ['was', 'it'] : ['were', 'them'];
    return fails(
      'proven',
      `${what} of ${source} ${were} left out of this plan (--include, --exclude): nothing shows that ${destination} holds ${them}. Unfreeze, then plan again without --exclude, or keep all of it with plan --archive ${source}.`,
    );
  }
  if (proven) {
    const all = objects === 1 ? 'The 1 object is' : `All ${objects} objects are`;
    return holds('proven', `${all} proven at ${destination} just now.`);
  }
  // What apply would do about it is no advice any more once the retirement has begun.
  const begun = state?.phase === 'retiring';
  const [example] = problems.map(({ key, why }) => (begun ? `${key}. ${ONCE_BEGUN}` : `${key}: ${why}`));
  return fails(
    'proven',
    `${problem_count} of ${counted(objects, 'object')} ${problem_count === 1 ? 'is' : 'are'} not proven at ${destination} just now, e.g. ${example}`,
  );
}

function soakGate({ state, now, soak }: RetireFacts): Gate {
  if (!state?.verified) return fails('soak', 'The soak time begins with the verification.');
  const waited = (now - Date.parse(state.verified.at)) / 1000;
  if (waited < 0) {
    return fails(
      'soak',
      `The verification was at ${state.verified.at}, and this clock is not there yet. Set it right.`,
    );
  }
  const evidence = `${clock(waited)} since the verification; --soak asks for ${clock(soak)}.`;
  return (waited >= soak ? holds : fails)('soak', evidence);
}

/** Never rounded up: what is not over must not look as if it were. */
function clock(seconds: number): string {
  if (seconds < 120) return counted(Math.floor(seconds), 'second');
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function referenceGate(kind: ReferenceKind, facts: RetireFacts): Gate {
  const { source, survey, references } = facts;
  const found = references.filter((reference) => reference.kind === kind).map(({ where }) => where);
  if (found.length > 0) {
    const more = found.length > 3 ? ` and ${found.length - 3} more` : '';
    return fails(kind, `${source} is still named by ${found.slice(0, 3).join('; ')}${more}.`);
  }
  const unchecked = survey.unchecked.find((each) => each.kind === kind);
  const where = kind === 'state' ? '' : ` in ${survey.regions.join(', ')}`;
  if (unchecked === undefined) return holds(kind, `${source} is named by ${WHERE[kind]}${where}.`);
  return isOpen(kind, `Not checked. ${unchecked.why}`, facts);
}
