import { hostname } from 'node:os';
import type { FreezeMark } from '../../../contracts/migrate-buckets/freeze';
import { userName } from '../locks/holder';

/** Begins the id of our statement, so that it is never taken for the bucket's own policy. */
const FREEZE_SID = 'MigrateBucketsFreeze';

/** IAM allows a statement's id letters and digits only: what may hold others is in hexadecimal. */
const hex = (text: string): string => Buffer.from(text).toString('hex');
const unhex = (text: string): string => Buffer.from(text, 'hex').toString();

const MARKED = new RegExp(
  `^${FREEZE_SID}At(\\d{4})(\\d\\d)(\\d\\d)T(\\d\\d)(\\d\\d)(\\d\\d)ZPlan([0-9a-f]+)By((?:[0-9a-f]{2})+)To((?:[0-9a-f]{2})+)$`,
);

type Groups = [string, string, string, string, string, string, string, string, string];

/** Who works here, for the marks that others read. */
export const userAtHost = (): string => `${userName()}@${hostname()}`;

/** The mark of a freeze that begins now. */
export const markNow = (plan_digest: string, destination: string): FreezeMark => ({
  at: `${new Date().toISOString().slice(0, 19)}Z`,
  plan_digest,
  by: userAtHost(),
  destination,
});

/** The id of the statement that freezes. Without a mark: as older releases wrote it. */
export const sidOf = (mark: FreezeMark | undefined): string =>
  mark === undefined
    ? FREEZE_SID
    : `${FREEZE_SID}At${mark.at.replaceAll(/[-:]/g, '')}Plan${mark.plan_digest}By${hex(mark.by)}To${hex(mark.destination)}`;

/** The mark in a statement's id; undefined when it is not the id of a freeze, null when an older release froze. */
export function markIn(sid: unknown): FreezeMark | null | undefined {
  if (sid === FREEZE_SID) return null;
  const found = MARKED.exec(String(sid));
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second, plan_digest, by, destination] = found.slice(1) as Groups;
  const at = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  return { at, plan_digest, by: unhex(by), destination: unhex(destination) };
}

/** For people: who froze it, when, by which plan, and to where. */
export const describeMark = (mark: FreezeMark | null): string =>
  mark === null
    ? 'an older release'
    : `the plan ${mark.plan_digest.slice(0, 12)} of ${mark.by}, to ${mark.destination}, at ${mark.at}`;
