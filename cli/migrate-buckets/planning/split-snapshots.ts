import { snapshotPointerKey, snapshotVersionPrefix } from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { readTextIfAny } from '../aws/read-object';
import type { CopyEngine } from '../engine/engine';
import type { Placement } from '../listing/placement';

/**
 * Filters must not part a pointer from the snapshot that it names: a reader would follow it to what is not there.
 *
 * @throws {UserError} exit 6 when they do.
 */
export async function refuseSplitSnapshots(
  { aws }: Pick<Context, 'aws'>,
  engine: CopyEngine,
  source: string,
  placement: Placement,
): Promise<void> {
  if (!placement.isFiltered) return;
  for (const collection of COLLECTIONS) {
    const pointer = snapshotPointerKey(collection);
    // One that is archived leads nobody anywhere.
    if (placement.leavesOut(pointer) || placement.keyOf(pointer) !== pointer) continue;
    const version = (await readTextIfAny(aws.s3, source, pointer))?.trim();
    if (version === undefined || version === '') continue;
    for await (const { key } of engine.list(source, snapshotVersionPrefix(collection, version))) {
      if (!placement.leavesOut(key)) continue;
      throw new UserError(
        `The plan would take ${pointer}, and leave out ${key} of the snapshot ${version} that it names. Leave out both, or neither.`,
        EXIT.refused,
      );
    }
  }
}
