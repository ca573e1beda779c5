import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import type { Tally } from '../../../contracts/migrate-buckets/plan';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import { LEVELS } from '../../../contracts/migrate-buckets/words';
import { command, declare, type Outcome } from '../../shared/command';
import { counted } from '../../shared/counted';
import { EXIT } from '../../shared/exit-codes';
import { bad, bytes, faint, firstOf, good, row, table } from '../../shared/reporters/text';
import { UserError } from '../../shared/user-error';
import { describeCertificateCheck } from './certificate-screen';

export const verify = command(
  declare(
    'verify',
    'Prove a copy, object by object, by another listing than the one that made it; or, later, a bucket by its certificate alone. Read-only.',
    `migrate-buckets verify plan.json
     migrate-buckets verify --source old-bucket --dest new-bucket --deep
     migrate-buckets verify plan.json --certificate certificate.json
     migrate-buckets verify --against certificate.json`,
  )
    .argument('[plan]', 'the file that plan wrote')
    .option('--source <name>', "without a plan: any tool's source")
    .option('--dest <name>', "without a plan: any tool's copy")
    .option(
      '--certificate <file>',
      'once all is proven, write down each object that was proven, with one digest',
    )
    .option('--against <file>', 'prove a bucket by a certificate: without a plan, and without the old bucket')
    .option('--bucket <name>', 'with --against: the bucket (default: the one that was certified)')
    .option(
      '--deep',
      'compare the bytes of whatever is not proven otherwise; a certificate then holds the SHA-256 of all bytes',
    ),
  async (context, [plan], options): Promise<Outcome<ResultOf<'verify'> | ResultOf<'verify-against'>>> => {
    const { source, dest, certificate, against, bucket, deep = false, verbose } = options;
    if (against !== undefined) {
      if ([plan, source, dest, certificate].some((each) => each !== undefined)) throw usage();
      const {
        verifyAgainst,
      }: typeof import('../verification/verify-against') = require('../verification/verify-against');
      const check = await verifyAgainst(context, { path: against, bucket, deep });
      return {
        exitCode: check.proven ? EXIT.ok : EXIT.differences,
        data: { by: 'certificate', ...check },
        text: describeCertificateCheck(check, verbose),
      };
    }
    const copy =
      plan !== undefined
        ? { plan }
        : source !== undefined && dest !== undefined
          ? { source, destination: dest }
          : undefined;
    if (copy === undefined || bucket !== undefined) throw usage();
    const {
      verifyCopy,
    }: typeof import('../verification/verify-copy') = require('../verification/verify-copy');
    const data = await verifyCopy(context, copy, {
      deep,
      certificate: certificate === undefined ? undefined : { path: certificate, tool: context.tool },
    });
    return {
      exitCode: data.proven ? EXIT.ok : EXIT.differences,
      data: { by: 'source', ...data },
      text: [describeVerification(data, verbose), ...describeCertificate(data)].join('\n'),
    };
  },
);

const usage = () =>
  new UserError(
    'verify takes a plan, or --source and --dest, or --against with a certificate, and --bucket only with that.',
    EXIT.usage,
  );

const describeCertificate = ({ certificate }: Pick<ResultOf<'verify'>, 'certificate'>): string[] =>
  certificate === null
    ? []
    : [
        `The certificate: ${certificate.path}`,
        `  digest ${certificate.digest}`,
        faint('  Keep the digest elsewhere, too: whoever can alter the file can compute it anew.'),
      ];

const MEANING: Record<(typeof LEVELS)[number], string> = {
  P4: "P3, and the application's own hash",
  P3: 'same ETag, or every byte compared',
  P2: 'copied by us under an ETag pin',
  P1: 'same size, nothing more',
  P0: 'missing or different',
};

const describeFidelity = ({ compared, deep, seed }: NonNullable<Verification['fidelity']>): string =>
  `Content type, encoding, cache control, metadata and tags were compared on ${
    deep
      ? `all ${counted(compared, 'object')}`
      : `a sample of ${counted(compared, 'object')} (seed ${seed}); --deep compares all`
  }.`;

/** What nobody looked at, by the plan's own filters. */
export const describeLeftOut = ({ objects, bytes: size }: Tally): string =>
  `Left out by --include and --exclude, neither copied nor proven: ${counted(objects, 'object')} (${bytes(size)}).`;

/** A verification for people. */
export function describeVerification(verification: Verification, verbose: boolean | undefined): string {
  const {
    levels,
    problems,
    problem_count,
    decoys,
    extra,
    objects,
    fidelity,
    left_out: leftOut,
  } = verification;
  return [
    table(
      ['level', 'what it means', 'objects', 'size'],
      LEVELS.map((level) => [level, MEANING[level], levels[level].objects, bytes(levels[level].bytes)]),
    ),
    ...(decoys > 0
      ? [faint(`Not data, and not copied: ${counted(decoys, 'decoy')} of the old infrastructure.`)]
      : []),
    ...(leftOut === undefined ? [] : [bad(describeLeftOut(leftOut))]),
    ...(extra > 0 ? [faint(`Only at the destination, and left alone: ${counted(extra, 'object')}.`)] : []),
    ...(fidelity === undefined ? [] : [faint(describeFidelity(fidelity))]),
    problem_count === 0
      ? good(objects === 1 ? 'The 1 object is proven.' : `All ${objects} objects are proven.`)
      : bad(`Missing, different or unproven: ${problem_count} of ${counted(objects, 'object')}:`),
    ...firstOf(
      problems.map(({ key, level, why }) => row(`${level} ${key}: ${why}`)),
      verbose,
      problem_count,
    ),
    ...(verbose === true ? [faint(`source digest ${verification.digest}`)] : []),
  ].join('\n');
}
