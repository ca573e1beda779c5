import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ListedVersion } from '../listing/list-versions';
import { fileLines, LineWriter } from './plan-file';

/** One line of the verified manifest: exactly what retirement may delete, and nothing else. */
const versionRecordSchema = z.object({
  key: z.string(),
  version_id: z.string(),
  etag: z.string(),
  size: z.int(),
  latest: z.boolean(),
  marker: z.boolean(),
});
export type VersionRecord = z.infer<typeof versionRecordSchema>;

/** SHA-256 over version records, whatever the order within a key: two listings agree exactly when these do. */
export class VersionDigest {
  private readonly hash = createHash('sha256');
  private key = '';
  private lines: string[] = [];

  add(record: VersionRecord): void {
    if (record.key !== this.key) this.flush();
    this.key = record.key;
    this.lines.push(versionLine(record));
  }

  finish(): string {
    this.flush();
    return this.hash.digest('hex');
  }

  private flush(): void {
    for (const line of this.lines.sort()) this.hash.update(line);
    this.lines = [];
  }
}

const versionLine = ({ key, version_id, etag, size, latest, marker }: VersionRecord): string =>
  `${JSON.stringify({ key, version_id, etag, size, latest, marker })}\n`;

export const recordOf = (version: ListedVersion): VersionRecord => ({
  key: version.key,
  version_id: version.versionId,
  etag: version.etag,
  size: version.size,
  latest: version.isLatest,
  marker: version.isDeleteMarker,
});

/** A record as the listing entry that it was made from, as far as it tells. */
export const versionOf = ({ key, version_id, etag, size, latest, marker }: VersionRecord): ListedVersion => ({
  key,
  versionId: version_id,
  etag,
  size,
  isLatest: latest,
  isDeleteMarker: marker,
  storageClass: '',
  modified: 0,
});

/** Passes versions through while their records are digested and, if a path is given, written to it. */
export async function recordVersions(
  versions: AsyncIterable<ListedVersion>,
  path: string | undefined,
  use: (versions: AsyncIterable<ListedVersion>) => Promise<void>,
): Promise<string> {
  const digest = new VersionDigest();
  const file = path === undefined ? undefined : new LineWriter(path);
  try {
    await use(
      (async function* () {
        for await (const version of versions) {
          const record = recordOf(version);
          digest.add(record);
          await file?.write(versionLine(record));
          yield version;
        }
      })(),
    );
    await file?.finish();
  } catch (error) {
    await file?.abandon();
    throw error;
  }
  return digest.finish();
}

/** Reads the verified manifest back. */
export async function* readVersions(path: string): AsyncGenerator<VersionRecord> {
  for await (const line of fileLines(path, 'verified manifest')) {
    yield versionRecordSchema.parse(JSON.parse(line));
  }
}
