import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { Journal } from '../../../../cli/migrate-buckets/plan-files/journal';
import { LineWriter, writeWhole } from '../../../../cli/migrate-buckets/plan-files/plan-file';
import { put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { ENTRY } from '../entry';
import { migrationSetting, numbered } from '../migration-setting';

describe('A file on a full disk', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'full-'));
    path = join(folder, 'file.json');
    // Linux's own full disk, under the name that is written aside.
    await symlink('/dev/full', `${path}.${process.pid}.tmp`);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const FULL = {
    exitCode: 1,
    message: expect.stringMatching(
      /file.json cannot be written: the disk is full \(ENOSPC\)\. Make room, then run the same command again\.$/,
    ),
  };

  it('that is written whole is as it was, and nothing lies beside it', async () => {
    await writeFile(path, 'before');
    await expect(writeWhole(path, 'after')).rejects.toMatchObject(FULL);
    expect(await readFile(path, 'utf8')).toBe('before');
    expect(await readdir(folder)).toEqual(['file.json']);
  });

  it('that is written line by line does not appear, and leaves nothing', async () => {
    const file = new LineWriter(path);
    await file.write('a line\n');
    await expect(file.finish()).rejects.toMatchObject(FULL);
    await file.abandon();
    expect(await readdir(folder)).toEqual([]);
  });

  it('that is appended to goes on behind what was cut off', async () => {
    const journal = join(folder, 'journal.ndjson');
    const line = { kind: 'copied', key: 'k', source: 's', destination: 'd' } as const;
    const opened = await Journal.open(journal);
    await opened.add(line);
    await opened.close();
    await writeFile(journal, '{"kind":"inte', { flag: 'a' });
    const again = await Journal.open(journal);
    await again.add({ ...line, key: 'l' });
    await again.close();
    const read = await Journal.open(journal, { readOnly: true });
    expect([read.proves('k', 's', 'd'), read.proves('l', 's', 'd')]).toEqual([true, true]);
  });
});

describe('C17: The CLI on a full disk', () => {
  let harness: CliHarness;
  beforeAll(async () => {
    // No file may grow beyond so many KiB: a limit that needs no root, and that a full disk looks like.
    const script = 'ulimit -f "$ROOM"; [ -z "$OUTPUT" ] || exec > "$OUTPUT"; exec "$0" "$@"';
    const command = ['bash', '-c', script, process.execPath, ENTRY] as const;
    harness = await startCliHarness({}, { command });
  });
  afterAll(() => harness?.stop());

  const run = async (room: string, args: readonly string[]) => {
    const ended = await harness.run([...args, '--json'], { ROOM: room });
    return { code: ended.code, stderr: ended.stderr, result: ended.events.at(-1) ?? {} };
  };
  const files = async (plan: string) =>
    (await readdir(harness.folder)).filter((name) => name.startsWith(plan.replace('json', ''))).sort();
  const full = (file: string) => ({
    code: 1,
    stderr: '',
    result: {
      event: 'error',
      message: expect.stringMatching(
        new RegExp(
          `${file} cannot be written: the disk is full \\(E\\w+\\)\\. Make room, then run the same command again\\.$`,
        ),
      ),
    },
  });

  async function setting(objects: number) {
    const { source, destination, plan } = await migrationSetting(harness, numbered(objects));
    const planning = ['plan', '--source', source, '--dest', destination, '--bucket', source, '--out', plan];
    const applying = ['apply', plan, '--confirm', source, '--settle', '0'];
    return { source, plan, planning, applying };
  }
  const policyOf = (Bucket: string) =>
    harness.s3.send(new GetBucketPolicyCommand({ Bucket })).then(
      ({ Policy }) => Policy,
      () => undefined,
    );

  it('ends with a sentence where what it says cannot be written', async () => {
    const { source } = await setting(1);
    const discover = ['discover', '--bucket', source];
    expect(await harness.run(discover, { ROOM: 'unlimited', OUTPUT: '/dev/full' })).toMatchObject({
      code: 1,
      stderr: 'What is said cannot be written (ENOSPC). Run the same command again.\n',
    });
  });

  it('stops, and leaves the source as it was, where what it says cannot be written', async () => {
    const { source, plan, planning, applying } = await setting(1);
    expect((await run('unlimited', planning)).code).toBe(0);
    expect(await harness.run(applying, { ROOM: 'unlimited', OUTPUT: '/dev/full' })).toMatchObject({
      code: 1,
    });
    expect(await policyOf(source)).toBeUndefined();
    const state = await harness.read(plan.replace('.json', '.state.json')).catch(() => '{}');
    expect(JSON.parse(state).phase).not.toBe('verified');
    expect((await run('unlimited', applying)).code).toBe(0);
  });

  it('leaves no lock where there is no room for one', async () => {
    const { plan, planning } = await setting(1);
    expect(await run('0', planning)).toMatchObject(full('lock'));
    expect(await files(plan)).toEqual([]);
  });

  it('leaves neither manifest nor plan where one of them does not fit, and keeps the earlier ones', async () => {
    const { source, plan, planning } = await setting(20);
    expect(await run('1', planning)).toMatchObject(full('manifest.ndjson'));
    expect(await files(plan)).toEqual([]);
    const few = await setting(1);
    expect(await run('1', few.planning)).toMatchObject(full(few.plan));
    expect(await files(few.plan)).toEqual([]);
    expect((await run('unlimited', few.planning)).code).toBe(0);
    const before = await Promise.all((await files(few.plan)).map(harness.read));
    await put(harness.s3, few.source, 'new', 'x');
    expect(await run('1', few.planning)).toMatchObject(full(few.plan));
    expect(await Promise.all((await files(few.plan)).map(harness.read))).toEqual(before);
    expect(source).not.toBe(few.source);
  });

  it('does not freeze a source whose configuration it has no room to keep', async () => {
    const { source, plan, planning, applying } = await setting(2);
    const Sid = 'a'.repeat(2000);
    const Policy = JSON.stringify({
      Statement: {
        Sid,
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutBucketCORS',
        Resource: `arn:aws:s3:::${source}`,
      },
    });
    await harness.s3.send(new PutBucketPolicyCommand({ Bucket: source, Policy }));
    await run('unlimited', planning);
    expect(await run('2', applying)).toMatchObject(full('state.json'));
    expect(await policyOf(source)).toBe(Policy);
    expect(JSON.parse(await harness.read(plan.replace('json', 'state.json')))).toMatchObject({
      phase: 'copying',
      saved: null,
    });
    expect((await run('unlimited', applying)).code).toBe(0);
  });

  it('unfreezes a source whose versions it has no room to record, and goes on once there is', async () => {
    const { source, plan, planning, applying } = await setting(100);
    await run('unlimited', planning);
    expect(await run('12', applying)).toMatchObject(full('versions.ndjson'));
    expect(await policyOf(source)).toBeUndefined();
    expect((await files(plan)).filter((name) => /tmp|lock|versions/.test(name))).toEqual([]);
    expect((await run('unlimited', applying)).code).toBe(0);
  });

  it('stops where the journal cannot grow, and goes on once it can', async () => {
    const { source, planning, applying } = await setting(200);
    await run('unlimited', planning);
    for (const [key, body] of Object.entries(numbered(200)))
      await put(harness.s3, source, key, `${body} later`);
    const args = [...applying, '--allow-source-changes'];
    expect(await run('6', args)).toMatchObject(full('journal.ndjson'));
    expect(await policyOf(source)).toBeUndefined();
    expect((await run('unlimited', args)).code).toBe(0);
  });
});
