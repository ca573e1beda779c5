import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Collection } from '../../../contracts/collections';
import { METRICS } from '../../../contracts/metrics';
import { countPerCollection, messageOf, type Telemetry } from '../../shared/logging';
import { collectOldVersions } from './old-versions';
import type { WholeVersion } from './open-version';
import { isIntact, writeVersion } from './version-files';

export interface CheckpointCopiesProps {
  readonly collection: Collection;
  /** Where the file system is mounted: a copy lies in `{mountPath}/{collection}/{version}/`. Undefined without one. */
  readonly mountPath: string | undefined;
  readonly telemetry: Telemetry;
  /** @default 15 minutes, `READERS_GRACE_MILLISECONDS` */
  readonly readersGraceMilliseconds?: number;
}

/**
 * The copies of a collection's checkpoints on the file system, for quick starts. S3 has each of them as well, so that
 * a copy that is lost or cannot be written is counted (`CheckpointCopiesLost`) and fails nothing.
 */
export class CheckpointCopies {
  private readonly folder: string | undefined;

  constructor(private readonly props: CheckpointCopiesProps) {
    const { mountPath, collection } = props;
    this.folder = mountPath && join(mountPath, collection);
  }

  /**
   * Copies a stopped server's files, in place of what no pointer names: a checkpoint of the same version that failed.
   *
   * @returns the hexadecimal SHA-256 of the list of files; undefined where there is no copy.
   */
  async write(directory: string, version: string): Promise<string | undefined> {
    if (this.folder === undefined) return undefined;
    const target = join(this.folder, version);
    try {
      await rm(target, { recursive: true, force: true });
      await mkdir(this.folder, { recursive: true });
      return await writeVersion(directory, target);
    } catch (error) {
      this.lost(version, `It could not be written: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** Writes again, from where it is as S3 has it, a copy that was not to be used. */
  async mend({ version, files_sha256 }: WholeVersion, directory: string, reason: string): Promise<void> {
    this.lost(version, reason);
    const written = await this.write(directory, version);
    if (this.folder === undefined || written === files_sha256) return;
    await rm(join(this.folder, version), { recursive: true, force: true }).catch(() => {});
  }

  /** Whether there should be a copy and is none: a cold start would have to take S3's. Its bytes are not read. */
  async hasLost({ version, files_sha256 }: WholeVersion): Promise<boolean> {
    if (this.folder === undefined || files_sha256 === undefined) return false;
    if (await isIntact(join(this.folder, version), files_sha256)) return false;
    this.lost(version, 'It is not there as it was written.');
    return true;
  }

  /** Removes what has been replaced for longer than the readers' grace. */
  async removeOld(current: string): Promise<void> {
    if (this.folder === undefined) return;
    await collectOldVersions(this.folder, current, new Date(), this.props.readersGraceMilliseconds);
  }

  private lost(version: string, reason: string): void {
    const { collection, telemetry } = this.props;
    telemetry.logger.error('The file system lacks its copy of a checkpoint, and S3 has it', {
      collection,
      version,
      reason,
    });
    countPerCollection(telemetry, METRICS.copiesLost, [collection]);
  }
}
