import type { CertificateCheck } from '../../../contracts/migrate-buckets/certificate';
import { counted } from '../../shared/counted';
import { bad, bytes, faint, firstOf, good, heading, row } from '../../shared/reporters/text';

/** What a bucket is beside its certificate, for people. */
export function describeCertificateCheck(check: CertificateCheck, verbose: boolean | undefined): string {
  const { bucket, certificate, objects, same, rewritten, moved_on, extra, problems, problem_count } = check;
  const { tool, at, source, destination, digest, left_out: left } = certificate;
  return [
    heading(`${bucket} beside the certificate of ${destination}`),
    faint(`made at ${at} by ${tool}, when ${source} was the source`),
    faint(`digest ${digest}`),
    ...(left === undefined || left.objects === 0
      ? []
      : [
          bad(
            `It is of a part of ${source}: ${counted(left.objects, 'object')} (${bytes(left.bytes)}) of it, left out of the plan by --include and --exclude, ${left.objects === 1 ? 'is' : 'are'} not certified.`,
          ),
        ]),
    `${same} of ${counted(objects, 'certified object')} (${bytes(check.bytes)}) are as certified, by key, size and ETag.`,
    faint(howDeep(check)),
    ...(rewritten > 0
      ? [faint(`${counted(rewritten, 'object')} of them written anew since, with the same content.`)]
      : []),
    ...moved_on.map(({ key, why }) => row(`${key} moved on. ${why}`)),
    ...(extra > 0 ? [faint(`Not certified, and no difference: ${counted(extra, 'further object')}.`)] : []),
    problem_count === 0
      ? good(`${bucket} holds what was certified.`)
      : bad(`Missing or different: ${problem_count} of ${counted(objects, 'object')}:`),
    ...firstOf(
      problems.map(({ key, why }) => row(`${key}: ${why}`)),
      verbose,
      problem_count,
    ),
  ].join('\n');
}

function howDeep({ checksums_compared: checksums, bytes_compared: read, deep }: CertificateCheck): string {
  const compared = `Checksums that S3 keeps were compared on ${counted(checksums, 'object')}`;
  if (read > 0) return `${compared}, every byte on ${read}.`;
  return deep
    ? `${compared}. The certificate tells no SHA-256 of bytes, so none were read (verify --certificate --deep notes them).`
    : `${compared}, bytes on none.`;
}
