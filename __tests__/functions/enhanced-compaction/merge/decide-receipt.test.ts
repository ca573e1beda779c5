import { createHash } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { type S3Server, startS3Server } from 'local-aws';
import {
  type CollectionRun,
  type CompactionRun,
  encodeRun,
  type RunState,
} from '../../../../contracts/compaction-run';
import type { DeltaHeader } from '../../../../contracts/delta';
import { recordId } from '../../../../contracts/record-id';
import {
  type DecidedReceipt,
  decideReceipt,
} from '../../../../functions/enhanced-compaction/merge/decide-receipt';
import { encodeDelta } from '../../../../functions/shared/delta-file';
import { createTelemetry } from '../../../../functions/shared/logging';
import { createRun } from '../../../../functions/shared/run-table';
import { useRunTable } from '../../../support/lone-run-table';
import { run as runAt, withoutDeltas } from '../../../support/runs';

const SPACE = { model: 'test-model', dimensions: 3 };
const IMAGE = '11111111-1111-4111-8111-111111111111';
const bucket = 'deltas';

const table = useRunTable();
const telemetry = createTelemetry('enhanced-compaction');
let server: S3Server;
let s3: S3Client;
beforeAll(async () => {
  server = await startS3Server();
  s3 = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret' },
  });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
});
afterAll(async () => {
  s3?.destroy();
  await server?.close();
});
afterEach(() => jest.restoreAllMocks());

/** A run of the one receipt, created so many seconds after the first. It is stored nowhere yet. */
const runOf = (seconds: number, changes: Partial<CollectionRun> = {}, kind?: 'annotation'): CompactionRun => {
  const created = runAt(new Date(1_767_225_600_000 + seconds * 1000));
  return { ...created, image_id: IMAGE, ...(kind && { kind }), lines: { ...created.lines, ...changes } };
};

/** Stores a run's delta of lines, whose header may be wrong. */
async function storeDelta(
  run: CompactionRun,
  header: Partial<DeltaHeader> = {},
  records?: number,
): Promise<CompactionRun> {
  const whole: DeltaHeader = {
    format_version: 1,
    run_id: run.run_id,
    collection: 'lines',
    image_id: run.image_id,
    receipt_id: run.receipt_id,
    created_at: run.created_at,
    model: SPACE.model,
    dimensions: SPACE.dimensions,
    text_format_version: 2,
    records: 1,
    ...(run.kind === 'annotation' && { format_version: 2, annotation: '{"receipt":{"place_id":"x"}}' }),
    ...header,
  };
  const id = recordId({ imageId: whole.image_id, receiptId: whole.receipt_id, lineId: 1 });
  const embedding = new Float32Array([1, 2, 3]);
  const bytes = encodeDelta({
    header: whole,
    records:
      (records ?? (run.kind === 'annotation' ? 0 : 1)) === 0
        ? []
        : [
            {
              id,
              document: 'MILK',
              embeddedText: 'MILK',
              metadata: {},
              embedding,
              contentHash: 'a'.repeat(32),
            },
          ],
  });
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: run.lines.delta_key, Body: bytes }));
  const delta_sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ...run, lines: { ...run.lines, delta_sha256 } };
}

/** Stores a run with its delta. */
async function arrive(
  seconds: number,
  {
    state = 'PENDING' as RunState,
    header = {} as Partial<DeltaHeader>,
    kind = undefined as CompactionRun['kind'],
    records = undefined as number | undefined,
  } = {},
): Promise<CompactionRun> {
  const run = await storeDelta(runOf(seconds, { state }, kind), header, records);
  await createRun(table, run);
  return run;
}

const decide = (candidates: readonly CompactionRun[], from = bucket): Promise<DecidedReceipt> =>
  decideReceipt({ candidates, records: 1 }, 'lines', SPACE, { s3, bucket: from, table, telemetry });
const runsOf = (winners: DecidedReceipt['winners']) => winners.map(({ run }) => run);
const NOTHING = { winners: [], superseded: [], failed: [], finishedAlready: [] };

