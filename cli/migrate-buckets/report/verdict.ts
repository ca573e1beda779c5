import type { Report, ReportVerdict } from '../../../contracts/migrate-buckets/report';
import { counted, countedWere } from '../../shared/counted';
import { bytes } from '../../shared/reporters/text';
import { givenUp, NOT_FROZEN } from '../doctor/given-up';
import { Placement } from '../listing/placement';
import { utc } from './figures';

type Known = Pick<
  Report,
  | 'phase'
  | 'plan'
  | 'frozen'
  | 'server'
  | 'no_freeze'
  | 'overrides'
  | 'proof'
  | 'retirement'
  | 'earlier_retirements'
>;

/**
 * What may be said of a migration, and what it rests on. It says no more than is known: where the proof is not on
 * record, deletion is not called safe, whatever the phase says. Pure.
 */
export function judge(known: Known): ReportVerdict {
  const standing = standingOf(known);
  return {
    standing,
    sentence: sentenceOf(standing, known),
    evidence: [...proofs(known), ...gates(known)],
    concerns: concerns(known),
  };
}

function standingOf({ phase, proof }: Known): ReportVerdict['standing'] {
  if (phase === 'planned') return 'planned';
  if (proof === null) return 'unproven';
  if (phase === 'retiring' || phase === 'retired') return phase;
  return phase === 'verified' ? 'proven' : 'unproven';
}

function sentenceOf(standing: ReportVerdict['standing'], known: Known): string {
  const { plan, phase } = known;
  const { source } = plan;
  const under = Placement.of(plan).archivedUnder;
  const place = under === null ? plan.destination : `${under} of ${plan.destination}`;
  switch (standing) {
    case 'planned':
      return `Nothing was copied yet, and ${source} is as it was.`;
    case 'unproven':
      return hasBegun(phase)
        ? `The deletion of ${source} has begun, and nothing on record shows that what went was proven.`
        : `It is not shown that every object is proven: nothing of ${source} may be deleted.`;
    case 'proven':
      return isPart(known)
        ? `What the plan takes of ${source} is proven in ${place}, and the rest is not. Nothing was deleted.`
        : `Every object of ${source} is proven in ${place}. Nothing was deleted.`;
    case 'retiring':
      return isHidden(known)
        ? `The objects of ${source} are hidden, each once ${place} was seen to hold it. Nothing was deleted for good.`
        : `The deletion of ${source} has begun: each object goes only once ${place} is seen to hold it.`;
    case 'retired':
      return `What was verified of ${source} was proven in ${place} before it was deleted.`;
  }
}

const hasBegun = (phase: Known['phase']): boolean => phase === 'retiring' || phase === 'retired';

const isPart = ({ plan }: Known): boolean => (plan.left_out?.objects ?? 0) > 0;

/** Whether no more was done than to lay delete markers. */
const isHidden = ({ retirement, earlier_retirements: earlier }: Known): boolean =>
  [...earlier, retirement].every((each) => each?.retired?.hidden === true && each.deleted === 0);

const HOW = {
  P4: "by the application's own hash on both sides",
  P3: 'by the same ETag, or every byte',
  P2: 'as a copy of ours under an ETag pin',
  P1: 'by their size alone',
  P0: 'not at all',
} as const;

function proofs({ proof, frozen, plan }: Known): string[] {
  if (proof === null) return [];
  const { objects, bytes: size, levels, at, fidelity } = proof;
  const by = Object.entries(HOW).flatMap(([level, how]) => {
    const { objects: count } = levels[level as keyof typeof HOW];
    return count === 0 ? [] : [`${count} ${how} (${level})`];
  });
  return [
    `${counted(objects, 'object')} (${bytes(size)}) ${objects === 1 ? 'was' : 'were'} proven at ${utc(at)}: ${by.join(', ') || 'there was none'}.`,
    ...(frozen === null
      ? []
      : [
          `${plan.source} was frozen at ${utc(frozen.at)} by ${frozen.by}, so that nobody else could write to it.`,
        ]),
    ...(fidelity === null
      ? []
      : [
          `Content type, encoding, cache control, metadata and tags were compared on ${counted(fidelity.compared, 'object')}${fidelity.deep ? ', which are all' : ''}.`,
        ]),
  ];
}

function gates({ retirement }: Known): string[] {
  if (retirement === null) return [];
  const { gates: all, at } = retirement;
  const failing = all.filter(({ passed }) => !passed).map(({ name }) => name);
  if (failing.length > 0) {
    return [
      `${failing.length} of ${counted(all.length, 'gate')} did not hold at ${utc(at)}: ${failing.join(', ')}.`,
    ];
  }
  const overridden = all.filter((gate) => gate.overridden).length;
  const held = overridden === 0 ? '' : `, ${overridden} of them only by an override`;
  return [`All ${counted(all.length, 'gate')} of the retirement held at ${utc(at)}${held}.`];
}

function concerns(known: Known): string[] {
  const {
    phase,
    plan,
    proof,
    server,
    no_freeze,
    overrides,
    retirement,
    earlier_retirements: earlier,
  } = known;
  const begun = hasBegun(phase);
  // A later attempt that came to no end does not undo what an earlier one told.
  const ended = [...earlier, retirement].findLast((each) => each?.retired != null)?.retired;
  const left = ended?.left ?? null;
  const failed = ended?.failed_count ?? 0;
  const older = begun ? olderVersions(known) : (plan.noncurrent_versions ?? 0);
  return [
    ...(begun && proof === null
      ? ['Nothing on record shows what was proven before the deletion began.']
      : []),
    ...[...new Set(overrides.map(({ gate }) => gate))].map(
      (gate) => `The gate "${gate}" was overridden by the operator.`,
    ),
    ...(server?.accepted_missing ?? []).map(
      ({ capability }) => `The server lacks ${capability}, which was accepted: ${givenUp(capability)}.`,
    ),
    ...(no_freeze ? [`${NOT_FROZEN}.`] : []),
    ...(older > 0
      ? [
          phase === 'retired'
            ? `${countedWere(older, 'older version')} deleted without a copy: only current objects were migrated.`
            : `${counted(older, 'older version')} ${older === 1 ? 'is' : 'are'} not part of the migration.`,
        ]
      : []),
    ...(plan.left_out !== undefined && isPart(known)
      ? [
          `${counted(plan.left_out.objects, 'object')} of ${plan.source} ${plan.left_out.objects === 1 ? 'is' : 'are'} left out by the plan's filters: neither copied nor proven, and not to be deleted.`,
        ]
      : []),
    ...plan.stranded.accepted_lost.map((key) => `The loss of ${key} was accepted.`),
    ...(failed > 0 ? [`${counted(failed, 'object')} could not be deleted.`] : []),
    ...(left !== null && left.versions > 0
      ? [`${plan.source} still holds ${counted(left.versions, 'version')}.`]
      : []),
  ];
}

/** As many as the first attempt found: a later one does not see those that it deleted. */
const olderVersions = ({ retirement, earlier_retirements: earlier }: Known): number =>
  Math.max(0, ...[...earlier, retirement].map((each) => each?.inventory?.older.objects ?? 0));
