import { PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { replacedKey } from '../../../../contracts/bucket-layout';
import type { ReplacedRecord } from '../../../../contracts/replaced-record';
import { keepForRuns, keepReplaced } from '../../../../functions/enhanced-compaction/merge/keep-replaced';
import { readObject } from '../../../../functions/shared/read-object';
import { makeDelta, quietTelemetry, useCompactionHarness } from '../../../support/compaction-harness';
import { intercepted } from '../../../support/intercepted-client';

const world = useCompactionHarness();
const CAUSE = 'a'.repeat(32);

const record = (id: string, metadata: ReplacedRecord['metadata'] = { by: 'mona' }): ReplacedRecord => ({
  id,
  document: `TEXT "OF" ${id}`,
  metadata,
  why: 'record-gone',
});
const keep = (records: readonly ReplacedRecord[], s3 = world.s3) =>
  keepReplaced({ ...world, s3, telemetry: quietTelemetry() }, 'lines', CAUSE, records);
const body = async () =>
  (await readObject(world.s3, world.bucket, replacedKey('lines', CAUSE)))?.bytes.toString();

/** S3 with another writer before each of the first puts. */
const beaten = (times: number, by: (index: number) => Promise<unknown>) => {
  let puts = 0;
  return intercepted(world.s3, async (command, send) => {
    if (command instanceof PutObjectCommand && puts < times) {
      puts += 1;
      await by(puts);
    }
    return send();
  });
};

it('keeps one line a record, whose keys are in order and whose numbers are as they were', async () => {
  const kept = await keep([
    record('a', { z: [1, { '#number': '2.0' }], b: { '#number': '1.0' }, c: 'x "1.0"' }),
  ]);
  expect(kept).toEqual({ key: `lines/replaced/${CAUSE}.ndjson`, records: 1 });
  expect(await body()).toBe(
    '{"id":"a","document":"TEXT \\"OF\\" a","metadata":{"b":1.0,"c":"x \\"1.0\\"","z":[1,2.0]},"why":"record-gone"}\n',
  );
});

it('adds lines to those that stand there, and a line that stands there not again', async () => {
  expect(await keep([record('a'), record('b')])).toMatchObject({ records: 2 });
  const first = await body();
  let puts = 0;
  const counting = beaten(Number.POSITIVE_INFINITY, async () => {
    puts += 1;
  });
  expect(await keep([record('b')], counting)).toMatchObject({ records: 2 });
  expect(puts).toBe(0);
  expect(await body()).toBe(first);
  expect(await keep([record('c'), record('a')])).toMatchObject({ records: 3 });
  const [before = '', added, ...others] = (await body())?.split(/(?<=\n)(?=.*"id":"c")/) ?? [];
  expect({ before, added, others }).toEqual({
    before: first,
    added: expect.stringContaining('"c"'),
    others: [],
  });
});

it('loses no line of another writer that comes first, be the object there or not', async () => {
  await keep(
    [record('a')],
    beaten(1, () => keep([record('b')])),
  );
  await keep(
    [record('c')],
    beaten(2, (index) => keep([record(`d${index}`)])),
  );
  const ids = (await body())
    ?.trim()
    .split('\n')
    .map((line) => JSON.parse(line).id);
  expect(ids?.sort()).toEqual(['a', 'b', 'c', 'd1', 'd2']);
});

it('tries again where S3 only says that another write was under way', async () => {
  const conflict = new S3ServiceException({
    name: 'ConditionalRequestConflict',
    $fault: 'client',
    $metadata: { httpStatusCode: 409 },
  });
  const kept = await keep(
    [record('a')],
    beaten(2, () => Promise.reject(conflict)),
  );
  expect(kept).toMatchObject({ records: 1 });
  expect(await body()).toContain('"id":"a"');
});

it('gives up after five writers that came first, and at once where S3 fails otherwise', async () => {
  let tries = 0;
  const always = beaten(Number.POSITIVE_INFINITY, async (index) => {
    tries = index;
    await keep([record(`x${index}`)]);
  });
  await expect(keep([record('a')], always)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  expect(tries).toBe(5);

  let failures = 0;
  const broken = beaten(Number.POSITIVE_INFINITY, async () => {
    failures += 1;
    throw new Error('S3 is away.');
  });
  await expect(keep([record('a')], broken)).rejects.toThrow('S3 is away.');
  expect(failures).toBe(1);
});

it('counts a record once, however often it is kept', async () => {
  const telemetry = quietTelemetry();
  const counted: unknown[] = [];
  telemetry.metrics.addMetric = (name, _unit, value) => {
    counted.push([name, value]);
    return telemetry.metrics;
  };
  for (const records of [[record('a')], [record('a')], [record('a'), record('b'), record('c')]]) {
    await keepReplaced({ ...world, telemetry }, 'lines', CAUSE, records);
  }
  expect(counted).toEqual([
    ['LabelledRecordsReplaced', 1],
    ['LabelledRecordsReplaced', 2],
  ]);
});

it('notes in the run where it left them, and does without a run that the table has lost', async () => {
  const keepForRun = keepForRuns({ ...world, telemetry: quietTelemetry() });
  const run = await world.arrive({ texts: ['A'] });
  await keepForRun({ ...makeDelta({ texts: [] }).header, ...run }, [record('a'), record('b')]);
  expect(await world.state(run)).toMatchObject({
    state: 'PENDING',
    replaced_key: replacedKey('lines', run.run_id),
    replaced_records: 2,
  });
  const { header } = makeDelta({ texts: [] });
  await keepForRun(header, [record('a')]);
  expect(await readObject(world.s3, world.bucket, replacedKey('lines', header.run_id))).toBeDefined();
});
