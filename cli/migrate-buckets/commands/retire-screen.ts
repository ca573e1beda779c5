import type { Tally } from '../../../contracts/migrate-buckets/plan';
import type { Gate, Leftovers, Retirement } from '../../../contracts/migrate-buckets/retirement';
import type { RetireMode } from '../../../contracts/migrate-buckets/words';
import { counted, countedWere } from '../../shared/counted';
import {
  bad,
  bytes,
  firstOf,
  good,
  heading,
  type ListRow,
  list,
  oneLine,
  row,
} from '../../shared/reporters/text';
import { ONCE_BEGUN } from '../plan-files/once-begun';
import type { GatesEvaluation } from '../retirement/gates-evaluation';

/** How far a retirement is to go. */
interface Extent {
  readonly mode: RetireMode;
  readonly purge: boolean;
}

/** Everything that an operator decides on, before he is asked: what goes, and what each gate rests on. */
export const describeEvaluation = (evaluation: GatesEvaluation, extent: Extent): string =>
  [
    heading(`Retire ${evaluation.source} (${extent.mode}); its copy is ${evaluation.destination}`),
    '',
    heading('What becomes of it'),
    list(fates(evaluation, extent)),
    '',
    heading('What that rests on'),
    list(evaluation.gates.map(gateRow)),
    '',
  ].join('\n');

/** What is typed a name for. */
export function question(evaluation: GatesEvaluation, extent: Extent): string {
  const { source, inventory } = evaluation;
  const { objects = 0, bytes: size = 0 } = inventory?.objects ?? {};
  const what = `${counted(objects, 'object')} (${bytes(size)})`;
  switch (fateOf(evaluation, extent)) {
    case 'marked':
      return `Type ${source} to mark it as retired:`;
    case 'hidden':
      return `Type ${source} to hide ${what}:`;
    case 'deleted':
      return `Type ${source} to DELETE ${what} for good:`;
  }
}

const fateOf = ({ versioned }: GatesEvaluation, { mode, purge }: Extent): 'marked' | 'hidden' | 'deleted' => {
  if (mode === 'soft') return 'marked';
  return versioned && !purge ? 'hidden' : 'deleted';
};

function fates(evaluation: GatesEvaluation, extent: Extent): ListRow[] {
  const { inventory, destination, source } = evaluation;
  if (inventory === null) return [{ cells: ['Nothing was verified, so nothing can go.'] }];
  const fate = fateOf(evaluation, extent);
  const tallied = (tally: Tally, noun: string, what: string, paint?: ListRow['paint']): ListRow[] =>
    tally.objects === 0
      ? []
      : [{ cells: [counted(tally.objects, noun), bytes(tally.bytes), what], ...(paint && { paint }) }];
  const { objects, decoys, older, markers, left_out: leftOut = { objects: 0, bytes: 0 } } = inventory;
  const outside = tallied(leftOut, 'version', 'left out of the plan: nothing of this goes', bad);
  if (fate === 'marked') {
    return [
      ...tallied(objects, 'object', 'stay as they are'),
      ...outside,
      stays(`${source} is only tagged as retired.`),
    ];
  }
  if (fate === 'hidden') {
    return [
      ...tallied(
        objects,
        'object',
        'HIDDEN under delete markers: they can be brought back, and cost as before',
      ),
      ...tallied(decoys, 'decoy', 'hidden, too: they are not data'),
      ...tallied(older, 'older version', 'stay, and cost as before'),
      ...outside,
      stays(`${source} is kept with all versions; --purge deletes them for good.`),
    ];
  }
  return [
    ...tallied(objects, 'object', `DELETED for good: each one only once ${destination} is seen to hold it`),
    ...tallied(decoys, 'decoy', 'deleted for good without a copy: they are not data'),
    ...tallied(older, 'older version', 'DELETED for good, though they were NOT copied', bad),
    ...(markers === 0 ? [] : [{ cells: [counted(markers, 'delete marker'), '', 'deleted'] }]),
    ...outside,
    stays(
      extent.mode === 'delete'
        ? `${source} is deleted once it is empty: others can take its name.`
        : `${source} is kept, empty, so that nobody else can take its name.`,
    ),
  ];
}

const stays = (what: string): ListRow => ({ cells: ['the bucket', '', what] });

