import fc from 'fast-check';
import { sidOf } from '../../../../cli/migrate-buckets/freeze/freeze-mark';
import {
  freezePolicy,
  freezeStatement,
  type Statement,
  withoutReplication,
} from '../../../../cli/migrate-buckets/freeze/freeze-policy';
import {
  isAsPut,
  isSameStatement,
  unfreezePolicy,
} from '../../../../cli/migrate-buckets/freeze/unfreeze-policy';
import type { FreezeMark, SavedConfiguration } from '../../../../contracts/migrate-buckets/freeze';

const MARK: FreezeMark = { at: '2026-10-02T03:04:05Z', plan_digest: 'ab', by: 'a@b', destination: 'new' };
const OURS = freezeStatement('old', ['arn:aws:iam::1:role/me', 'arn:aws:iam::1:role/*/me'], MARK);
const MINE = { Sid: 'Mine', Effect: 'Deny' };
const THEIRS = { Sid: 'Theirs', Effect: 'Allow' };
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const savedOf = (policy: string | null, statement: Statement | undefined = OURS): SavedConfiguration => ({
  policy,
  lifecycle: null,
  mark: MARK,
  ...(statement === undefined ? {} : { statement }),
});
const any = () => true;
const unfrozen = (
  now: string | null,
  saved?: SavedConfiguration,
  isOurs: (mark: FreezeMark | null) => boolean = any,
) => unfreezePolicy('old', now, saved, isOurs);

describe('a policy without the freeze', () => {
  it('is what it was, byte for byte, when nobody changed it meanwhile', () => {
    const own = fc.array(fc.record({ Effect: fc.constant('Allow'), Sid: fc.string() }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(own, fc.integer({ min: 0, max: 4 }), (statements, indent) => {
        const before = JSON.stringify({ Id: 'x', Statement: statements }, null, indent);
        const found = unfrozen(freezePolicy(before, 'old', OURS), savedOf(before));
        expect(found).toMatchObject({ wanted: before, altered: [] });
        expect(found.steps.join()).toContain('byte for byte');
      }),
    );
    const lone = ` {"Statement": ${JSON.stringify(MINE)}}`;
    expect(unfrozen(freezePolicy(lone, 'old', OURS), savedOf(lone)).wanted).toBe(lone);
  });

  it('keeps what somebody added or changed meanwhile, and says so', () => {
    const before = policyOf(MINE);
    expect(unfrozen(policyOf(MINE, OURS, THEIRS), savedOf(before))).toEqual({
      wanted: policyOf(MINE, THEIRS),
      steps: [
        "Take the freeze's statement out of the policy, and keep 2 other statements: somebody changed the policy since the freeze.",
      ],
      altered: [],
    });
    expect(unfrozen(policyOf(OURS, THEIRS), savedOf(null))).toMatchObject({
      wanted: policyOf(THEIRS),
      steps: [expect.stringContaining('keep 1 other statement:')],
    });
  });

  it('does not bring back what somebody took out meanwhile', () => {
    expect(unfrozen(policyOf(OURS), savedOf(policyOf(MINE))).wanted).toBeNull();
    expect(unfrozen(policyOf(OURS, THEIRS), savedOf(policyOf(MINE))).wanted).toBe(policyOf(THEIRS));
  });

  it('is deleted when it holds nothing else', () => {
    expect(unfrozen(policyOf(OURS), savedOf(null))).toEqual({
      wanted: null,
      steps: ['Delete the policy, which holds nothing but the freeze.'],
      altered: [],
    });
  });

  it('stays as it is where the freeze is not in it any more', () => {
    for (const now of [null, policyOf(MINE), ` ${policyOf(THEIRS)}`]) {
      expect(unfrozen(now, savedOf(policyOf(MINE)))).toEqual({
        wanted: now,
        steps: ['Leave the policy as it is: there is no statement of the freeze in it.'],
        altered: [],
      });
    }
  });

  it('is worked out when nothing is known from before', () => {
    expect(unfrozen(policyOf(MINE, OURS))).toEqual({
      wanted: policyOf(MINE),
      steps: ["Take the freeze's statement out of the policy, and keep 1 other statement."],
      altered: [],
    });
  });

  it('keeps the freeze of another plan', () => {
    const other = { ...OURS, Sid: sidOf({ ...MARK, plan_digest: 'cd' }) };
    const isOurs = (mark: FreezeMark | null) => mark?.plan_digest === 'ab';
    expect(unfrozen(policyOf(other, OURS), undefined, isOurs).wanted).toBe(policyOf(other));
    expect(unfrozen(policyOf(other), undefined, isOurs).wanted).toBe(policyOf(other));
    const old = { ...OURS, Sid: sidOf(undefined) };
    expect(unfrozen(policyOf(old), undefined, isOurs).wanted).toBe(policyOf(old));
    expect(unfrozen(policyOf(old), undefined, any).wanted).toBeNull();
  });
});

describe('a statement of the freeze that was altered', () => {
  it('is shown, field by field', () => {
    const { Principal, ...rest } = OURS;
    const altered = { ...rest, Action: ['s3:PutObject'], Note: 1 };
    expect(unfrozen(policyOf(altered), savedOf(null)).altered).toEqual([
      'Principal is missing, and the freeze put "*".',
      expect.stringMatching(
        /^Action is \["s3:PutObject"\], and the freeze put \["s3:PutObject","s3:PutObjectAcl"/,
      ),
      'Note is 1, and the freeze put missing.',
    ]);
    expect(Principal).toBe('*');
  });

  it('is noticed when it stands there twice', () => {
    expect(unfrozen(policyOf(OURS, OURS), savedOf(null)).altered).toEqual([
      'The policy has 2 statements of the freeze, and one was put there.',
    ]);
  });

  it('is not one that S3 only writes otherwise', () => {
    const Action = [...(OURS.Action as string[])].reverse();
    const Condition = {
      ArnNotLike: { 'aws:PrincipalArn': ['arn:aws:iam::1:role/*/me', 'arn:aws:iam::1:role/me'] },
    };
    expect(isSameStatement(OURS, { ...OURS, Action, Condition, Resource: [OURS.Resource] })).toBe(true);
    expect(
      isSameStatement({ ...OURS, x: { b: ['2', '1'], a: 1 } }, { ...OURS, x: { a: 1, b: ['1', '2'] } }),
    ).toBe(true);
    expect(isSameStatement({ x: [{ b: 1, a: 2 }, 3] }, { x: [3, { a: 2, b: 1 }] })).toBe(true);
    expect(isSameStatement(OURS, { ...OURS, Action: Action.slice(1) })).toBe(false);
    expect(isSameStatement(OURS, { ...OURS, Condition: {} })).toBe(false);
    expect(isSameStatement({ a: null }, { a: [null] })).toBe(true);
    expect(isSameStatement({ a: [] }, { a: [] })).toBe(true);
  });

  it('C14: is not one without the actions of replication, where a server refused them', () => {
    const shorter = withoutReplication(OURS);
    expect(isAsPut(OURS, OURS)).toBe(true);
    expect(isAsPut(shorter, OURS)).toBe(true);
    expect(isAsPut(OURS, shorter)).toBe(false);
    expect(unfrozen(policyOf(shorter), savedOf(null))).toMatchObject({ wanted: null, altered: [] });
    expect(unfrozen(policyOf(shorter, shorter), savedOf(null)).altered).toHaveLength(1);
    const [first] = (OURS.Action as string[]).filter((action) => action.includes('Replicate'));
    expect(isAsPut({ ...OURS, Action: [...(shorter.Action as string[]), first] }, OURS)).toBe(false);
  });
});
