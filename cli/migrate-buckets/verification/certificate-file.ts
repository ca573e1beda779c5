import { createHash } from 'node:crypto';
import {
  type CertificateHeader,
  type CertificateSummary,
  type CertifiedObject,
  certificateLineSchema,
} from '../../../contracts/migrate-buckets/certificate';
import { EXIT } from '../../shared/exit-codes';
import { parseJson } from '../../shared/parse-json';
import { UserError } from '../../shared/user-error';
import { compareKeys } from '../listing/key-order';
import { LineWriter, linesOf } from '../plan-files/plan-file';

/**
 * Writes a certificate line by line, aside: it appears under its name only when it is sealed. NDJSON, so that neither
 * side ever holds more than a line, and anybody can check it: its last line is the SHA-256 of all before,
 * `head -n -1 certificate.json | sha256sum`.
 */
export class CertificateWriter {
  private readonly hash = createHash('sha256');
  private readonly file: LineWriter;

  constructor(path: string) {
    this.file = new LineWriter(path);
  }

  /** @throws {UserError} when it cannot be written. */
  async add(line: CertificateHeader | CertifiedObject | CertificateSummary): Promise<void> {
    const text = `${JSON.stringify(line)}\n`;
    this.hash.update(text);
    await this.file.write(text);
  }

  /** Lets the certificate appear, and returns its digest. */
  async seal(): Promise<string> {
    const digest = this.hash.digest('hex');
    await this.file.write(`${JSON.stringify({ kind: 'seal', digest })}\n`);
    await this.file.finish();
    return digest;
  }

  /** Leaves no trace. Does nothing after {@link seal}. */
  async abandon(): Promise<void> {
    await this.file.abandon();
  }
}

export interface Certificate {
  readonly header: CertificateHeader;
  readonly summary: CertificateSummary;
  readonly digest: string;
  /** Reads them from the file, in key order. @throws {UserError} when the file was changed since it was opened. */
  readonly objects: () => AsyncGenerator<CertifiedObject>;
}

/**
 * Opens a certificate: reads it once from end to end, so that nothing is concluded from an altered one.
 *
 * @throws {UserError} exit 2 when it is missing, cut off, altered, or not a certificate.
 */
export async function openCertificate(path: string): Promise<Certificate> {
  let header: CertificateHeader | undefined;
  let summary: CertificateSummary | undefined;
  let digest = '';
  for await (const line of certificateLines(path)) {
    if (line.kind === 'certificate') header = line;
    if (line.kind === 'summary') summary = line;
    if (line.kind === 'seal') digest = line.digest;
  }
  if (header === undefined || summary === undefined) throw unusable(path, 'is cut off or put together anew');
  const objects = async function* () {
    for await (const line of certificateLines(path)) {
      if (line.kind === 'object') yield line;
      if (line.kind === 'seal' && line.digest !== digest)
        throw unusable(path, 'was changed while it was read');
    }
  };
  return { header, summary, digest, objects };
}

/** The lines of a certificate, the last of which is a seal that holds. */
async function* certificateLines(path: string) {
  const hash = createHash('sha256');
  const missing = () => new UserError(`There is no certificate at ${path}.`, EXIT.usage);
  let number = 0;
  let last: string | undefined;
  let isSealed = false;
  for await (const text of linesOf(path, missing)) {
    number++;
    if (isSealed) throw unusable(path, 'goes on after its seal');
    const { data: line } = certificateLineSchema.safeParse(parseJson(text));
    if (line === undefined || (number === 1) !== (line.kind === 'certificate')) {
      throw unusable(path, `is not a certificate that this migrate-buckets reads (line ${number})`);
    }
    if (line.kind === 'seal') {
      const found = hash.digest('hex');
      if (found !== line.digest) {
        throw unusable(path, `was altered: its digest is ${found}, and it was sealed with ${line.digest}`);
      }
      isSealed = true;
    } else hash.update(`${text}\n`);
    if (line.kind === 'object') {
      if (last !== undefined && compareKeys(last, line.key) >= 0) throw unusable(path, 'is not in key order');
      last = line.key;
    }
    yield line;
  }
  if (!isSealed) throw unusable(path, 'is cut off: the seal, its last line, is missing');
}

const unusable = (path: string, what: string): UserError =>
  new UserError(`The certificate at ${path} ${what}. Nothing can be proven with it.`, EXIT.usage);
