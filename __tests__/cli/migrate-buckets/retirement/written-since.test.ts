import { appendFile, rm } from 'node:fs/promises';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { writtenSince } from '../../../../cli/migrate-buckets/retirement/written-since';
import type { Aws } from '../../../../cli/shared/aws/clients';
import {
  freezeRecordKey,
  lockObjectKey,
  PROBE_PREFIX,
} from '../../../../contracts/migrate-buckets/own-objects';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { useFixedTime } from '../../../support/fixed-time';
import { useVerifiedSource, type VerifiedSource } from './verified-source';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const [DELTA, LATER] = ['lines/delta/x/delta.arrow', 'lines/delta/y/delta.arrow'];

const embedded = useEmbeddedS3();
const prepare = useVerifiedSource(embedded);
useFixedTime(new Date(NOW));

const at = (seconds: number) => jest.setSystemTime(NOW + seconds * 1000);
const look = ({ plan, files, state }: VerifiedSource) => {
  const { verified } = state.now;
  if (verified === null) throw new Error('It is verified first.');
  const context = {
    aws: { s3: embedded.s3, options: {} } as unknown as Aws,
    signal: new AbortController().signal,
  };
  return writtenSince(context, plan, files, verified);
};
const holder = {
  token: 't',
  host: 'h',
  user: 'u',
  numbering: 'n',
  pid: 1,
  process_started: 's',
  command: 'apply',
  plan: 'p',
  since: new Date(NOW).toISOString(),
};
const putLock = ({ destination }: VerifiedSource, released: boolean) =>
  embedded.put(destination, lockObjectKey('other'), JSON.stringify({ version: 1, holder, released }));
const putRecord = ({ destination }: VerifiedSource, retirements: readonly object[] | undefined) => {
  const saved = { policy: null, lifecycle: null };
  const record = { version: 1, source: 'other', saved, plan: 'p', retirements, undone_at: null };
  return embedded.put(destination, freezeRecordKey('other'), JSON.stringify(record));
};
const retirement = (seconds: number) => ({
  plan_digest: 'd',
  planned_at: new Date(NOW).toISOString(),
  by: 'u@h',
  began_at: new Date(NOW + seconds * 1000).toISOString(),
  ended_at: null,
});

async function verified(): Promise<VerifiedSource> {
  const setting = await prepare();
  await setting.verify();
  return setting;
}

it('B1: is not what the migration of another bucket may have copied, but what came after that', async () => {
  const setting = await verified();
  at(1);
  await embedded.put(setting.destination, DELTA, 'copied');
  expect(await look(setting)).toEqual({ key: DELTA });
  await putLock(setting, true);
  expect(await look(setting)).toEqual({ copiedFrom: 'other' });
  at(2);
  await embedded.put(setting.destination, LATER, 'written');
  expect(await look(setting)).toEqual({ key: LATER });
  // Its next command may have copied that, too.
  await putRecord(setting, undefined);
  expect(await look(setting)).toEqual({ copiedFrom: 'other' });
});

it('is nothing that came while another migration works, or where it was cut off', async () => {
  const setting = await verified();
  await putLock(setting, false);
  at(5);
  await embedded.put(setting.destination, DELTA, 'x');
  expect(await look(setting)).toEqual({ copiedFrom: 'other' });
  await embedded.put(setting.destination, lockObjectKey('other'), 'damaged');
  at(6);
  await embedded.put(setting.destination, DELTA, 'y');
  expect(await look(setting)).toEqual({ copiedFrom: 'other' });
  await embedded.s3.send(
    new DeleteObjectCommand({ Bucket: setting.destination, Key: lockObjectKey('other') }),
  );
  expect(await look(setting)).toEqual({ key: DELTA });
  // A record without a lock tells when it was written.
  await putRecord(setting, undefined);
  expect(await look(setting)).toEqual({ copiedFrom: 'other' });
  at(7);
  await embedded.put(setting.destination, DELTA, 'z');
  expect(await look(setting)).toEqual({ key: DELTA });
});

it('is what came after the retirement of the other bucket began, whoever works on that', async () => {
  const setting = await verified();
  at(5);
  await embedded.put(setting.destination, DELTA, 'x');
  at(9);
  await putLock(setting, false);
  await putRecord(setting, [retirement(1), retirement(5)]);
  expect(await look(setting)).toEqual({ copiedFrom: 'other' });
  await putRecord(setting, [retirement(9), retirement(4)]);
  expect(await look(setting)).toEqual({ key: DELTA });
});

it('is what came after the only retirement of the other bucket began', async () => {
  const setting = await verified();
  at(5);
  await embedded.put(setting.destination, DELTA, 'x');
  await putLock(setting, false);
  await putRecord(setting, [retirement(4)]);
  expect(await look(setting)).toEqual({ key: DELTA });
});

it('is neither what lay there at the verification, nor what others may write, nor a deletion', async () => {
  const setting = await prepare();
  for (const key of [DELTA, LATER]) await embedded.put(setting.destination, key, 'x');
  await setting.verify();
  at(1);
  await embedded.put(setting.destination, `${DELTA}.bak`, 'x');
  await embedded.s3.send(new DeleteObjectCommand({ Bucket: setting.destination, Key: LATER }));
  expect(await look(setting)).toBeNull();
  await embedded.put(setting.destination, DELTA, 'y');
  expect(await look(setting)).toEqual({ key: DELTA });
  await rm(setting.files.pipeline);
  expect(await look(setting)).toBeNull();
});

it('is not hidden by what an examination or this migration itself left there', async () => {
  const setting = await verified();
  await embedded.put(setting.destination, DELTA, 'x');
  at(5);
  const probe = `${PROBE_PREFIX}00000000-0000-4000-8000-000000000000/x`;
  await embedded.put(setting.destination, probe, 'x');
  const lock = JSON.stringify({ version: 1, holder, released: false });
  await embedded.put(setting.destination, lockObjectKey(setting.source), lock);
  expect(await look(setting)).toEqual({ key: DELTA });
});

it('B1: is not told by a record that somebody altered, nor by one without its digest', async () => {
  const setting = await verified();
  await embedded.put(setting.destination, DELTA, 'x');
  const { verified: known } = setting.state.now;
  await appendFile(setting.files.pipeline, 'not even JSON');
  expect(await look(setting)).toEqual({ altered: setting.files.pipeline });
  await setting.state.save({ verified: known && { ...known, pipeline: undefined } });
  expect(await look(setting)).toBeNull();
});
