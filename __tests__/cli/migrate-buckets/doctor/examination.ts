import type { S3Client } from '@aws-sdk/client-s3';
import { type Examination, type Examined, examine } from '../../../../cli/migrate-buckets/doctor/examine';
import type { Aws } from '../../../../cli/shared/aws/clients';
import type { Check } from '../../../../contracts/migrate-buckets/capabilities';

/** The principal that the embedded S3 knows its test clients by. */
export const OURSELVES = 'arn:aws:iam::000000000000:user/local';

/** Examines two buckets; without a second principal, and with no patience for policies. */
export const examined = (
  s3: S3Client,
  request: Pick<Examination, 'source' | 'destination'> & Partial<Examination>,
): Promise<Examined> =>
  examine(
    {
      aws: { s3, options: {} } as Aws,
      report: { tell() {}, progress() {} },
      signal: new AbortController().signal,
      ask: undefined,
    },
    { principals: [OURSELVES], second: undefined, settle: 0, readPause: 0, ...request },
  );

/** The capabilities with one of these results, each once. */
export const named = (checks: readonly Check[], ...results: Check['result'][]): string[] => [
  ...new Set(checks.filter(({ result }) => results.includes(result)).map(({ capability }) => capability)),
];
