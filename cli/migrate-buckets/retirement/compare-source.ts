import { isDecoy } from '../../../contracts/bucket-layout';
import type { State, Tally } from '../../../contracts/migrate-buckets/plan';
import type { Inventory } from '../../../contracts/migrate-buckets/retirement';
import type { Context } from '../../shared/command';
import { counted } from '../../shared/counted';
import { listVersions } from '../listing/list-versions';
import { groupByKey, mergeByKey } from '../listing/merge-by-key';
import type { Placement } from '../listing/placement';
import { ONCE_BEGUN } from '../plan-files/once-begun';
import type { PlanFiles } from '../plan-files/plan-file';
import { readVersions, recordOf, VersionDigest, type VersionRecord } from '../plan-files/version-record';

/** What became of the source since its verification. */
export interface SourceComparison {
  /** Whether it holds exactly what was verified, or, once its retirement began, nothing beside that. */
  readonly unchanged: { readonly holds: boolean; readonly evidence: string };
  /** What of the verified is still there. */
  readonly inventory: Inventory;
}

/** The verified manifest beside the source's versions as they are now, key by key: both are in one order. */
export const versionsBeside = (
  { aws, signal }: Pick<Context, 'aws' | 'signal'>,
  source: string,
  verified: AsyncIterable<VersionRecord>,
) =>
  mergeByKey(
    groupByKey(verified, 'The verified manifest'),
    groupByKey(listVersions(aws.s3, source, signal), `The listing of ${source}'s versions`),
  );

/**
 * Compares the source, listed now, with what was verified, in constant memory. Before the retirement: its versions
 * are exactly the verified ones. Once it began: none is there that was not verified, but for delete markers over
 * what was.
 */
export async function compareSource(
  context: Pick<Context, 'aws' | 'signal'>,
  source: string,
  { versions: path }: PlanFiles,
  { phase, verified: expected }: State,
  placement: Pick<Placement, 'isFiltered' | 'leavesOut'>,
): Promise<SourceComparison> {
  const inventory = emptyInventory(placement);
  const [stored, fresh] = [new VersionDigest(), new VersionDigest()];
  const begun = phase === 'retiring';
  let versions = 0;
  let older = 0;
  let newer: VersionRecord | undefined;
  const beside = versionsBeside(context, source, digesting(readVersions(path), stored));
  for await (const { left: verified, right: listed } of beside) {
    const known = new Map(verified?.items.map((record) => [record.version_id, record]));
    for (const version of listed?.items ?? []) {
      const record = recordOf(version);
      fresh.add(record);
      versions++;
      if (!record.latest && !record.marker) older++;
      const its = known.get(record.version_id);
      // Delete markers over verified objects hold no data; the first phase of a retirement lays them itself.
      if (its === undefined && !(begun && record.marker && verified !== undefined)) newer ??= record;
      // A version without an id keeps its name when somebody overwrites it, be it by a delete marker.
      if (begun && its !== undefined && its.etag !== record.etag && !record.marker) newer ??= record;
      const left = inventory.left_out;
      if (left !== undefined && placement.leavesOut(record.key)) add(left, record);
      else if (record.marker) count(inventory, record);
      else if (its !== undefined) count(inventory, its);
    }
  }
  const found = (holds: boolean, evidence: string) => ({ unchanged: { holds, evidence }, inventory });
  if (stored.finish() !== expected?.digest) {
    return found(false, `${path} is not what was verified. Run apply again.`);
  }
  if (newer !== undefined) {
    const way = begun ? ONCE_BEGUN : 'Run apply again.';
    return found(
      false,
      `${source} holds what was not verified: ${newer.key} (version ${newer.version_id}). ${way}`,
    );
  }
  if (begun) {
    const left = versions === 1 ? 'version that is' : 'versions that are';
    const verified = versions === 1 ? 'was verified' : 'were all verified';
    return found(true, `The ${versions} ${left} left in ${source} ${verified}.`);
  }
  if (fresh.finish() !== expected.digest) {
    return found(false, `${source} is not what was verified: objects changed or went. Run apply again.`);
  }
  const behind = older === 0 ? '' : `, ${older} of them older ones that were not copied`;
  return found(
    true,
    `A fresh listing of ${source} equals the verified one: ${counted(versions, 'version')}${behind}.`,
  );
}

const emptyInventory = ({ isFiltered }: Pick<Placement, 'isFiltered'>): Inventory => ({
  objects: { objects: 0, bytes: 0 },
  decoys: { objects: 0, bytes: 0 },
  older: { objects: 0, bytes: 0 },
  markers: 0,
  ...(isFiltered ? { left_out: { objects: 0, bytes: 0 } } : {}),
});

function count(inventory: Inventory, record: VersionRecord): void {
  const { latest, marker } = record;
  if (marker) {
    inventory.markers++;
    return;
  }
  add(inventory[latest ? (isDecoy(record) ? 'decoys' : 'objects') : 'older'], record);
}

function add(tally: Tally, { size }: VersionRecord): void {
  tally.objects++;
  tally.bytes += size;
}

async function* digesting(
  records: AsyncIterable<VersionRecord>,
  digest: VersionDigest,
): AsyncGenerator<VersionRecord> {
  for await (const record of records) {
    digest.add(record);
    yield record;
  }
}
