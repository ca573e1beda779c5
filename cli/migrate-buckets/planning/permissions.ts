/** What the operator's credentials must be allowed to do, from plan to retire. */
export function requiredPermissions(source: string, destination: string, alsoFrom: readonly string[]) {
  const bucket = (name: string) => `arn:aws:s3:::${name}`;
  const objects = (name: string) => `arn:aws:s3:::${name}/*`;
  const read = (name: string) => [
    { actions: ['s3:ListBucket'], resource: bucket(name) },
    { actions: ['s3:GetObject', 's3:GetObjectTagging'], resource: objects(name) },
  ];
  return [
    ...read(source),
    ...alsoFrom.flatMap(read),
    {
      actions: [
        's3:ListBucketVersions',
        's3:ListBucketMultipartUploads',
        's3:GetBucketVersioning',
        's3:GetBucketPolicy',
        's3:PutBucketPolicy',
        's3:DeleteBucketPolicy',
        's3:GetLifecycleConfiguration',
        's3:PutLifecycleConfiguration',
        's3:GetBucketObjectLockConfiguration',
        's3:GetEncryptionConfiguration',
        's3:GetBucketOwnershipControls',
      ],
      resource: bucket(source),
    },
    { actions: ['s3:ListBucket', 's3:ListBucketVersions'], resource: bucket(destination) },
    {
      actions: [
        's3:GetObject',
        's3:PutObject',
        's3:GetObjectTagging',
        's3:PutObjectTagging',
        's3:AbortMultipartUpload',
        's3:ListMultipartUploadParts',
      ],
      resource: objects(destination),
    },
    {
      actions: ['lambda:ListFunctions', 'states:ListStateMachines', 'sts:GetCallerIdentity'],
      resource: '*',
    },
    // Environments of Lambdas that are encrypted with a key of the account's own.
    { actions: ['kms:Decrypt'], resource: '*' },
    {
      actions: ['states:DescribeStateMachine', 'states:ListExecutions', 'states:DescribeExecution'],
      resource: '*',
    },
    {
      actions: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:AbortMultipartUpload'],
      resource: objects(source),
      retire: true,
    },
    {
      actions: ['s3:GetBucketTagging', 's3:PutBucketTagging', 's3:DeleteBucket'],
      resource: bucket(source),
      retire: true,
    },
  ];
}
