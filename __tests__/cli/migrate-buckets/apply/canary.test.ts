import { sendCanary } from '../../../../cli/migrate-buckets/apply/canary';
import type { PassContext } from '../../../../cli/migrate-buckets/apply/copy-pass';
import { SdkEngine } from '../../../../cli/migrate-buckets/engine/sdk-engine';
import { Placement } from '../../../../cli/migrate-buckets/listing/placement';
import type { Aws } from '../../../../cli/shared/aws/clients';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { intercepted } from '../../../support/intercepted-client';

/** B10: a canary is believed by the bytes that arrived, not by the answer. */
const embedded = useEmbeddedS3();

async function canary(corrupt: boolean) {
  const [source, destination] = [await embedded.bucket(), await embedded.bucket()];
  await embedded.put(source, 'a', 'content');
  await embedded.put(source, 'b', 'other');
  // It tells the ETag that is expected of it, and stores something else of the same size.
  const s3 = intercepted(embedded.s3, async (command, send) => {
    const answer = await send();
    if (command.constructor.name === 'CopyObjectCommand' && corrupt) {
      const { etag } = await embedded.put(destination, 'a', 'CONTENT');
      return { ...(answer as object), CopyObjectResult: { ETag: `"${etag}"` } };
    }
    return answer;
  });
  const { signal } = new AbortController();
  const engine = new SdkEngine(s3, { signal });
  const written: unknown[] = [];
  const context = {
    aws: { s3, options: {} } as Aws,
    signal,
    engine,
    source,
    destination,
    placement: Placement.plain(source),
    stranded: [],
    journal: { add: async (entry: unknown) => void written.push(entry), uploadFor: () => undefined },
  } as unknown as PassContext;
  return { source, destination, sent: sendCanary(engine, context, false) };
}

it('B10: copies one object, and compares its bytes', async () => {
  const { destination, sent } = await canary(false);
  expect(await sent).toBe('a');
  expect(await embedded.text(destination, 'a')).toBe('content');
  expect(await embedded.text(destination, 'b')).toBeUndefined();
});

it('B10: stops everything where other bytes arrived than were sent', async () => {
  const { source, destination, sent } = await canary(true);
  await expect(sent).rejects.toThrow(
    `The canary failed, so nothing else was copied: a in ${destination} has other bytes than a in ${source}`,
  );
});
