import { setTimeout } from 'node:timers/promises';
import {
  closeFreezeRecord,
  keepFreezeRecord,
  noteRetirementBegun,
  noteRetirementEnded,
  type RecordPlace,
  readFreezeRecord,
  retirementBegunBy,
} from '../../../../cli/migrate-buckets/freeze/freeze-record';
import { freezeRecordKey } from '../../../../contracts/migrate-buckets/own-objects';
import { useEmbeddedS3 } from '../../../support/embedded-s3';

const embedded = useEmbeddedS3();
const place = async (source = 'old'): Promise<RecordPlace> => ({
  s3: embedded.s3,
  source,
  destination: await embedded.bucket(),
});
const planOf = (letter: string, created_at = '2026-01-01T00:00:00Z') => ({
  digest: letter.repeat(64),
  created_at,
});
const RECORD = { saved: { policy: '{}', lifecycle: null }, plan: 'plan.json' };
const [PLAN, OTHER] = [planOf('a'), planOf('b')];

describe('The record of a freeze', () => {
  it('tells of no other source than it names, wherever it was copied to', async () => {
    const at = await place();
    await keepFreezeRecord(at, RECORD);
    await noteRetirementBegun(at, PLAN, 'plan.json');
    const text = (await embedded.text(at.destination, freezeRecordKey('old'))) ?? '';
    const copy = { ...at, source: 'another' };
    await embedded.put(at.destination, freezeRecordKey('another'), text);
    expect(await readFreezeRecord(at)).toMatchObject({ source: 'old', saved: RECORD.saved });
    expect(await readFreezeRecord(copy)).toBeUndefined();
    expect(await retirementBegunBy(copy, PLAN)).toBeUndefined();
  });

  it('keeps when it was frozen first, and what was retired of it, through every later freeze', async () => {
    const at = await place();
    await keepFreezeRecord(at, RECORD);
    const first = (await readFreezeRecord(at))?.first_frozen_at;
    // By the clock of S3, which tells whole seconds.
    expect(first).toMatch(/^20.*\.000Z$/);
    await noteRetirementBegun(at, PLAN, 'plan.json');
    // S3 tells times in whole seconds: the next freeze comes in a later one.
    await setTimeout(1100);
    await keepFreezeRecord(at, { ...RECORD, plan: 'later.json' });
    expect(await readFreezeRecord(at)).toMatchObject({
      plan: 'later.json',
      first_frozen_at: first,
      retirements: [{ plan_digest: PLAN.digest }],
    });
  });

  it.each(['no record', '{"version":1}'])(
    'does not say when it was frozen first over what cannot be read, and may be of an earlier freeze: %s',
    async (text) => {
      const at = await place();
      await embedded.put(at.destination, freezeRecordKey('old'), text);
      await keepFreezeRecord(at, RECORD);
      expect(await readFreezeRecord(at)).toEqual({ version: 1, source: 'old', ...RECORD, undone_at: null });
    },
  );

  it('tells of the retirement by a plan of that digest and that moment', async () => {
    const at = await place();
    await noteRetirementBegun(at, PLAN, 'plan.json');
    expect(await retirementBegunBy(at, PLAN)).toMatchObject({ plan_digest: PLAN.digest, ended_at: null });
    for (const other of [OTHER, planOf('a', '2026-01-01T00:00:01Z')]) {
      expect(await retirementBegunBy(at, other)).toBeUndefined();
    }
  });

  it('is closed once, by what undid the freeze first', async () => {
    const at = await place();
    await closeFreezeRecord(at);
    expect(await readFreezeRecord(at)).toBeUndefined();
    await keepFreezeRecord(at, RECORD);
    await closeFreezeRecord(at);
    const closed = await readFreezeRecord(at);
    expect(closed).toMatchObject({ ...RECORD, undone_at: expect.stringMatching(/^20/) });
    await closeFreezeRecord(at);
    expect(await readFreezeRecord(at)).toEqual(closed);
  });

  it('tells that the retirement of one plan ended, and leaves what it tells of others', async () => {
    const at = await place();
    await keepFreezeRecord(at, RECORD);
    for (const plan of [OTHER, PLAN, PLAN]) await noteRetirementBegun(at, plan, 'plan.json');
    await closeFreezeRecord(at);
    const undone_at = (await readFreezeRecord(at))?.undone_at;
    await noteRetirementEnded(at, PLAN);
    expect(await readFreezeRecord(at)).toMatchObject({
      retirements: [
        { plan_digest: OTHER.digest, ended_at: null },
        { plan_digest: PLAN.digest, ended_at: expect.stringMatching(/^20/) },
      ],
      undone_at,
    });
  });
});
