import { GetBucketTaggingCommand, paginateListBuckets } from '@aws-sdk/client-s3';
import type { Candidate } from '../../../contracts/migrate-buckets/authority';
import type { Aws } from '../../shared/aws/clients';
import { explain } from '../../shared/aws/explain';
import { failureOf, unless } from '../../shared/aws/failure';
import { UserError } from '../../shared/user-error';
import { openBucket } from '../aws/bucket';
import { type CandidateFilter, findCandidates, type KnownBucket } from './candidates';
import { distinctPages } from './distinct-pages';
import type { Survey } from './references';
import { survey } from './survey';

export interface Discovery {
  readonly candidates: Candidate[];
  readonly survey: Survey;
  /** What could not be looked at, one sentence each. */
  readonly unchecked: string[];
}

export interface Search extends CandidateFilter {
  /** Terraform states and Pulumi stack exports, or folders that hold them. */
  readonly statePaths: readonly string[];
}

/** Finds the candidates and says why each is one. Read-only. */
export async function discoverBuckets(aws: Aws, filter: Search): Promise<Discovery> {
  const found = await survey(aws, filter.statePaths);
  const unchecked = found.unchecked.map(({ kind, why }) => `${kind}: not checked. ${why}`);
  const names: string[] = [];
  try {
    const pages = paginateListBuckets({ client: aws.s3 }, {});
    for await (const page of distinctPages(
      'the buckets of the account',
      pages,
      ({ ContinuationToken }) => ContinuationToken,
    )) {
      for (const { Name } of page.Buckets ?? []) if (Name !== undefined) names.push(Name);
    }
  } catch (error) {
    const told = explain(error, 'list the buckets of the account');
    // Buckets that were named can still be looked at; without names there is nothing to go on.
    if (filter.named.length === 0 || !(told instanceof UserError)) throw told;
    unchecked.push(`buckets: not listed. ${told.message}`);
  }
  const known = await Promise.all(
    names.map(async (name): Promise<KnownBucket> => {
      if (filter.tags.length === 0) return { name, tags: {} };
      const tags = await readTags(aws, name);
      if (tags === undefined) unchecked.push(`tags of ${name}: not checked. Access was denied.`);
      return { name, tags };
    }),
  );
  const candidates = await Promise.all(
    findCandidates(known, found, filter).map(async (candidate) => {
      try {
        await openBucket(aws, candidate.name);
        return { ...candidate, problem: null };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { ...candidate, problem: error.message };
      }
    }),
  );
  return { candidates, survey: found, unchecked };
}

async function readTags({ s3 }: Aws, name: string): Promise<Record<string, string> | undefined> {
  try {
    const { TagSet = [] } = await s3
      .send(new GetBucketTaggingCommand({ Bucket: name }))
      .catch(unless('NoSuchTagSet', { TagSet: [] }));
    return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
  } catch (error) {
    const { status } = failureOf(error);
    if (status === 403 || status === 301) return undefined;
    throw explain(error, `read the tags of ${name}`, name);
  }
}
