import { rm } from 'node:fs/promises';
import type { CertifiedObject } from '../../../contracts/migrate-buckets/certificate';
import { mergeByKey } from '../listing/merge-by-key';
import { fileLines, LineWriter } from '../plan-files/plan-file';

/**
 * Brings certified objects from the order of the source's keys into that of the destination's, where a part of them
 * is archived: each part is in order by itself, so that two files aside are merged. In the memory of a line.
 */
export class CertifiedLines {
  private readonly paths: { readonly live: string; readonly archived: string };
  private readonly live: LineWriter;
  private readonly archived: LineWriter;

  /**
   * @param archive - the beginning of the keys of what is archived.
   * @param path - beside which they lie.
   */
  constructor(
    private readonly archive: string,
    path: string,
  ) {
    this.paths = { live: `${path}.${process.pid}.live.tmp`, archived: `${path}.${process.pid}.archived.tmp` };
    this.live = new LineWriter(this.paths.live);
    this.archived = new LineWriter(this.paths.archived);
  }

  /** @throws {UserError} when it cannot be written. */
  add(entry: CertifiedObject): Promise<void> {
    const part = entry.key.startsWith(this.archive) ? this.archived : this.live;
    return part.write(`${JSON.stringify(entry)}\n`);
  }

  /** All that were added, in the order of their keys. */
  async *inOrder(): AsyncGenerator<CertifiedObject> {
    await this.live.finish();
    await this.archived.finish();
    for await (const { left, right } of mergeByKey(
      entriesOf(this.paths.live),
      entriesOf(this.paths.archived),
    )) {
      const entry = left ?? right;
      if (entry !== undefined) yield entry;
    }
  }

  /** Leaves no trace. */
  async remove(): Promise<void> {
    await this.live.abandon();
    await this.archived.abandon();
    for (const path of Object.values(this.paths)) await rm(path, { force: true });
  }
}

async function* entriesOf(path: string): AsyncGenerator<CertifiedObject> {
  for await (const line of fileLines(path, 'certificate in the making')) yield JSON.parse(line);
}
