import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { type Report, reportSchema } from '../../../../contracts/migrate-buckets/report';
import { put, putDecoys } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting, numbered } from '../migration-setting';

/** D22: one page, and the same as data, from what lies beside the plan, in every phase. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

const HOSTILE = '</script><img src=x onerror="alert(1)">\u202e/x/a';
const BODY = 'the text of a receipt';

const SECTIONS = [
  'verdict',
  'proof',
  'gates',
  'deleted',
  'overrides',
  'candidates',
  'plan',
  'fidelity',
  'server',
  'timings',
  'digests',
];

async function setting() {
  const made = await migrationSetting(harness, async (source) => {
    for (const [key, body] of Object.entries(numbered(3))) await put(harness.s3, source, key, body);
    await put(harness.s3, source, HOSTILE, BODY);
    await putDecoys(harness.s3, source);
  });
  const report = async (): Promise<{ report: Report; page: string }> => {
    const { code, result } = await harness.json('report', made.plan);
    expect({ code, path: result.path }).toEqual({
      code: 0,
      path: made.plan.replace('.json', '.report.html'),
    });
    const page = await harness.read(String(result.path));
    for (const id of SECTIONS) expect(page).toContain(`id="${id}"`);
    return { report: reportSchema.parse(result.report), page };
  };
  return { ...made, report };
}

it('tells of a migration in every phase, and goes on when the source is gone', async () => {
  const { source, destination, plan, makePlan, apply, examine, retire, report } = await setting();
  await makePlan();
  const planned = await report();
  expect(planned.report).toMatchObject({ phase: 'planned', verdict: { standing: 'planned' }, runs: [] });
  expect(planned.page).toContain('Nothing was done yet');

  await examine();
  const copying = await report();
  expect(copying.report).toMatchObject({
    phase: 'copying',
    verdict: { standing: 'unproven' },
    proof: null,
    runs: [{ command: 'apply', end: 'stopped' }],
  });

  expect((await apply()).code).toBe(0);
  expect((await harness.json('verify', plan, '--certificate', 'report.cert.json')).code).toBe(0);
  const verified = await report();
  expect(verified.report).toMatchObject({
    phase: 'verified',
    verdict: { standing: 'proven', concerns: [] },
    proof: { objects: 4, levels: { P3: { objects: 4 } }, fidelity: { compared: 4, differing: 0 } },
    retirement: null,
    certificates: [{ path: 'report.cert.json', objects: 4 }],
  });
  expect(verified.page).toContain('Why it is safe');
  expect(verified.report.frozen?.by).toMatch(/@/);
  const steps = verified.report.runs.at(-1)?.steps.map(({ event }) => event);
  expect(steps).toEqual(expect.arrayContaining(['frozen', 'catch-up', 'pointers', 'migrated']));

  expect((await retire('--accept-idle', '--mode', 'delete')).code).toBe(0);
  await expect(harness.s3.send(new DeleteBucketCommand({ Bucket: source }))).rejects.toThrow();
  const { report: retired, page } = await report();
  expect(retired).toMatchObject({
    phase: 'retired',
    verdict: {
      standing: 'retired',
      sentence: `What was verified of ${source} was proven in ${destination} before it was deleted.`,
      concerns: [
        'The gate "state" was overridden by the operator.',
        'The gate "in-use" was overridden by the operator.',
      ],
    },
    retirement: {
      inventory: { objects: { objects: 4 }, decoys: { objects: 6 } },
      retired: { mode: 'delete', deleted: 10, bucket_deleted: true },
    },
  });
  expect(retired.retirement?.gates.filter(({ passed }) => !passed)).toEqual([]);
  expect(page).toContain('Why it was safe, and what was given up');
  for (const { name, evidence } of retired.retirement?.gates ?? []) {
    expect(page).toContain(`<span class="what">${name}</span>`);
    expect(page).toContain(evidence.split(/[<>&"']/)[0]);
  }
});

it('shows how the objects of each candidate lie, kept when the plan was made', async () => {
  const { source, makePlan, report } = await setting();
  await makePlan();
  const { report: made, page } = await report();
  const [bucket] = made.authority?.buckets ?? [];
  expect(bucket).toMatchObject({ name: source, objects: 4 });
  expect(bucket?.spread?.kinds).toEqual([
    { collection: 'lines', kind: 'deltas', objects: 3, bytes: 18 },
    { collection: null, kind: 'others', objects: 1, bytes: BODY.length },
  ]);
  expect(page).toContain('aria-label="Objects over time"');
  expect(page).toContain('aria-label="Bytes over time"');
});

it('escapes what comes from buckets, and holds neither a text nor a credential', async () => {
  const { makePlan, apply, report } = await setting();
  await makePlan();
  await harness.admin.inject({
    operation: 'CopyObject',
    keyPrefix: 'lines/',
    fail: 'AccessDenied',
    times: 0,
  });
  await apply();
  await harness.admin.clearFaults();
  const { page, report: made } = await report();
  const said = `${page}${JSON.stringify(made)}`;
  expect(page).not.toMatch(/<(?:script|img|link|iframe)|\u202e|onerror="/);
  expect(page).toContain('&#60;/script&#62;&#60;img src=x onerror=&#34;');
  expect(said).not.toContain(BODY);
  expect(said).not.toMatch(/aws_?secret|AccessKeyId/i);
  expect(page).not.toMatch(/<[^>]*\s(?:src|href)=|url\(|@import/);
});

it('works for a plan of a release that kept neither evidence nor history', async () => {
  const { plan, makePlan, apply, retire, report } = await setting();
  await makePlan();
  expect((await apply()).code).toBe(0);
  expect((await retire('--accept-idle')).code).toBe(0);
  for (const kept of ['evidence.json', 'history.ndjson']) {
    await rm(join(harness.folder, plan.replace('json', kept)));
  }
  const { report: made, page } = await report();
  expect(made).toMatchObject({
    verdict: { standing: 'retired' },
    authority: null,
    retirement: null,
    runs: [],
  });
  expect(page).toContain('not recorded');
  expect(page).toContain('how that was done is not on record');
});

it('goes where it is told, says the verdict, and names a plan that is not there', async () => {
  const { plan, source, makePlan } = await setting();
  await makePlan();
  const { code, stdout } = await harness.run(['report', plan, '--out', 'page.html']);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: `Nothing was copied yet, and ${source} is as it was.\nThe page: page.html\n`,
  });
  expect(await readFile(join(harness.folder, 'page.html'), 'utf8')).toContain('<!doctype html>');
  expect((await harness.run(['report', 'none.json'])).code).toBe(2);
});

it('tells of a rollback and of an unfreeze as it does of every other call', async () => {
  const { source, destination, plan, makePlan, apply, report } = await setting();
  await makePlan();
  expect((await apply()).code).toBe(0);
  await put(harness.s3, destination, 'written/since', 'x');
  expect((await harness.json('rollback', plan, '--copy-back', '--confirm', source)).code).toBe(0);
  expect((await apply()).code).toBe(0);
  expect((await harness.json('unfreeze', plan)).code).toBe(0);
  const { report: made, page } = await report();
  expect(made.runs.map(({ command, end }) => [command, end])).toEqual([
    ['apply', 'done'],
    ['rollback', 'done'],
    ['apply', 'done'],
    ['unfreeze', 'done'],
  ]);
  const [, rollback, , unfreeze] = made.runs;
  expect(rollback?.steps.map(({ event }) => event)).toEqual(['copied-back', 'rolled-back']);
  expect(rollback?.steps.at(-1)?.message).toContain(
    `1 object was copied back to ${source}. ${source} is not frozen any more.`,
  );
  expect(unfreeze?.steps).toMatchObject([
    {
      event: 'freeze-undone',
      message: expect.stringContaining(`${source} is not frozen any more.`),
    },
  ]);
  expect(page).toContain('1 object was copied back to');
});

it('does not hide what an earlier retirement did behind a later one', async () => {
  const { source, makePlan, apply, retire, report } = await setting();
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await harness.s3.send(new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration }));
  await makePlan();
  expect((await apply()).code).toBe(0);
  expect((await retire('--accept-idle')).code).toBe(0);
  expect((await retire('--accept-idle', '--purge')).code).toBe(0);
  const { report: made, page } = await report();
  expect(made).toMatchObject({
    earlier_retirements: [{ hidden: 10, deleted: 0, retired: { hidden: true } }],
    retirement: { hidden: 0, deleted: 20, retired: { deleted: 20, left: { versions: 0 } } },
  });
  expect(page).toContain('Attempt 1 of 2');
  expect(page).toContain('10 hidden under delete markers');
  expect(page).toContain('Attempt 2 of 2');
  expect(page).toContain('20 deleted for good');
});
