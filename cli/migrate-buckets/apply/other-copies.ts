import { sourceToldOf } from '../../../contracts/migrate-buckets/own-objects';
import type { Context } from '../../shared/command';
import { openBucket } from '../aws/bucket';
import type { CopyEngine } from '../engine/engine';
import { compareKeys } from '../listing/key-order';
import { listOwnVersions } from '../listing/list-versions';
import { type ListedObject, looksEqual } from '../listing/listed-object';
import { mergeByKey } from '../listing/merge-by-key';

/** An object of the destination. */
interface There {
  readonly theirs: ListedObject;
}

/**
 * Takes out what was copied from the sources of other migrations to the same destination, as far as they still hold it
 * under the same key. What our own objects at the destination tell of are these sources.
 *
 * @returns the rest, in no order, and how many were copied from which bucket.
 */
export async function withoutCopies<Object extends There>(
  { aws, engine, signal }: Pick<Context, 'aws' | 'signal'> & { readonly engine: CopyEngine },
  { source, destination }: { readonly source: string; readonly destination: string },
  found: readonly Object[],
): Promise<{ rest: Object[]; copied: Map<string, number> }> {
  let rest = [...found];
  const copied = new Map<string, number>();
  if (rest.length === 0) return { rest, copied };
  const sources = new Set<string>();
  for await (const { key } of listOwnVersions(aws.s3, destination, signal)) {
    const other = sourceToldOf(key);
    if (other !== undefined && other !== source) sources.add(other);
  }
  for (const other of sources) {
    // One that is gone, or cannot be looked into, shows nothing.
    const isOpen = await openBucket(aws, other).then(
      () => true,
      () => false,
    );
    if (!isOpen) continue;
    const theirs = new Set<Object>();
    for await (const { left, right } of mergeByKey(inKeyOrder(rest), engine.list(other))) {
      if (left !== undefined && right !== undefined && looksEqual(left.each.theirs, right)) {
        theirs.add(left.each);
      }
    }
    if (theirs.size > 0) copied.set(other, theirs.size);
    rest = rest.filter((each) => !theirs.has(each));
  }
  return { rest, copied };
}

async function* inKeyOrder<Object extends There>(objects: readonly Object[]) {
  const keyed = objects.map((each) => ({ key: each.theirs.key, each }));
  yield* keyed.sort((a, b) => compareKeys(a.key, b.key));
}
