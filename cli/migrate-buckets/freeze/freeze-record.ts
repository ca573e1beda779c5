import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  type BegunRetirement,
  type FreezeRecord,
  freezeRecordSchema,
} from '../../../contracts/migrate-buckets/freeze';
import { freezeRecordKey } from '../../../contracts/migrate-buckets/own-objects';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import { saying } from '../../shared/aws/explain';
import { patiently } from '../../shared/aws/pace';
import { parseJson } from '../../shared/parse-json';
import { readTextIfAny } from '../aws/read-object';
import { userAtHost } from './freeze-mark';

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
  const earlier = await readText(place);
  const { first_frozen_at, retirements } = recordIn(earlier, place) ?? {};
  await writeFreezeRecord(place, { ...record, first_frozen_at, retirements, undone_at: null });
  if (earlier !== undefined) return;
  await writeFreezeRecord(place, { ...record, first_frozen_at: await writtenAt(place), undone_at: null });
}

/** When the record was written, by the clock of the destination. */
async function writtenAt({ s3, source, destination }: RecordPlace): Promise<string | undefined> {
  const Key = freezeRecordKey(source);
  const { LastModified } = await saying(`read ${Key} in ${destination}`, destination, () =>
    patiently(() => s3.send(new HeadObjectCommand({ Bucket: destination, Key }))),
  );
  return LastModified?.toISOString();
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

type PlanIdentity = Pick<Plan, 'digest' | 'created_at'>;

const isBy =
  ({ digest, created_at }: PlanIdentity) =>
  ({ plan_digest, planned_at }: BegunRetirement): boolean =>
    plan_digest === digest && planned_at === created_at;

/** The retirement of the source that a plan began, whoever carried it out and from where; undefined before it. */
export async function retirementBegunBy(
  place: RecordPlace,
  plan: PlanIdentity,
): Promise<BegunRetirement | undefined> {
  return (await readFreezeRecord(place))?.retirements?.find(isBy(plan));
}

/**
 * Notes that a plan's retirement begins, before anything is deleted: who has a copy of the plan, or an older state of
 * it, must not take what is left for the source.
 *
 * @param path - of the plan, for people.
 * @throws {UserError} when it cannot be written.
 */
export async function noteRetirementBegun(
  place: RecordPlace,
  plan: PlanIdentity,
  path: string,
): Promise<void> {
  const now = new Date().toISOString();
  // Never frozen: nothing of this is ever put back.
  const unfrozen = { saved: { policy: null, lifecycle: null }, plan: path, undone_at: now };
  const record = (await readFreezeRecord(place)) ?? unfrozen;
  const retirements = ('retirements' in record ? record.retirements : undefined) ?? [];
  if (retirements.some(isBy(plan))) return;
  const begun: BegunRetirement = {
    plan_digest: plan.digest,
    planned_at: plan.created_at,
    by: userAtHost(),
    began_at: now,
    ended_at: null,
  };
  await writeFreezeRecord(place, { ...record, retirements: [...retirements, begun] });
  const began_at = (await writtenAt(place)) ?? now;
  await writeFreezeRecord(place, { ...record, retirements: [...retirements, { ...begun, began_at }] });
}

/** Notes that it ended, and the freeze with it. That it began tells enough, so nothing depends on it. */
export async function noteRetirementEnded(place: RecordPlace, plan: PlanIdentity): Promise<void> {
  const record = await readFreezeRecord(place).catch(() => undefined);
  if (record === undefined) return;
  const ended_at = new Date().toISOString();
  await writeFreezeRecord(place, {
    ...record,
    retirements: record.retirements?.map((each) => (isBy(plan)(each) ? { ...each, ended_at } : each)),
    undone_at: record.undone_at ?? ended_at,
  }).catch(() => undefined);
}
