import type { Report, ReportVerdict } from '../../../contracts/migrate-buckets/report';
import { counted } from '../../shared/counted';
import { bytes } from '../../shared/reporters/text';
import { givenUp, NOT_FROZEN } from '../doctor/given-up';
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
  const { source, destination } = known.plan;
  return {
    standing,
    sentence: SENTENCES[standing](source, destination),
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

const SENTENCES: Record<ReportVerdict['standing'], (source: string, destination: string) => string> = {
  planned: (source) => `Nothing was copied yet, and ${source} is as it was.`,
  unproven: (source) => `Not every object is proven: nothing of ${source} may be deleted.`,
  proven: (source, destination) =>
    `Every object of ${source} is proven in ${destination}. Nothing was deleted.`,
  retiring: (source, destination) =>
    `The deletion of ${source} has begun: each object goes only once ${destination} is seen to hold it.`,
  retired: (source, destination) => `What ${source} held was proven in ${destination} before it was deleted.`,
};

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
  const { phase, plan, proof, server, no_freeze, overrides, retirement } = known;
  const begun = phase === 'retiring' || phase === 'retired';
  const left = retirement?.retired?.left ?? null;
  const failed = retirement?.retired?.failed_count ?? 0;
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
      ? [`${counted(older, 'older version')} ${older === 1 ? 'is' : 'are'} not part of the migration.`]
      : []),
    ...(plan.left_out !== undefined && plan.left_out.objects > 0
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
