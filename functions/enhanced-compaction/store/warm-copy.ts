import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { privateFolder, type WorkingCopy, workingCopy } from '../chroma/working-copy';
import type { Publication } from '../lease/publish';
import { type LoggedDelta, loggedDeltas } from '../snapshot/replay-log';

/** A private copy of a published version, and what it lacks of another. */
export interface HeldCopy {
  readonly copy: WorkingCopy;
  readonly holds: Publication;
  /** The deltas that make of it the version that was asked for. */
  readonly missing: readonly LoggedDelta[];
}

/** The one private copy of a collection that outlives a merge in this sandbox, and the version that it holds. */
export class WarmCopy {
  readonly folder = privateFolder();
  private kept: { readonly holds: Publication; readonly copy: WorkingCopy } | undefined;

  /** A copy that holds nothing yet. */
  empty(): WorkingCopy {
    return workingCopy(join(this.folder, randomBytes(8).toString('hex')));
  }

  /** The copy, where it holds this version or one that its log goes on from. */
  towards(published: Publication): HeldCopy | undefined {
    if (this.kept === undefined) return undefined;
    const missing = missingDeltas(this.kept.holds, published);
    return missing && { ...this.kept, missing };
  }

  /** From now on the copy holds this version. */
  keep(holds: Publication, copy: WorkingCopy): void {
    this.kept = { holds, copy };
  }

  /** From now on the copy holds something else than a version. */
  letGo(copy: WorkingCopy): void {
    if (this.kept?.copy === copy) this.kept = undefined;
  }

  async remove(copy: WorkingCopy): Promise<void> {
    this.letGo(copy);
    await copy.remove();
  }

  /** Makes room for another version. */
  async clear(): Promise<void> {
    if (this.kept !== undefined) await this.remove(this.kept.copy);
  }

  async close(): Promise<void> {
    await this.clear();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * The deltas that make of one version another; undefined where deltas do not.
 *
 * @param held - whose content is there.
 * @param wanted - published at the same time or later.
 */
export function missingDeltas(held: Publication, wanted: Publication): readonly LoggedDelta[] | undefined {
  if (held.version === wanted.version) return [];
  const log = loggedDeltas(wanted.manifest);
  if (wanted.manifest.base?.version === held.version) return log;
  const known = loggedDeltas(held.manifest);
  const isSameBase =
    held.manifest.digest !== undefined &&
    wanted.manifest.digest !== undefined &&
    held.manifest.base?.version === wanted.manifest.base?.version;
  const isBeginning = known.length <= log.length && known.every(({ key }, index) => key === log[index]?.key);
  return isSameBase && isBeginning ? log.slice(known.length) : undefined;
}
