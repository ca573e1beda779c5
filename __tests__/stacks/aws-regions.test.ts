import { BucketLocationConstraint } from '@aws-sdk/client-s3';
import { AWS_REGIONS } from '../../stacks/aws-regions';

it('knows every region that the SDK knows buckets in', () => {
  const known = Object.values(BucketLocationConstraint).filter((region) => region !== 'EU');
  expect(AWS_REGIONS).toEqual(expect.arrayContaining([...known, 'us-east-1']));
});
