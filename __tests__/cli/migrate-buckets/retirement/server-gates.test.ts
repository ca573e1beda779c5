import { ONCE_BEGUN } from '../../../../cli/migrate-buckets/plan-files/once-begun';
import { refusesDeletions, serverGates } from '../../../../cli/migrate-buckets/retirement/server-gates';
import type { Check } from '../../../../contracts/migrate-buckets/capabilities';
import type { State } from '../../../../contracts/migrate-buckets/plan';
import type { Capability } from '../../../../contracts/migrate-buckets/words';

const AT = '2026-01-01T00:00:00.000Z';
const deletion = (result: Check['result'], bucket = 'old'): Check => ({
  capability: 'conditional-delete',
  bucket,
  result,
  evidence: `It is ${result}.`,
});

interface Facts {
  readonly checks?: readonly Check[] | null;
  readonly accepted?: readonly Capability[];
  readonly noFreeze?: boolean;
  readonly keepsVersions?: boolean;
  readonly phase?: State['phase'];
  readonly notFrozen?: string | null;
}

function gates({
  checks = [deletion('proven')],
  accepted = [],
  noFreeze = false,
  keepsVersions = false,
  phase = 'verified',
  notFrozen = null,
}: Facts) {
  const accepted_missing = accepted.map((capability) => ({ capability, at: AT }));
  const server = checks === null ? null : { at: AT, checks: [...checks], accepted_missing };
  const state = { server, no_freeze: noFreeze, phase } as State;
  const found = serverGates({ source: 'old', state, keepsVersions, notFrozen });
  return new Map(
    found.map(({ name, passed, overridden, evidence }) => [name, [passed, overridden, evidence]]),
  );
}

it('server: how much was proven and when', () => {
  const checks = [deletion('proven'), deletion('proven', 'another'), deletion('unchecked', 'another')];
  expect(gates({ checks }).get('server')).toEqual([true, false, `2 of 3 capabilities were proven at ${AT}.`]);
});

it('server: what is missing and was accepted, and what that gives up', () => {
  expect(gates({ accepted: ['tags', 'conditional-put'] }).get('server')).toEqual([
    true,
    true,
    'Missing, and accepted by you: tags (tags and metadata can be lost), conditional-put (operators on two machines are not kept apart).',
  ]);
});

it('server: fails where nothing was examined', () => {
  const unexamined = [
    false,
    false,
    'It was not examined what the server can do. Run "migrate-buckets unfreeze", then apply.',
  ];
  expect(gates({ checks: null }).get('server')).toEqual(unexamined);
  const facts = { source: 'old', state: undefined, keepsVersions: false, notFrozen: 'old is not frozen.' };
  const [first, second, ...others] = serverGates(facts);
  expect([first?.passed, first?.overridden, first?.evidence]).toEqual(unexamined);
  expect(second).toMatchObject({ name: 'conditional-delete', passed: false });
  expect(others).toMatchObject([{ name: 'freeze', passed: false }]);
});

it('freeze: as it was read', () => {
  expect(gates({}).get('freeze')?.[2]).toBe('old denies writes to everybody else, by this plan.');
  expect(gates({ notFrozen: 'old is not frozen.' }).get('freeze')?.[2]).toMatch(/^old is not frozen\./);
});

it('conditional-delete: holds where the deletion is refused', () => {
  expect(gates({}).get('conditional-delete')).toEqual([
    true,
    false,
    'old keeps an object that is not the one that was verified: the server refuses its deletion.',
  ]);
});

it.each<readonly Check[] | null>([[], [deletion('missing')], null])(
  'conditional-delete: holds where versions are kept, whatever was found: %j',
  (checks) => {
    expect(gates({ checks, keepsVersions: true }).get('conditional-delete')).toEqual([
      true,
      false,
      'old keeps versions: it is emptied by version id.',
    ]);
  },
);

const ANEW = 'Run "migrate-buckets unfreeze", then apply.';

it.each<[string, string, readonly Check[]]>([
  ['It is missing.', 'Turn its versioning on, and apply again.', [deletion('missing')]],
  ['It is unchecked.', ANEW, [deletion('unchecked')]],
  ['It is denied.', ANEW, [deletion('denied'), deletion('proven', 'new')]],
  ['It was not examined.', ANEW, [{ ...deletion('proven'), capability: 'tags' }]],
  ['It was not examined.', ANEW, [deletion('proven', 'new')]],
])('conditional-delete: fails otherwise, and nobody can override it: %s', (why, remedy, checks) => {
  expect(gates({ checks, accepted: ['conditional-delete'] }).get('conditional-delete')).toEqual([
    false,
    false,
    `An object of old that changes at the last moment could be deleted. ${why} ${remedy}`,
  ]);
});

it('advises nothing that a retirement that began rules out', () => {
  const phase = 'retiring';
  expect(gates({ checks: [deletion('missing')], phase }).get('conditional-delete')?.[2]).toContain(
    `It is missing. Turn the versioning of old on. ${ONCE_BEGUN}`,
  );
  const unexamined = gates({ checks: null, phase });
  expect(unexamined.get('conditional-delete')?.[2]).toContain(`It was not examined. ${ONCE_BEGUN}`);
  expect(unexamined.get('server')?.[2]).toBe(`It was not examined what the server can do. ${ONCE_BEGUN}`);
});

it('a deletion is trusted to the server only where its refusal was seen in that bucket', () => {
  const stateOf = (...checks: Check[]) =>
    ({ server: { at: AT, checks, accepted_missing: [] } }) as Partial<State>;
  const trusted = (...checks: Check[]) => refusesDeletions('old', stateOf(...checks) as State);
  expect(trusted(deletion('missing', 'new'), deletion('proven'))).toBe(true);
  expect(trusted(deletion('missing'), deletion('proven', 'new'))).toBe(false);
  expect(trusted(deletion('unchecked'))).toBe(false);
  expect(trusted()).toBe(false);
  expect(refusesDeletions('old', { server: null } as State)).toBe(false);
  expect(refusesDeletions('old', undefined)).toBe(false);
});
