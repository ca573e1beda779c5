import type { LifecycleRule } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import {
  type Lifecycle,
  resumeRules,
  suspendedIn,
  suspendRules,
} from '../../../../cli/migrate-buckets/freeze/suspended-rules';
import type { SavedConfiguration } from '../../../../contracts/migrate-buckets/freeze';

const rule = (
  ID: string | undefined,
  Status: 'Enabled' | 'Disabled' = 'Enabled',
  Days = 7,
): LifecycleRule => ({
  ...(ID === undefined ? {} : { ID }),
  Status,
  Filter: { Prefix: 'x/' },
  Expiration: { Days },
});
const of = (...Rules: LifecycleRule[]): Lifecycle => ({ Rules });
const MARK = { at: '2026-10-02T03:04:05Z', plan_digest: 'ab', by: 'a@b', destination: 'new' };
const saved = (lifecycle: Lifecycle | null): SavedConfiguration => ({
  policy: null,
  lifecycle: lifecycle as SavedConfiguration['lifecycle'],
  mark: MARK,
});
const SUSPENDED = 'migrate-buckets-suspended:';

describe('suspending a lifecycle', () => {
  it('disables and marks what is enabled, and leaves the rest, however often', () => {
    const suspended = suspendRules(of(rule('a'), rule('b', 'Disabled')));
    expect(suspended).toEqual(of(rule(`${SUSPENDED}a`, 'Disabled'), rule('b', 'Disabled')));
    expect(suspendRules(suspended)).toEqual(suspended);
    expect(suspendedIn(suspended)).toEqual(['a']);
    expect(suspendRules(null)).toBeNull();
    expect(suspendRules({})).toEqual({});
    expect(suspendedIn(null)).toEqual([]);
  });

  it('disables a marked rule that somebody enabled, under the same mark', () => {
    expect(suspendRules(of(rule(`${SUSPENDED}a`)))).toEqual(of(rule(`${SUSPENDED}a`, 'Disabled')));
  });

  it('makes no id longer than S3 allows', () => {
    const long = 'i'.repeat(255);
    const suspended = suspendRules(of(rule(long), rule('i'.repeat(229)), rule('i'.repeat(230))));
    expect(suspended?.Rules?.map(({ ID }) => ID?.length)).toEqual([255, 255, 255]);
    expect(resumeRules(suspendRules(of(rule(long))), saved(of(rule(long)))).wanted).toEqual(of(rule(long)));
  });

  it('is undone wholly, with or without what was saved', () => {
    const id = fc
      .string({ minLength: 1, maxLength: 200 })
      .filter((text) => !text.startsWith('migrate-buckets'));
    const rules = fc.uniqueArray(
      fc.record({ id, status: fc.constantFrom('Enabled' as const, 'Disabled' as const), days: fc.nat() }),
      { selector: (each) => each.id, maxLength: 5 },
    );
    fc.assert(
      fc.property(rules, (given) => {
        const before = {
          ...of(...given.map(({ id: ID, status, days }) => rule(ID, status, days))),
          more: 1,
        } as Lifecycle;
        for (const known of [saved(before), undefined]) {
          expect(resumeRules(suspendRules(before), known)).toEqual({
            wanted: before,
            steps: given
              .filter(({ status }) => status === 'Enabled')
              .map((each) => `Enable the lifecycle rule ${each.id} again.`),
            altered: [],
          });
        }
      }),
    );
  });

  it('is undone for rules without an id, which other servers have', () => {
    const before = of(rule(undefined), rule('a'), rule(undefined, 'Enabled', 3));
    for (const known of [saved(before), undefined]) {
      expect(resumeRules(suspendRules(before), known)).toEqual({
        wanted: before,
        steps: [
          'Enable the lifecycle rule without an id again.',
          'Enable the lifecycle rule a again.',
          'Enable the lifecycle rule without an id again.',
        ],
        altered: [],
      });
    }
    expect(suspendedIn(suspendRules(before))).toEqual([
      'migrate-buckets-suspended#0',
      'a',
      'migrate-buckets-suspended#2',
    ]);
    const [altered, ...others] = suspendRules(before)?.Rules ?? [];
    expect(
      resumeRules(of({ ...altered, Expiration: { Days: 1 }, Status: 'Disabled' }, ...others), saved(before))
        .altered,
    ).toEqual([expect.stringMatching(/^The lifecycle rule without an id is/)]);
    expect(resumeRules(of(), saved(of(rule(undefined)))).steps).toEqual([
      'Leave the lifecycle rule without an id deleted, as somebody did since the freeze.',
    ]);
    const newer = { ...rule(undefined), Expiration: { Days: 2 } };
    expect(
      resumeRules(of(...(suspendRules(of(rule(undefined)))?.Rules ?? []), newer), undefined),
    ).toStrictEqual({
      wanted: of(rule(undefined), newer),
      steps: ['Enable the lifecycle rule without an id again.'],
      altered: [],
    });
    const bare = of({ Status: 'Disabled' });
    expect(resumeRules(bare, saved(null))).toEqual({ wanted: bare, steps: [], altered: [] });
  });
});