describe('Of the runs of a receipt', () => {
  it.each<RunState>(['PENDING', 'PROCESSING'])(
    'the only one wins with its delta, being %s',
    async (state) => {
      const run = await arrive(1, { state });
      expect(await decide([run])).toEqual({
        ...NOTHING,
        winners: [
          {
            run,
            delta: expect.objectContaining({ header: expect.objectContaining({ run_id: run.run_id }) }),
          },
        ],
      });
    },
  );

  it('the newest wins, and supersedes the others', async () => {
    const [oldest, older, newest] = [await arrive(1), await arrive(2), await arrive(3)];
    const { winners, ...others } = await decide([newest, older, oldest]);
    expect(runsOf(winners)).toEqual([newest]);
    expect(others).toEqual({
      superseded: [
        { run: older, by: newest.run_id },
        { run: oldest, by: newest.run_id },
      ],
      failed: [],
      finishedAlready: [],
    });
  });

  it('one that is older than a merged one is superseded by it', async () => {
    const late = await arrive(1);
    const merged = await arrive(2, { state: 'COMPLETED' });
    expect(await decide([late])).toEqual({ ...NOTHING, superseded: [{ run: late, by: merged.run_id }] });
  });

  it('one that is newer than a merged one wins', async () => {
    await arrive(1, { state: 'COMPLETED' });
    const newest = await arrive(2);
    expect(runsOf((await decide([newest])).winners)).toEqual([newest]);
  });

  it('one whose delta is unusable fails, and the next older wins', async () => {
    const usable = await arrive(1);
    const missing = runOf(2);
    await createRun(table, missing);
    const { winners, ...others } = await decide([missing, usable]);
    expect(runsOf(winners)).toEqual([usable]);
    expect(others).toEqual({
      superseded: [],
      failed: [
        { run: missing, reason: `${missing.lines.delta_key} does not exist. Embed the receipt again.` },
      ],
      finishedAlready: [],
    });
  });

  it.each<RunState>(['COMPLETED', 'FAILED', 'SUPERSEDED'])(
    'one that is %s in the table is left alone, whatever the index says',
    async (state) => {
      const run = await arrive(1, { state });
      const stale = { ...run, lines: { ...run.lines, state: 'PENDING' as const } };
      expect(await decide([stale])).toEqual({ ...NOTHING, finishedAlready: [run] });
    },
  );

  it('the others are decided all the same when one is finished already', async () => {
    const usable = await arrive(1);
    const done = await arrive(2, { state: 'FAILED' });
    const stale = { ...done, lines: { ...done.lines, state: 'PENDING' as const } };
    const { winners, finishedAlready } = await decide([stale, usable]);
    expect(runsOf(winners)).toEqual([usable]);
    expect(finishedAlready).toEqual([done]);
  });

  it.each([1, 3])(
    'C12: one without deltas waits, created before or after the one that wins: %i',
    async (second) => {
      const waiting = withoutDeltas(runOf(second));
      await createRun(table, waiting);
      const usable = await arrive(2);
      const candidates = second > 2 ? [waiting, usable] : [usable, waiting];
      const { winners, ...others } = await decide(candidates);
      expect(runsOf(winners)).toEqual([usable]);
      expect({ winners: [], ...others }).toEqual(NOTHING);
    },
  );

  it('one that the table does not show counts as it was given', async () => {
    const run = await storeDelta(runOf(1));
    expect(runsOf((await decide([run])).winners)).toEqual([run]);
  });

  it('there may be none', async () => {
    expect(await decide([])).toEqual(NOTHING);
  });
});

