import { freezePolicy, freezeStatement } from '../../../../cli/migrate-buckets/freeze/freeze-policy';
import { isProbed, probeStatement, withoutProbe } from '../../../../cli/migrate-buckets/freeze/probe-policy';

const ME = 'arn:aws:iam::111122223333:user/me';
const PREFIX = '.migrate-buckets/.probe/1/frozen/';
const THEIRS = '{"Version":"2012-10-17",\n "Statement":{"Sid":"Theirs","Effect":"Deny"}}';

const probing = (policy: string | null) => freezePolicy(policy, 'old', probeStatement('old', [ME], PREFIX));

it('is the statement of the freeze, about our own keys alone', () => {
  expect(probeStatement('old', [ME], PREFIX)).toEqual({
    ...freezeStatement('old', [ME]),
    Sid: 'MigrateBucketsProbe',
    Resource: `arn:aws:s3:::old/${PREFIX}*`,
  });
});

it('is taken out again: nothing is left of it, and all of the others', () => {
  expect([isProbed(probing(null)), isProbed(probing(THEIRS))]).toEqual([true, true]);
  expect(withoutProbe(probing(null), null)).toBeNull();
  expect(withoutProbe(probing(THEIRS), THEIRS)).toBe(THEIRS);
});

it('keeps what somebody added meanwhile', () => {
  const one = { Sid: 'Theirs', Effect: 'Deny' };
  expect(JSON.parse(withoutProbe(probing(THEIRS), null) ?? '')).toEqual({
    Version: '2012-10-17',
    Statement: [one],
  });
  const since = JSON.stringify({ Statement: [one, probeStatement('old', [ME], PREFIX), { Sid: 'New' }] });
  expect(JSON.parse(withoutProbe(since, THEIRS) ?? '')).toEqual({ Statement: [one, { Sid: 'New' }] });
});

it.each([THEIRS, '{"Statement":[]}', '{"Statement":[null]}', '{}', 'not JSON', null])(
  'changes no letter where it is not: %j',
  (policy) => {
    expect(withoutProbe(policy, null)).toBe(policy);
    expect(isProbed(policy)).toBe(false);
  },
);