/** How the operator overrode a gate, where its name does not tell. */
const OVERRIDES: Readonly<Record<string, string>> = {
  'in-use': '--accept-idle',
  deltas: '--accept-loss',
  lifecycle: '--accept-expiry',
  listeners: '--accept-listeners',
  server: '--accept-missing of apply',
  owner: '--accept-missing expected-owner of apply',
  freeze: '--no-freeze of apply, or by an unfreeze since',
};

/** The verdict first; one that holds only because somebody said so is as red as one that fails. */
function gateRow({ name, passed, overridden, evidence }: Gate): ListRow {
  if (overridden) {
    const by = OVERRIDES[name] ?? `--accept-unchecked ${name}`;
    return { cells: ['OVERRIDDEN', name, `By ${by}. ${evidence}`], paint: bad };
  }
  const verdict = passed ? good : bad;
  return {
    cells: [passed ? 'holds' : 'FAILS', name, evidence],
    paint: (text, column) => (column === 0 || !passed ? verdict(text) : text),
  };
}

/** What a retirement did, and what is left. */
export function describeRetirement(
  retired: Retirement,
  {
    source,
    path,
    isFrozen,
    verbose,
  }: {
    readonly source: string;
    readonly path: string;
    readonly isFrozen: boolean;
    readonly verbose?: boolean | undefined;
  },
): string {
  const { mode, hidden, deleted, failed, failed_count, bucket_deleted, uploads_aborted, left } = retired;
  const failures = firstOf(
    failed.map((each) => list([{ cells: [`${each.key}: ${each.message}`] }])),
    verbose,
    failed_count,
  );
  if (left !== null && left.versions > 0) {
    const what = `${source} ${hidden ? 'is not hidden whole' : 'is not empty'}: ${whatIsLeft(left, failed_count)}`;
    return [bad(what), ...failures, next(left)].join('\n');
  }
  if (failed_count > 0) {
    const which = `${counted(failed_count, 'object')} of ${source} could not be deleted.`;
    return [bad(`${which} Mend the cause and run retire again.`), ...failures].join('\n');
  }
  if (mode === 'soft') {
    return good(
      isFrozen
        ? `${source} is marked as retired. It stays frozen, with all it holds.`
        : `${source} is marked as retired, with all it holds. It is not frozen: others may write to it.`,
    );
  }
  if (hidden) {
    return good(
      `The objects of ${source} are hidden under delete markers; all versions are still there. Once nothing misses them, delete them for good: migrate-buckets retire ${path} --purge`,
    );
  }
  const uploads =
    uploads_aborted === 0 ? '' : ` ${countedWere(uploads_aborted, 'unfinished upload')} aborted.`;
  return good(
    bucket_deleted
      ? `${source} is emptied (${deleted} deleted) and deleted.${uploads}`
      : `${source} is empty (${deleted} deleted; listed just now) and kept, so that nobody else can take its name.${uploads}`,
  );
}

/** What a bucket holds that an earlier run retired. */
export function describeRetired({ left }: Retirement, source: string): string {
  if (left === null) return good(`${source} was retired before, and deleted.`);
  if (left.versions === 0) return good(`${source} was retired before. It is kept, and empty.`);
  const shown = left.newer_keys.map((key) => row(key));
  const which = `${counted(left.versions, 'version')} (${bytes(left.bytes)})`;
  return [bad(`${source} was retired before, and holds something again: ${which}.`), ...shown].join('\n');
}

function whatIsLeft({ versions, bytes: size, newer, newer_keys: keys }: Leftovers, failed: number): string {
  const parts = [
    ...(newer === 0
      ? []
      : [
          `${newer} came after the verification and ${newer === 1 ? 'is' : 'are'} not ours to delete (${keys.map(oneLine).join(', ')}${newer > keys.length ? ', …' : ''})`,
        ]),
    ...(failed === 0 ? [] : [`${failed} could not be deleted, each for the reason below`]),
  ];
  return `${counted(versions, 'version')} (${bytes(size)}) ${versions === 1 ? 'is' : 'are'} left.${parts.length === 0 ? '' : ` ${parts.join('; ')}.`}`;
}

const next = ({ newer }: Leftovers): string =>
  newer === 0 ? 'Mend the cause and run retire again.' : ONCE_BEGUN;