describe('A receipt and its annotation', () => {
  const annotation = { kind: 'annotation' } as const;

  it.each([
    ['before', 1, 2],
    ['after', 2, 1],
  ])(
    'both win, the receipt first, though the annotation was made %s it',
    async (_when, annotated, dropped) => {
      const runs = [await arrive(annotated, annotation), await arrive(dropped)];
      const { winners, ...others } = await decide(runs);
      expect(runsOf(winners)).toEqual([runs[1], runs[0]]);
      expect({ ...others, winners: [] }).toEqual(NOTHING);
    },
  );

  it.each([
    [undefined, 'annotation'],
    ['annotation', undefined],
  ] as const)('%s: one is not superseded by a merged %s', async (kind, other) => {
    const run = await arrive(1, { kind });
    await arrive(2, { kind: other, state: 'COMPLETED' });
    expect(runsOf((await decide([run])).winners)).toEqual([run]);
  });

  it('of several annotations all win, in the order of their creation: none says what another says', async () => {
    const [oldest, older] = [await arrive(1, annotation), await arrive(2, annotation)];
    const dropped = await arrive(3);
    const newest = await arrive(4, annotation);
    const { winners, ...others } = await decide([newest, dropped, older, oldest]);
    expect(runsOf(winners)).toEqual([dropped, oldest, older, newest]);
    expect({ ...others, winners: [] }).toEqual(NOTHING);
  });

  it('of several annotations one that is unusable fails, and the others win', async () => {
    const before = await arrive(1, annotation);
    const broken = await arrive(2, { ...annotation, header: { annotation: '[]' } });
    const after = await arrive(3, annotation);
    const { winners, failed } = await decide([after, broken, before]);
    expect(runsOf(winners)).toEqual([before, after]);
    expect(failed.map(({ run }) => run)).toEqual([broken]);
  });

  it('an annotation that is older than a merged one is superseded by it, and a later one wins', async () => {
    const [oldest, older] = [await arrive(1, annotation), await arrive(2, annotation)];
    const merged = await arrive(3, { ...annotation, state: 'COMPLETED' });
    const newest = await arrive(4, annotation);
    const { winners, superseded } = await decide([newest, older, oldest]);
    expect(runsOf(winners)).toEqual([newest]);
    expect(superseded).toEqual([
      { run: older, by: merged.run_id },
      { run: oldest, by: merged.run_id },
    ]);
  });

  it('are decided together, though the index lists only one of them', async () => {
    const receipt = await arrive(1);
    const annotated = await arrive(2, annotation);
    expect(runsOf((await decide([annotated])).winners)).toEqual([receipt, annotated]);
    expect(runsOf((await decide([receipt])).winners)).toEqual([receipt, annotated]);
  });

  it('are left alone where they are finished, listed or not', async () => {
    await arrive(1, { state: 'FAILED' });
    const annotated = await arrive(2, annotation);
    expect(await decide([annotated])).toMatchObject({ finishedAlready: [], winners: [{ run: annotated }] });
  });

  it('an annotation may be of another model and length: it has no embedding', async () => {
    const header = { model: 'other-model', dimensions: 5 };
    const annotated = await arrive(1, { ...annotation, header });
    expect(runsOf((await decide([annotated])).winners)).toEqual([annotated]);
  });

  it.each<[string, Parameters<typeof arrive>[1], RegExp]>([
    [
      'a receipt’s run, since it would remove all records',
      { header: { format_version: 2 }, records: 0 },
      /another run/,
    ],
    [
      'an annotation’s run that is a whole receipt',
      { ...annotation, header: { format_version: 1 } },
      /another run/,
    ],
    ['an annotation with records', { ...annotation, records: 1 }, /is an annotation, and holds records/],
    ['an annotation without its text', { ...annotation, header: { annotation: undefined } }, /is not JSON/],
    [
      'an annotation that names what the pipeline owns',
      { ...annotation, header: { annotation: '{"receipt":{"text":"x"}}' } },
      /the pipeline owns this key/,
    ],
  ])('a delta fails its run: %s', async (_what, spec, reason) => {
    const annotationText = spec?.header?.format_version === 2 ? { annotation: '{}' } : {};
    const run = await arrive(1, { ...spec, header: { ...annotationText, ...spec?.header } });
    expect(await decide([run])).toEqual({
      ...NOTHING,
      failed: [{ run, reason: expect.stringMatching(reason) }],
    });
  });
});

describe('A delta fails its run', () => {
  const OTHER = runAt().run_id;

  it.each<[string, Partial<DeltaHeader>]>([
    ['run', { run_id: OTHER }],
    ['collection', { collection: 'words' }],
    ['image', { image_id: '22222222-2222-4222-8222-222222222222' }],
    ['receipt', { receipt_id: 2 }],
  ])('when it is of another %s', async (_what, header) => {
    const run = await arrive(1, { header });
    expect(await decide([run])).toEqual({
      ...NOTHING,
      failed: [
        { run, reason: `${run.lines.delta_key} is the delta of another run. Embed the receipt again.` },
      ],
    });
  });

  it('when it is of another model', async () => {
    const run = await arrive(1, { header: { model: 'other-model' } });
    expect(await decide([run])).toEqual({
      ...NOTHING,
      failed: [{ run, reason: expect.stringContaining('embeddings of the model other-model') }],
    });
  });

  it('when it is not the file that the run names', async () => {
    const run = await arrive(1);
    const changed = { ...run, lines: { ...run.lines, delta_sha256: 'b'.repeat(64) } };
    await table.client.send(new PutCommand({ TableName: table.name, Item: encodeRun(changed) }));
    const { failed } = await decide([changed]);
    expect(failed).toEqual([{ run: changed, reason: expect.stringContaining('SHA-256 differs') }]);
  });
});

describe('Nothing is decided', () => {
  it('when S3 cannot be asked: the whole is tried again', async () => {
    const run = await arrive(1);
    await expect(decide([run], 'another-bucket')).rejects.toThrow(/bucket does not exist/);
  });

  it('when an item of the receipt cannot be read, and the log says which and why', async () => {
    const error = jest.spyOn(telemetry.logger, 'error').mockImplementation();
    const run = await arrive(1);
    const broken = { ...encodeRun(runOf(2)), run_id: 'unreadable' };
    await table.client.send(new PutCommand({ TableName: table.name, Item: broken }));
    expect(await decide([run])).toEqual(NOTHING);
    expect(error).toHaveBeenCalledWith('A receipt waits, since its runs cannot be read', {
      collection: 'lines',
      imageId: IMAGE,
      receiptId: 1,
      reason: expect.stringContaining('run_id'),
    });
  });
});
