import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { privateFolder, type WorkingCopy, workingCopy } from '../chroma/working-copy';

/** The one private copy of a collection that outlives a merge in this sandbox, and the version that it holds. */
export class WarmCopy {
  readonly folder = privateFolder();
  private kept: { readonly version: string; readonly copy: WorkingCopy } | undefined;

  /** A copy that holds nothing yet. */
  empty(): WorkingCopy {
    return workingCopy(join(this.folder, randomBytes(8).toString('hex')));
  }

  holding(version: string | undefined): WorkingCopy | undefined {
    return version !== undefined && this.kept?.version === version ? this.kept.copy : undefined;
  }

  /** From now on the copy holds this version. */
  keep(version: string, copy: WorkingCopy): void {
    this.kept = { version, copy };
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
