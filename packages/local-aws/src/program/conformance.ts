import { S3Client } from '@aws-sdk/client-s3';
import { CONFORMANCE } from '../s3/conformance/cases';
import { QUIET, Subject } from '../s3/conformance/subject';

/** How one topic of the suite went. */
export interface TopicOutcome {
  readonly topic: string;
  readonly cases: number;
  /** Cases in which the server does something else than S3. */
  readonly differences: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Holds an endpoint against what S3 does, with the credentials of the usual chain. The buckets that it makes there
 * (`conformance-…`) are removed.
 *
 * @param onTopic - told each topic once its cases are through.
 * @throws {Error} when nothing answers there.
 */
export async function checkConformance(
  { endpoint, region }: { readonly endpoint: string; readonly region: string },
  onTopic: (outcome: TopicOutcome) => void,
): Promise<void> {
  await fetch(endpoint).catch((cause: unknown) => {
    throw new Error(`Nothing answers at ${endpoint}. Start the server first.`, { cause });
  });
  // Emulators have one host name for all buckets; AWS does not mind.
  const client = new S3Client({ endpoint, region, forcePathStyle: true, logger: QUIET });
  const subject = new Subject(client);
  try {
    for (const [topic, cases] of Object.entries(CONFORMANCE)) {
      const differences: { name: string; reason: string }[] = [];
      for (const { name, check } of cases) {
        await check(subject).catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          differences.push({ name, reason: reason.split('\n')[0] ?? '' });
        });
      }
      onTopic({ topic, cases: cases.length, differences });
    }
  } finally {
    await subject.clean();
    client.destroy();
  }
}

/** One line for a topic, and two for each difference. */
export const toldOutcome = ({ topic, cases, differences }: TopicOutcome): string =>
  [
    `${topic.padEnd(20)} ${cases - differences.length} of ${cases} hold`,
    ...differences.map(({ name, reason }) => `  differs: ${name}\n           ${reason}`),
  ].join('\n');