describe('resuming a lifecycle', () => {
  it('keeps the rules that somebody added or deleted meanwhile, and says so', () => {
    const now = of(rule(`${SUSPENDED}a`, 'Disabled'), rule('new'), rule('off', 'Disabled'));
    expect(resumeRules(now, saved(of(rule('a'), rule('gone'), rule('off', 'Disabled'))))).toEqual({
      wanted: of(rule('a'), rule('new'), rule('off', 'Disabled')),
      steps: [
        'Enable the lifecycle rule a again.',
        'Leave the lifecycle rule gone deleted, as somebody did since the freeze.',
      ],
      altered: [],
    });
    expect(resumeRules(null, saved(of(rule('a'))))).toEqual({
      wanted: null,
      steps: ['Leave the lifecycle rule a deleted, as somebody did since the freeze.'],
      altered: [],
    });
  });

  it('leaves alone what somebody took back by hand', () => {
    const now = of(rule('a'), rule('b', 'Disabled'));
    expect(resumeRules(now, saved(of(rule('a'), rule('b'))))).toEqual({
      wanted: now,
      steps: [],
      altered: [],
    });
  });

  it('keeps other settings as they are now', () => {
    const now = { ...of(), TransitionDefaultMinimumObjectSize: 'varies_by_storage_class' } as const;
    expect(resumeRules(now, saved(null)).wanted).toEqual(now);
    expect(resumeRules({}, undefined).wanted).toEqual({ Rules: [] });
  });

  it('shows a suspended rule that was altered', () => {
    const now = of(rule(`${SUSPENDED}a`, 'Disabled', 1));
    expect(resumeRules(now, saved(of(rule('a')))).altered).toEqual([
      'The lifecycle rule a is {"Filter":{"Prefix":"x/"},"Expiration":{"Days":1}}, and the freeze suspended {"Filter":{"Prefix":"x/"},"Expiration":{"Days":7}}.',
    ]);
    expect(resumeRules(now, undefined).altered).toEqual([]);
  });

  it('shows a suspended rule beside a newer one of its id', () => {
    const now = of(rule(`${SUSPENDED}a`, 'Disabled'), rule('a'));
    expect(resumeRules(now, saved(of(rule('a')))).altered).toEqual([
      'There are two lifecycle rules a: one that the freeze suspended, and a newer one.',
    ]);
  });

  it('compares dates as the text that they are kept as', () => {
    const dated = { ...rule('a'), Expiration: { Date: new Date('2030-01-01') } };
    const asText = JSON.parse(JSON.stringify(dated));
    expect(resumeRules(suspendRules(of(dated)), saved(of(asText))).altered).toEqual([]);
  });

  it('of an older release, which marked no rule, goes by the ids', () => {
    const { mark: _, ...older } = saved(of(rule('a'), rule('b', 'Disabled'), rule('c'), rule('gone')));
    const now = of(rule('a', 'Disabled'), rule('b', 'Disabled'), rule('c'), rule('new', 'Disabled'));
    expect(resumeRules(now, older)).toEqual({
      wanted: of(rule('a'), rule('b', 'Disabled'), rule('c'), rule('new', 'Disabled')),
      steps: [
        'Enable the lifecycle rule a again.',
        'Leave the lifecycle rule gone deleted, as somebody did since the freeze.',
      ],
      altered: [],
    });
    expect(resumeRules(of(rule('a', 'Disabled', 1)), older).altered).toHaveLength(1);
  });
});
