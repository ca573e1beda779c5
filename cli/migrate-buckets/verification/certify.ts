import { rm } from 'node:fs/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import type { CertificateHeader, CertifiedObject } from '../../../contracts/migrate-buckets/certificate';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import type { Level } from '../../../contracts/migrate-buckets/words';
import { countedWere } from '../../shared/counted';
import { InOrder } from '../../shared/in-order';
import { UserError } from '../../shared/user-error';
import { digestObject } from '../aws/read-object';
import type { ListedObject } from '../listing/listed-object';
import { CertificateWriter, openCertificate } from './certificate-file';
import { CertifiedLines } from './certified-lines';
import { readChecksum } from './read-checksum';

/** Objects that are asked for together: a HEAD each, with `--deep` their bytes, too. */
export const ASKED_TOGETHER = 32;

interface CertificatePlace {
  /** Where the certificate goes. */
  readonly path: string;
  /** Below which the destination keeps what is archived. */
  readonly archive: string;
}

/** Writes down each object at the destination as it is proven. In the memory of what is asked together. */
export class Certifier {
  private readonly file: CertificateWriter;
  private readonly lines: CertifiedLines;
  private readonly entries: InOrder<CertifiedObject>;

  private constructor(
    private readonly s3: S3Client,
    private readonly header: CertificateHeader,
    private readonly place: CertificatePlace,
    private readonly signal: AbortSignal,
  ) {
    this.file = new CertificateWriter(place.path);
    this.lines = new CertifiedLines(place.archive, place.path);
    this.entries = new InOrder(ASKED_TOGETHER, (entry) => this.lines.add(entry));
  }

  static async begin(s3: S3Client, header: CertificateHeader, place: CertificatePlace, signal: AbortSignal) {
    const certifier = new Certifier(s3, header, place, signal);
    await certifier.file.add(header);
    return certifier;
  }

  /** @throws {UserError} exit 3 when an object is not what was listed any more. */
  add(object: ListedObject, level: Level): Promise<void> {
    return this.entries.add(() => this.entryOf(object, level));
  }

  /** Lets the certificate appear and returns its digest; null, and no certificate, where anything is unproven. */
  async finish(verification: Verification): Promise<string | null> {
    await this.entries.finish();
    if (!verification.proven) return null;
    for await (const entry of this.lines.inOrder()) await this.file.add(entry);
    const { objects, bytes, levels, digest, snapshots, fidelity, left_out } = verification;
    const { P4, P3, P2, P1, P0 } = levels;
    await this.file.add({
      kind: 'summary',
      objects,
      bytes,
      levels: { P4: P4.objects, P3: P3.objects, P2: P2.objects, P1: P1.objects, P0: P0.objects },
      source_digest: digest,
      snapshots,
      fidelity,
      ...(left_out === undefined ? {} : { left_out }),
    });
    const sealed = await this.file.seal();
    await this.readBack(objects);
    return sealed;
  }

  /** Leaves nothing that is not sealed. */
  abandon(): Promise<void> {
    return this.lines.remove().finally(() => this.file.abandon());
  }

  /** A certificate that nobody could use later, when the source is gone, must be noticed now. */
  private async readBack(expected: number): Promise<void> {
    try {
      let found = 0;
      for await (const _ of (await openCertificate(this.place.path)).objects()) found++;
      if (found === expected) return;
      throw new UserError(
        `${countedWere(expected, 'object')} proven, and the certificate at ${this.place.path} holds ${found}. It was removed. Run verify again.`,
      );
    } catch (error) {
      await rm(this.place.path, { force: true });
      throw error;
    }
  }

  private async entryOf(object: ListedObject, level: Level): Promise<CertifiedObject> {
    const { key, size, etag, versionId = null } = object;
    const { destination: bucket, deep } = this.header;
    const checksum = await readChecksum(this.s3, { bucket, object }, this.signal);
    const sha256 = deep ? await digestObject(this.s3, bucket, object, 'sha256', this.signal) : null;
    return { kind: 'object', key, size, etag, version_id: versionId, checksum, sha256, level };
  }
}
