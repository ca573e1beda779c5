import { GetBucketReplicationCommand, type ReplicationRule, type S3Client } from '@aws-sdk/client-s3';
import { failureOf, isMissing, isUnable } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';

/**
 * Where S3 itself would take the deletions in a versioned bucket to, as a sentence, or that this could not be found
 * out; null: nowhere. It lays the delete markers of a bucket in its replicas, too, whatever the freeze denies: if one
 * of these is the destination, what was proven there is hidden soon after.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-marker-replication.html
 */
export async function replicatedDeletions(s3: S3Client, bucket: string): Promise<string | null> {
  try {
    const { ReplicationConfiguration: held } = await patiently(() =>
      s3.send(new GetBucketReplicationCommand({ Bucket: bucket })),
    );
    const replicas = replicasOfDeletions(held?.Rules ?? []);
    if (replicas.length === 0) return null;
    return `S3 replicates what is deleted in ${bucket} to ${replicas.join(', ')}, where it would be hidden, too. Take that out of its replication (aws s3api delete-bucket-replication --bucket ${bucket}), and give what is under way its time.`;
  } catch (error) {
    const failure = failureOf(error);
    if (isUnable(failure) || (isMissing(failure) && failure.code !== 'NoSuchBucket')) return null;
    return `Whether ${bucket} replicates its deletions could not be found out (${failure.code}).`;
  }
}

/** The buckets to which delete markers are replicated. Rules of the first version, without a filter, always do that. Pure. */
const replicasOfDeletions = (rules: readonly ReplicationRule[]): string[] => [
  ...new Set(
    rules
      .filter(
        ({ Status, Filter, DeleteMarkerReplication }) =>
          Status === 'Enabled' && (Filter === undefined || DeleteMarkerReplication?.Status === 'Enabled'),
      )
      .map(({ Destination }) => Destination?.Bucket?.replace(/^arn:[^:]+:s3:::/, '') ?? 'another bucket'),
  ),
];
