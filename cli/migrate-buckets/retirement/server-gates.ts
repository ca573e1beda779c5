import type { Check } from '../../../contracts/migrate-buckets/capabilities';
import type { State } from '../../../contracts/migrate-buckets/plan';
import type { Gate } from '../../../contracts/migrate-buckets/retirement';
import { givenUp } from '../doctor/given-up';
import { ONCE_BEGUN } from '../plan-files/once-begun';
import { freezeGate } from './freeze-gate';

interface ServerFacts {
  readonly source: string;
  readonly state: State | undefined;
  /** Whether each overwrite of the source's objects gets a version of its own. */
  readonly keepsVersions: boolean;
  /** Why the source is not frozen by this plan at this moment: a sentence, or null where it is. */
  readonly notFrozen: string | null;
}

const gate = (name: string, passed: boolean, evidence: string, overridden = false): Gate => ({
  name,
  passed,
  evidence,
  overridden,
});

/** What retirement asks of the server: that nothing but what was proven can be deleted, whoever writes meanwhile. */
export function serverGates({ source, state, keepsVersions, notFrozen }: ServerFacts): Gate[] {
  const isSafe = keepsVersions || refusesDeletions(source, state);
  return [
    serverGate(state),
    gate('conditional-delete', isSafe, deletionEvidence({ source, state, keepsVersions })),
    freezeGate({ source, state, notFrozen }, isSafe),
  ];
}

/** Whether the server was seen to refuse the deletion of another object of a bucket than the expected one. */
export const refusesDeletions = (bucket: string, state: State | undefined): boolean =>
  deletionIn(bucket, state)?.result === 'proven';

const deletionIn = (bucket: string, state: State | undefined): Check | undefined =>
  state?.server?.checks.find((each) => each.capability === 'conditional-delete' && each.bucket === bucket);

function serverGate(state: State | undefined): Gate {
  if (!state?.server) {
    return gate('server', false, `It was not examined what the server can do. ${examineAnew(state)}`);
  }
  const { accepted_missing: accepted, checks, at } = state.server;
  if (accepted.length === 0) {
    const proven = checks.filter(({ result }) => result === 'proven').length;
    return gate('server', true, `${proven} of ${checks.length} capabilities were proven at ${at}.`);
  }
  const named = accepted.map(({ capability }) => `${capability} (${givenUp(capability)})`);
  return gate('server', true, `Missing, and accepted by you: ${named.join(', ')}.`, true);
}

function deletionEvidence({ source, state, keepsVersions }: Omit<ServerFacts, 'notFrozen'>): string {
  if (keepsVersions) return `${source} keeps versions: it is emptied by version id.`;
  if (refusesDeletions(source, state)) {
    return `${source} keeps an object that is not the one that was verified: the server refuses its deletion.`;
  }
  const { result, evidence } = deletionIn(source, state) ?? { evidence: 'It was not examined.' };
  const remedy = result === 'missing' ? versionFirst(source, state) : examineAnew(state);
  return `An object of ${source} that changes at the last moment could be deleted. ${evidence} ${remedy}`;
}

const begun = (state: State | undefined): boolean => state?.phase === 'retiring';
const examineAnew = (state: State | undefined): string =>
  begun(state) ? ONCE_BEGUN : 'Run "migrate-buckets unfreeze", then apply.';
const versionFirst = (source: string, state: State | undefined): string =>
  begun(state)
    ? `Turn the versioning of ${source} on. ${ONCE_BEGUN}`
    : 'Turn its versioning on, and apply again.';
