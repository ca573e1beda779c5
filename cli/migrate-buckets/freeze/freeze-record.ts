import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type FreezeRecord, freezeRecordSchema } from '../../../contracts/migrate-buckets/freeze';
import { freezeRecordKey } from '../../../contracts/migrate-buckets/own-objects';
import { saying } from '../../shared/aws/explain';
import { patiently } from '../../shared/aws/pace';
import { parseJson } from '../../shared/parse-json';
import { readTextIfAny } from '../aws/read-object';

/** Where the record of a freeze lies. */
export interface RecordPlace {
  readonly s3: S3Client;
  readonly source: string;
  readonly destination: string;
}

/** What the last freeze of a source left at the destination; undefined where there is none that can be read. */
export async function readFreezeRecord(place: RecordPlace): Promise<FreezeRecord | undefined> {
  return recordIn(await readText(place), place);
}

const readText = ({ s3, source, destination }: RecordPlace): Promise<string | undefined> =>
  readTextIfAny(s3, destination, freezeRecordKey(source));

function recordIn(text: string | undefined, { source }: RecordPlace): FreezeRecord | undefined {
  const record = freezeRecordSchema.safeParse(parseJson(text ?? ''));
  return record.data?.source === source ? record.data : undefined;
}

/**
 * Keeps it there, before anything is frozen, and with it when that was done for the first time: for good, by the clock
 * of the destination. What an older release kept, or what cannot be read, may be of an earlier freeze: then nobody knows.
 */
export async function keepFreezeRecord(
  place: RecordPlace,
  record: Pick<FreezeRecord, 'saved' | 'plan'>,
): Promise<void> {
  const { s3, source, destination } = place;
  const Key = freezeRecordKey(source);
  const earlier = await readText(place);
  const first_frozen_at = recordIn(earlier, place)?.first_frozen_at;
  await writeFreezeRecord(place, { ...record, first_frozen_at, undone_at: null });
  if (earlier !== undefined) return;
  const { LastModified } = await saying(`read ${Key} in ${destination}`, destination, () =>
    patiently(() => s3.send(new HeadObjectCommand({ Bucket: destination, Key }))),
  );
  await writeFreezeRecord(place, {
    ...record,
    first_frozen_at: LastModified?.toISOString(),
    undone_at: null,
  });
}

async function writeFreezeRecord(
  { s3, source, destination }: RecordPlace,
  record: Omit<FreezeRecord, 'version' | 'source'>,
): Promise<void> {
  const Key = freezeRecordKey(source);
  const whole: FreezeRecord = { version: 1, source, ...record };
  await saying(`keep the configuration of ${source} as ${Key} in ${destination}`, destination, () =>
    patiently(() =>
      s3.send(
        new PutObjectCommand({
          Bucket: destination,
          Key,
          Body: `${JSON.stringify(whole, null, 2)}\n`,
          ContentType: 'application/json',
        }),
      ),
    ),
  );
}

/** Notes that the freeze was undone. The source itself shows that, so nothing depends on it. */
export async function closeFreezeRecord(place: RecordPlace): Promise<void> {
  const record = await readFreezeRecord(place).catch(() => undefined);
  if (record === undefined || record.undone_at !== null) return;
  await writeFreezeRecord(place, { ...record, undone_at: new Date().toISOString() }).catch(() => undefined);
}
