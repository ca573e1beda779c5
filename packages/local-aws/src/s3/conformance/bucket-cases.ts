import assert from 'node:assert/strict';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  type ListBucketsCommandOutput,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { type ConformanceCase, refuses, type Subject } from './subject';

const RULES = [
  {
    ID: 'abort',
    Status: 'Enabled' as const,
    Filter: { Prefix: '' },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  },
  {
    ID: 'expire <covered> & gone',
    Status: 'Disabled' as const,
    Filter: { And: { Prefix: 'lines/delta/', Tags: [{ Key: 'covered', Value: 'true' }] } },
    Expiration: { Days: 30 },
    NoncurrentVersionExpiration: { NoncurrentDays: 30 },
  },
];

const policyFor = (Bucket: string, statement: object): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Sid: 'Test', Effect: 'Deny', Principal: '*', Resource: `arn:aws:s3:::${Bucket}/*`, ...statement },
    ],
  });

/** A bucket with one object, under a policy of one statement. */
async function underPolicy(s3: Subject, statement: object) {
  const Bucket = await s3.newBucket();
  await s3.put({ Bucket, Key: 'tagged', Body: 'x', Tagging: 'a=b' });
  await s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy: policyFor(Bucket, statement) }));
  return Bucket;
}

export const bucketCases: readonly ConformanceCase[] = [
  {
    name: 'a bucket is found by HEAD, and listed with the account’s others',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      await s3.client.send(new HeadBucketCommand({ Bucket }));
      const { Buckets = [] } = await s3.client.send(new ListBucketsCommand({}));
      assert.ok(Buckets.some(({ Name }) => Name === Bucket));
    },
  },
  {
    name: 'buckets are listed by prefix, in pages',
    check: async (s3) => {
      const made = [await s3.newBucket(), await s3.newBucket()].sort();
      const Prefix = 'conformance-';
      const listed: (string | undefined)[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page: ListBucketsCommandOutput = await s3.client.send(
          new ListBucketsCommand({ Prefix, MaxBuckets: 1, ContinuationToken }),
        );
        listed.push(...(page.Buckets ?? []).map(({ Name }) => Name));
        ContinuationToken = page.ContinuationToken;
      } while (ContinuationToken !== undefined);
      assert.deepEqual(
        listed.filter((name) => name !== undefined && made.includes(name)),
        made,
      );
      assert.equal(new Set(listed).size, listed.length);
    },
  },
  {
    name: 'a bucket can be made with another ownership, but with no ACL while its owner is enforced',
    check: async (s3) => {
      const Bucket = await s3.newBucket({ ObjectOwnership: 'ObjectWriter' });
      const { OwnershipControls } = await s3.client.send(new GetBucketOwnershipControlsCommand({ Bucket }));
      assert.deepEqual(OwnershipControls?.Rules, [{ ObjectOwnership: 'ObjectWriter' }]);
      await refuses(s3.newBucket({ ACL: 'public-read' }), 400, 'InvalidBucketAclWithObjectOwnership');
    },
  },
  {
    name: 'HEAD of a missing bucket is 404',
    check: async (s3) =>
      refuses(s3.client.send(new HeadBucketCommand({ Bucket: `conformance-missing-${Date.now()}` })), 404),
  },
  {
    name: 'HEAD tells the bucket’s region, and its location agrees',
    check: async (s3) => {
      const Bucket = await s3.plain();
      const { BucketRegion } = await s3.client.send(new HeadBucketCommand({ Bucket }));
      const { LocationConstraint } = await s3.client.send(new GetBucketLocationCommand({ Bucket }));
      assert.equal(BucketRegion, LocationConstraint || 'us-east-1');
    },
  },
  {
    name: 'a name that no bucket can have is InvalidBucketName',
    check: async (s3) =>
      refuses(s3.client.send(new CreateBucketCommand({ Bucket: 'No_Such_Name' })), 400, 'InvalidBucketName'),
  },
  {
    name: 'a bucket with an object cannot be deleted',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      await s3.put({ Bucket, Key: 'k', Body: '' });
      await refuses(s3.client.send(new DeleteBucketCommand({ Bucket })), 409, 'BucketNotEmpty');
      await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    },
  },
  {
    name: 'versioning is off, then on, then suspended, and never off again',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const status = async () => (await s3.client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
      assert.equal(await status(), undefined);
      for (const Status of ['Enabled', 'Suspended'] as const) {
        await s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
        assert.equal(await status(), Status);
      }
    },
  },
  {
    name: 'bucket tags are kept, replaced and deleted; none is NoSuchTagSet',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const tags = () => s3.client.send(new GetBucketTaggingCommand({ Bucket }));
      await refuses(tags(), 404, 'NoSuchTagSet');
      const TagSet = [{ Key: 'team', Value: 'a + b' }];
      await s3.client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
      assert.deepEqual((await tags()).TagSet, TagSet);
      await s3.client.send(new DeleteBucketTaggingCommand({ Bucket }));
      await refuses(tags(), 404, 'NoSuchTagSet');
    },
  },
  {
    name: 'a lifecycle comes back rule for rule, and is gone once deleted',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const lifecycle = () => s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
      await refuses(lifecycle(), 404, 'NoSuchLifecycleConfiguration');
      await s3.client.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: RULES } }),
      );
      assert.deepEqual((await lifecycle()).Rules, RULES);
      await s3.client.send(new DeleteBucketLifecycleCommand({ Bucket }));
      await refuses(lifecycle(), 404, 'NoSuchLifecycleConfiguration');
    },
  },
  {
    name: 'a lifecycle without rules is MalformedXML',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      await refuses(
        s3.client.send(
          new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [] } }),
        ),
        400,
        'MalformedXML',
      );
    },
  },
  {
    name: 'a new bucket encrypts with AES256',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const { ServerSideEncryptionConfiguration } = await s3.client.send(
        new GetBucketEncryptionCommand({ Bucket }),
      );
      const [rule] = ServerSideEncryptionConfiguration?.Rules ?? [];
      assert.equal(rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, 'AES256');
      await s3.put({ Bucket, Key: 'k', Body: 'x' });
      assert.equal((await s3.head({ Bucket, Key: 'k' })).ServerSideEncryption, 'AES256');
    },
  },
  {
    name: 'a bucket’s encryption applies to what is written afterwards',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      await s3.client.send(
        new PutBucketEncryptionCommand({
          Bucket,
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
          },
        }),
      );
      await s3.put({ Bucket, Key: 'k', Body: 'x' });
      assert.equal((await s3.head({ Bucket, Key: 'k' })).ServerSideEncryption, 'aws:kms');
    },
  },
  {
    name: 'a new bucket blocks public access; the block can be changed and deleted',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const block = async () =>
        (await s3.client.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration;
      assert.equal((await block())?.BlockPublicPolicy, true);
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: false,
        RestrictPublicBuckets: true,
      };
      await s3.client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
      assert.deepEqual(await block(), PublicAccessBlockConfiguration);
      await s3.client.send(new DeletePublicAccessBlockCommand({ Bucket }));
      await refuses(block(), 404, 'NoSuchPublicAccessBlockConfiguration');
    },
  },
  {
    name: 'a new bucket is owner-enforced, and ownership can be changed',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const ownership = async () =>
        (await s3.client.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls?.Rules;
      assert.deepEqual(await ownership(), [{ ObjectOwnership: 'BucketOwnerEnforced' }]);
      const Rules = [{ ObjectOwnership: 'BucketOwnerPreferred' as const }];
      await s3.client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules } }));
      assert.deepEqual(await ownership(), Rules);
    },
  },
  {
    name: 'a new bucket’s ACL gives its owner everything and nobody else anything',
    check: async (s3) => {
      const Bucket = await s3.plain();
      const { Grants = [], Owner } = await s3.client.send(new GetBucketAclCommand({ Bucket }));
      assert.deepEqual(
        Grants.map(({ Grantee, Permission }) => [Grantee?.ID === Owner?.ID, Permission]),
        [[true, 'FULL_CONTROL']],
      );
    },
  },
  {
    name: 'a new bucket notifies nobody',
    check: async (s3) => {
      const Bucket = await s3.plain();
      const { QueueConfigurations } = await s3.client.send(
        new GetBucketNotificationConfigurationCommand({ Bucket }),
      );
      assert.equal(QueueConfigurations, undefined);
    },
  },
  {
    name: 'a new bucket locks no objects',
    check: async (s3) => {
      const Bucket = await s3.plain();
      await refuses(
        s3.client.send(new GetObjectLockConfigurationCommand({ Bucket })),
        404,
        'ObjectLockConfigurationNotFoundError',
      );
    },
  },
  {
    name: 'a call that expects another owner is AccessDenied',
    check: async (s3) => {
      const Bucket = await s3.plain();
      await refuses(
        s3.client.send(new GetBucketVersioningCommand({ Bucket, ExpectedBucketOwner: '999999999999' })),
        403,
        'AccessDenied',
      );
      await refuses(
        s3.put({ ...(await s3.place()), Body: '', ExpectedBucketOwner: '999999999999' }),
        403,
        'AccessDenied',
      );
    },
  },
  {
    name: 'a policy is kept, replaced and deleted; none is NoSuchBucketPolicy',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const policy = async () => (await s3.client.send(new GetBucketPolicyCommand({ Bucket }))).Policy ?? '';
      await refuses(policy(), 404, 'NoSuchBucketPolicy');
      const Policy = policyFor(Bucket, { Action: 's3:PutObject' });
      await s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      assert.deepEqual(JSON.parse(await policy()), JSON.parse(Policy));
      await s3.client.send(new DeleteBucketPolicyCommand({ Bucket }));
      await refuses(policy(), 404, 'NoSuchBucketPolicy');
    },
  },
  {
    name: 'a policy that is not JSON, or names another bucket, is MalformedPolicy',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const put = (Policy: string) => s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      await refuses(put('{'), 400, 'MalformedPolicy');
      await refuses(put(policyFor(`${Bucket}-other`, { Action: 's3:PutObject' })), 400, 'MalformedPolicy');
    },
  },
  {
    name: 'a public policy is refused while public access is blocked',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const Policy = policyFor(Bucket, { Effect: 'Allow', Action: 's3:GetObject' });
      await refuses(s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy })), 403, 'AccessDenied');
    },
  },
  {
    name: 'a policy that denies writes denies put, copy, upload and completion, and no read',
    check: async (s3) => {
      const Bucket = await underPolicy(s3, { Action: 's3:PutObject' });
      const to = { Bucket, Key: 'new' };
      await refuses(s3.put({ ...to, Body: '' }), 403, 'AccessDenied');
      await refuses(s3.copy({ Bucket, Key: 'tagged' }, to), 403, 'AccessDenied');
      await refuses(s3.multipart(to, [Buffer.from('x')]), 403, 'AccessDenied');
      assert.equal(await s3.text({ Bucket, Key: 'tagged' }), 'x');
    },
  },
  {
    name: 'a policy that denies reads denies GET, HEAD and being copied',
    check: async (s3) => {
      const Bucket = await underPolicy(s3, { Action: 's3:GetObject' });
      const from = { Bucket, Key: 'tagged' };
      await refuses(s3.text(from), 403, 'AccessDenied');
      await refuses(s3.head(from), 403);
      await refuses(s3.copy(from, await s3.place()), 403, 'AccessDenied');
    },
  },
  {
    name: 'a policy that denies deletes denies DeleteObject, and shows in each entry of DeleteObjects',
    check: async (s3) => {
      const Bucket = await underPolicy(s3, { Action: 's3:Delete*' });
      await refuses(s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'tagged' })), 403, 'AccessDenied');
      const { Errors = [] } = await s3.client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'tagged' }] } }),
      );
      assert.deepEqual(
        Errors.map(({ Key, Code }) => [Key, Code]),
        [['tagged', 'AccessDenied']],
      );
      assert.deepEqual(await s3.keys(Bucket, ''), ['tagged']);
    },
  },
  {
    name: 'a copy of a tagged object needs the permission to write tags',
    check: async (s3) => {
      const Bucket = await underPolicy(s3, { Action: 's3:PutObjectTagging' });
      const from = { Bucket, Key: 'tagged' };
      await refuses(s3.copy(from, { Bucket, Key: 'copy' }), 403, 'AccessDenied');
      await s3.copy(from, { Bucket, Key: 'copy' }, { TaggingDirective: 'REPLACE' });
    },
  },
  {
    name: 'a policy that denies all but a named principal denies everybody else',
    check: async (s3) => {
      const Bucket = await underPolicy(s3, {
        Action: 's3:PutObject',
        Condition: { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/nobody-has-this-role' } },
      });
      await refuses(s3.put({ Bucket, Key: 'new', Body: '' }), 403, 'AccessDenied');
    },
  },
  {
    name: 'a policy that denies a named principal denies nobody else',
    check: async (s3) => {
      const Bucket = await underPolicy(s3, {
        Action: 's3:PutObject',
        Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/nobody-has-this-role' } },
      });
      await s3.put({ Bucket, Key: 'new', Body: '' });
    },
  },
  {
    name: 'a policy that denies part of the keys leaves the others alone',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const Policy = policyFor(Bucket, {
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${Bucket}/frozen/*`,
      });
      await s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      await refuses(s3.put({ Bucket, Key: 'frozen/a', Body: '' }), 403, 'AccessDenied');
      await s3.put({ Bucket, Key: 'free/a', Body: '' });
    },
  },
  {
    name: 'who may not list a bucket gets 403 for a missing key, not 404',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      const Policy = policyFor(Bucket, { Action: 's3:ListBucket', Resource: `arn:aws:s3:::${Bucket}` });
      await s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      await refuses(s3.text({ Bucket, Key: 'missing' }), 403, 'AccessDenied');
    },
  },
];
