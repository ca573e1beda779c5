import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { type AccessRequest, evaluate, isPublic, parsePolicy } from '../src/s3/policy-document';
import { type S3Server, startS3Server } from '../src/s3/server';

const BUCKET = 'vectors';
const ALICE = 'arn:aws:iam::111122223333:user/alice';
const ROLE = 'arn:aws:iam::111122223333:role/migrator';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/migrator/run-7';
const ACCOUNT = 'arn:aws:iam::111122223333:root';

const policy = (...statements: object[]) =>
  parsePolicy(
    Buffer.from(
      JSON.stringify({
        Version: '2012-10-17',
        Statement: statements.map((statement) => ({
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`],
          ...statement,
        })),
      }),
    ),
    BUCKET,
  );

const request = (changes: Partial<AccessRequest> = {}): AccessRequest => ({
  action: 's3:PutObject',
  resource: `arn:aws:s3:::${BUCKET}/lines/delta/1`,
  identities: [ALICE, ACCOUNT],
  context: { 'aws:principalarn': ALICE, 'aws:securetransport': 'true' },
  ...changes,
});

const denies = (statement: object, changes: Partial<AccessRequest> = {}): boolean =>
  evaluate(policy(statement), request(changes)) === 'Deny';

describe('what a statement is about', () => {
  test.each([
    ['a wildcard in the action', { Action: 's3:Put*' }, true],
    ['an action in another case', { Action: 'S3:putobject' }, true],
    ['another action', { Action: 's3:PutObjectTagging' }, false],
    ['a question mark for one character', { Action: 's3:Put?bject' }, true],
    ['everything', { Action: '*', Resource: '*' }, true],
    ['all but this action', { Action: undefined, NotAction: 's3:Put*' }, false],
    ['all but other actions', { Action: undefined, NotAction: ['s3:Get*', 's3:List*'] }, true],
    ['the objects below a prefix', { Resource: `arn:aws:s3:::${BUCKET}/lines/*` }, true],
    ['a resource in another case', { Resource: `arn:aws:s3:::${BUCKET}/LINES/*` }, false],
    ['the bucket, not its objects', { Resource: `arn:aws:s3:::${BUCKET}` }, false],
    ['all but these objects', { Resource: undefined, NotResource: `arn:aws:s3:::${BUCKET}/lines/*` }, false],
    ['a dot, which is not a wildcard', { Resource: `arn:aws:s3:::${BUCKET}/lines.delta/*` }, false],
  ])('%s', (_what, statement, expected) => {
    expect(denies(statement)).toBe(expected);
  });
});

describe('whom a statement is about', () => {
  const session = { identities: [SESSION, ROLE, ACCOUNT] };
  test.each([
    ['the user', { Principal: { AWS: ALICE } }, {}, true],
    ['a list with the user', { Principal: { AWS: [ROLE, ALICE] } }, {}, true],
    ['another user', { Principal: { AWS: 'arn:aws:iam::111122223333:user/bob' } }, {}, false],
    ['the account by its ARN', { Principal: { AWS: ACCOUNT } }, {}, true],
    ['the account by its number', { Principal: { AWS: '111122223333' } }, {}, true],
    ['everybody, in the long form', { Principal: { AWS: '*' } }, {}, true],
    ['a service', { Principal: { Service: 'lambda.amazonaws.com' } }, {}, false],
    ['the role of a session', { Principal: { AWS: ROLE } }, session, true],
    ['the session itself', { Principal: { AWS: SESSION } }, session, true],
    ['nobody who signs, by anonymous', { Principal: { AWS: ALICE } }, { identities: [] }, false],
    ['everybody, also the anonymous', { Principal: '*' }, { identities: [] }, true],
  ])('%s', (_what, statement, changes, expected) => {
    expect(denies(statement, changes)).toBe(expected);
  });

  test('NotPrincipal exempts a caller only when all of its names are listed', () => {
    const but = (...AWS: string[]) => ({ Principal: undefined, NotPrincipal: { AWS } });
    expect(denies(but(ALICE, ACCOUNT))).toBe(false);
    expect(denies(but(ALICE))).toBe(true);
    expect(denies(but(ROLE, ACCOUNT), session)).toBe(true);
    expect(denies(but(SESSION, ROLE, ACCOUNT), session)).toBe(false);
  });
});

describe('under which conditions', () => {
  test.each([
    ['StringEquals holds', { StringEquals: { 'aws:PrincipalArn': ALICE } }, true],
    ['one of several values is enough', { StringEquals: { 'aws:PrincipalArn': [ROLE, ALICE] } }, true],
    [
      'StringNotEquals must differ from every value',
      { StringNotEquals: { 'aws:PrincipalArn': [ROLE, ALICE] } },
      false,
    ],
    ['StringLike takes wildcards', { StringLike: { 'aws:PrincipalArn': '*:user/al?ce' } }, true],
    ['StringEquals takes none', { StringEquals: { 'aws:PrincipalArn': '*' } }, false],
    ['ArnLike takes wildcards', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/*' } }, true],
    ['ArnNotLike is its opposite', { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/*' } }, false],
    ['ArnEquals is ArnLike', { ArnEquals: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/alice' } }, true],
    ['ArnNotEquals exempts nobody else', { ArnNotEquals: { 'aws:PrincipalArn': ROLE } }, true],
    ['a key in any case', { StringEquals: { 'AWS:principalARN': ALICE } }, true],
    [
      'all operators must hold',
      { StringEquals: { 'aws:PrincipalArn': ALICE }, Bool: { 'aws:SecureTransport': 'false' } },
      false,
    ],
    ['a TLS-only policy does not hold here', { Bool: { 'aws:SecureTransport': false } }, false],
    ['an absent key fails a positive test', { StringEquals: { 'aws:SourceVpce': 'vpce-1' } }, false],
    ['an absent key passes a negated test', { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } }, true],
    ['IfExists passes an absent key', { StringEqualsIfExists: { 'aws:SourceVpce': 'vpce-1' } }, true],
    ['Null asks for absence', { Null: { 'aws:SourceVpce': 'true' } }, true],
    ['Null asks for presence', { Null: { 'aws:PrincipalArn': 'true' } }, false],
  ])('%s', (_what, Condition, expected) => {
    expect(denies({ Condition })).toBe(expected);
  });

  test('a tag of the principal', () => {
    const Condition = { StringEquals: { 'aws:PrincipalTag/team': 'search' } };
    expect(denies({ Condition }, { context: { 'aws:principaltag/team': 'search' } })).toBe(true);
    expect(denies({ Condition })).toBe(false);
  });
});

test('one denial wins, wherever it stands among any number of permissions', () => {
  fc.assert(
    fc.property(fc.nat(5), fc.nat(5), (before, after) => {
      const allow = { Effect: 'Allow' };
      const statements = [...Array(before).fill(allow), {}, ...Array(after).fill(allow)];
      expect(evaluate(policy(...statements), request())).toBe('Deny');
    }),
  );
  expect(evaluate(policy({ Effect: 'Allow' }), request())).toBe('Allow');
  expect(evaluate(policy({ Action: 's3:GetObject' }), request())).toBeUndefined();
});

describe('what is refused when it is put', () => {
  test.each([
    ['an effect that is not one', { Effect: 'Forbid' }],
    ['no principal', { Principal: undefined }],
    ['a principal with a wildcard inside', { Principal: { AWS: 'arn:aws:iam::111122223333:user/*' } }],
    ['a principal that is not an ARN', { Principal: { AWS: 'alice' } }],
    ['an action of another service', { Action: 'sqs:SendMessage' }],
    ['neither action nor its opposite', { Action: undefined }],
    ['both a resource and its opposite', { NotResource: '*' }],
    ['a resource in another bucket', { Resource: 'arn:aws:s3:::other/*' }],
  ])('%s is malformed', (_what, statement) => {
    expect(() => policy(statement)).toThrow(expect.objectContaining({ code: 'MalformedPolicy' }));
  });

  test.each([
    ['a condition key', { Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } } }],
    ['a condition operator', { Condition: { IpAddress: { 'aws:PrincipalArn': '10.0.0.0/8' } } }],
    ['a policy variable', { Resource: `arn:aws:s3:::${BUCKET}/\${aws:username}/*` }],
  ])('%s that is not evaluated here is not implemented, rather than guessed', (_what, statement) => {
    expect(() => policy(statement)).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
  });
});

test('a policy is public when it allows everybody and no condition narrows it', () => {
  expect(isPublic(policy({ Effect: 'Allow' }))).toBe(true);
  expect(isPublic(policy({ Effect: 'Allow', Principal: { AWS: ALICE } }))).toBe(false);
  const Condition = { ArnLike: { 'aws:PrincipalArn': ROLE } };
  expect(isPublic(policy({ Effect: 'Allow', Condition }))).toBe(false);
  expect(isPublic(policy({ Effect: 'Deny' }))).toBe(false);
});

describe('on a server with several principals', () => {
  let server: S3Server;
  const clients: S3Client[] = [];
  const as = (accessKeyId: string): S3Client => {
    const client = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey: 'local' },
    });
    clients.push(client);
    return client;
  };
  const put = (client: S3Client, Key = 'k', Bucket = BUCKET) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  const refused = { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } };

  beforeAll(async () => {
    server = await startS3Server({
      principals: {
        OWNER: ALICE,
        MIGRATOR: SESSION,
        STRANGER: 'arn:aws:iam::999988887777:user/mallory',
        ROOT: ACCOUNT,
      },
      principalTags: { MIGRATOR: { team: 'search' } },
    });
    await as('OWNER').send(new CreateBucketCommand({ Bucket: BUCKET }));
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await server.close();
  });
  const setPolicy = (...Statement: object[]) =>
    as('OWNER').send(
      new PutBucketPolicyCommand({
        Bucket: BUCKET,
        Policy: JSON.stringify({ Version: '2012-10-17', Statement }),
      }),
    );
  const everything = { Resource: [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`] };
  afterEach(() => as('ROOT').send(new DeleteBucketPolicyCommand({ Bucket: BUCKET })));

  test('a bucket is its account’s: others need a policy that allows them', async () => {
    await put(as('MIGRATOR'));
    await expect(put(as('STRANGER'))).rejects.toMatchObject(refused);
    await setPolicy({
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::999988887777:root' },
      Action: 's3:PutObject',
      ...everything,
    });
    await put(as('STRANGER'));
    await expect(
      as('STRANGER').send(new GetObjectCommand({ Bucket: BUCKET, Key: 'k' })),
    ).rejects.toMatchObject(refused);
  });

  test('a freeze denies every writer but the migrator, and no reader', async () => {
    await put(as('OWNER'));
    await setPolicy({
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:PutObject*', 's3:DeleteObject*'],
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': ROLE } },
      ...everything,
    });
    await put(as('MIGRATOR'));
    await expect(put(as('OWNER'))).rejects.toMatchObject(refused);
    const copy = new CopyObjectCommand({ Bucket: BUCKET, Key: 'copy', CopySource: `${BUCKET}/k` });
    await expect(as('OWNER').send(copy)).rejects.toMatchObject(refused);
    await as('OWNER').send(new GetObjectCommand({ Bucket: BUCKET, Key: 'k' }));
  });

  test('an upload that brings tags needs the permission to tag', async () => {
    await setPolicy({ Effect: 'Deny', Principal: '*', Action: 's3:PutObjectTagging', ...everything });
    await put(as('OWNER'));
    const tagged = { Bucket: BUCKET, Key: 'k', Tagging: 'a=b' };
    await expect(as('OWNER').send(new PutObjectCommand({ ...tagged, Body: 'x' }))).rejects.toMatchObject(
      refused,
    );
    await expect(as('OWNER').send(new CreateMultipartUploadCommand(tagged))).rejects.toMatchObject(refused);
  });

  test('a tag of the principal decides', async () => {
    await setPolicy({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Condition: { StringNotEquals: { 'aws:PrincipalTag/team': 'search' } },
      ...everything,
    });
    await put(as('MIGRATOR'));
    await expect(put(as('OWNER'))).rejects.toMatchObject(refused);
  });

  test('a policy that locks its authors out can be mended by the account’s root alone', async () => {
    await setPolicy({ Effect: 'Deny', Principal: '*', Action: 's3:*', ...everything });
    const remove = new DeleteBucketPolicyCommand({ Bucket: BUCKET });
    await expect(as('OWNER').send(remove)).rejects.toMatchObject(refused);
    await as('ROOT').send(remove);
    await put(as('OWNER'));
  });

  test('the denial names who, what, where and why', async () => {
    await setPolicy({ Effect: 'Deny', Principal: '*', Action: 's3:PutObject', ...everything });
    await expect(put(as('OWNER'), 'a b')).rejects.toThrow(
      `User: ${ALICE} is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::${BUCKET}/a b" with an explicit deny in a resource-based policy`,
    );
  });

  test('the anonymous read only what a policy makes public, once public access is not blocked', async () => {
    await put(as('OWNER'), 'open');
    const url = `${server.endpoint}/${BUCKET}/open`;
    expect((await fetch(url)).status).toBe(403);
    await as('OWNER').send(
      new PutPublicAccessBlockCommand({
        Bucket: BUCKET,
        PublicAccessBlockConfiguration: { BlockPublicPolicy: false, RestrictPublicBuckets: false },
      }),
    );
    await setPolicy({ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', ...everything });
    expect(await (await fetch(url)).text()).toBe('x');
  });

  test('a policy comes back byte for byte', async () => {
    const Policy = `{ "Version":"2012-10-17",\n\t"Statement" : [ {"Sid":"é","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::${BUCKET}"} ] }\n`;
    await as('OWNER').send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }));
    const kept = await as('OWNER').send(new GetBucketPolicyCommand({ Bucket: BUCKET }));
    expect(kept.Policy).toBe(Policy);
  });
});
