import { parseConfig } from '../../stacks/config';

const refused = (input: unknown) => () => parseConfig(input, 'dev', 'config/dev.json');
const index = (name: string, hash: string, type = 'S') => ({ name, hashKey: { name: hash, type } });
const importing = (...indexes: object[]) => ({ adopt: { table: { as: 'import', name: 'Runs', indexes } } });
const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/abc';
const LEGACY = 'arn:aws:lambda:eu-west-1:123456789012:function:old';

describe('What no account of AWS would take, or would take and lose, is refused', () => {
  it.each([
    [{ region: 'us-est-1' }, 'region is "us-est-1"; allowed: an AWS region'],
    [{ backend: { type: 's3', bucket: 'state', region: 'eu-west-9' } }, 'backend.region is "eu-west-9"'],
    [{ bucketName: 'a..b' }, 'bucketName is "a..b"; allowed: an S3 bucket name, which has no two dots'],
    [
      { bucketName: '192.168.5.4' },
      'bucketName is "192.168.5.4"; allowed: an S3 bucket name, which is no IP',
    ],
    [{ bucketName: 'xn--data' }, 'bucketName is "xn--data"; allowed: an S3 bucket name without a prefix'],
    [{ bucketName: 'data-s3alias' }, 'bucketName is "data-s3alias"; allowed: an S3 bucket name without'],
    [{ tags: { 'aws:mine': 'x' } }, 'tags is {"aws:mine":"x"}; allowed: keys that do not begin with aws:'],
    [{ tags: { owner: 'a & b' } }, 'tags is {"owner":"a & b"}; allowed: letters, digits, spaces'],
    [
      { tags: Object.fromEntries(Array.from({ length: 50 }, (_, tag) => [`tag${tag}`, ''])) },
      'allowed: at most 49 tags, since AWS takes 50 and the stack has its own',
    ],
    [{ network: { cidr: '300.1.1.0/24' } }, 'network.cidr is "300.1.1.0/24"; allowed: a /24 of private'],
    [{ network: { cidr: '10.300.1.0/24' } }, 'network.cidr is "10.300.1.0/24"; allowed: a /24 of private'],
    [{ network: { cidr: '10.1.300.0/24' } }, 'network.cidr is "10.1.300.0/24"; allowed: a /24 of private'],
    [{ network: { cidr: '224.0.0.0/24' } }, 'network.cidr is "224.0.0.0/24"; allowed: a /24 of private'],
    [{ embedding: { baseUrl: 'http://ollama.internal/v1' } }, 'allowed: a URL that begins with https://'],
    [{ embedding: { baseUrl: 'ftp://example.com' } }, 'allowed: a URL that begins with https://'],
    [{ embedding: { baseUrl: 'javascript:alert(1)' } }, 'allowed: a URL that begins with https://'],
    [{ chroma: { mode: 'server', url: 'http://10.0.0.5:8000' } }, 'allowed: a URL that begins with https://'],
    [
      { adopt: { vpc: { id: 'vpc-1', subnetIds: ['subnet-1', 'subnet-1'] } } },
      'adopt.vpc.subnetIds is ["subnet-1","subnet-1"]; allowed: two different subnets',
    ],
  ])('alone: %j', (input, sentence) => {
    expect(refused(input)).toThrow(sentence);
  });

  it.each([
    [
      { region: 'us-east-1', network: { availabilityZones: ['us-east-1a', 'us-west-2b'] } },
      'network.availabilityZones names "us-west-2b"; allowed: zones of the region us-east-1',
    ],
    [
      { network: { availabilityZones: ['us-east-1', 'us-east-1b'] } },
      'network.availabilityZones names "us-east-1"; allowed',
    ],
    [
      { network: { availabilityZones: ['us-east-11', 'us-east-1b'] } },
      'network.availabilityZones names "us-east-11"; allowed',
    ],
    [{ encryption: { type: 'kms', keyArn: KEY } }, 'encryption.keyArn is in eu-west-1; allowed: one in the'],
    [
      { encryption: { type: 'sse-s3', formerKeyArns: [KEY] } },
      'encryption.formerKeyArns.0 is in eu-west-1; allowed: one in the',
    ],
    [
      { adopt: { bucket: { name: 'old', keyArn: KEY } } },
      'adopt.bucket.keyArn is in eu-west-1; allowed: one in',
    ],
    [
      { adopt: { table: { as: 'data-source', name: 'Runs', keyArn: KEY } } },
      'adopt.table.keyArn is in eu-west-1; allowed: one in',
    ],
    [{ embedding: { secretKeyArn: KEY } }, 'embedding.secretKeyArn is in eu-west-1; allowed: one in'],
    [
      { chroma: { mode: 'server', url: 'https://c.example', secretName: 's', secretKeyArn: KEY } },
      'chroma.secretKeyArn is in eu-west-1; allowed: one in',
    ],
    [{ consumer: { legacyFunction: LEGACY } }, 'consumer.legacyFunction is in eu-west-1; allowed: one in'],
    [{ embedding: { dimensions: 3072 } }, 'embedding.dimensions is 3072; allowed: at most 1536, which is'],
    [
      { embedding: { model: 'text-embedding-ada-002', dimensions: 512 } },
      'embedding.dimensions is 512; allowed: 1536, which is what text-embedding-ada-002 gives',
    ],
    [
      { bucketName: 'mine', backend: { type: 's3', bucket: 'mine' } },
      'backend.bucket is "mine", which is the data\'s bucket, too; allowed: another one',
    ],
    [
      { adopt: { bucket: { name: 'mine' } }, backend: { type: 's3', bucket: 'mine' } },
      'backend.bucket is "mine", which is the data\'s bucket, too',
    ],
    [
      importing(index('lines-pending', 'lines_pending')),
      'adopt.table.indexes names "lines-pending", which the stack adds itself',
    ],
    [
      importing(index('by-time', 'created_at', 'N')),
      'names "by-time" with "created_at" of type N; allowed: S',
    ],
    [
      importing(index('one', 'state', 'N'), index('two', 'state')),
      'names "two" with "state" of type S; allowed: N, which it has elsewhere',
    ],
    [importing(index('one', 'state'), index('one', 'owner')), 'adopt.table.indexes names "one" twice'],
    [
      { alarms: { snapshotSeconds: 3600 } },
      'alarms.snapshotSeconds is 3600; allowed: more than 3600, the seconds of compaction.checkpointMinutes',
    ],
  ])('together: %j', (input, sentence) => {
    expect(refused(input)).toThrow(`  - `);
    expect(refused(input)).toThrow(sentence);
  });

  it('and a password in a URL is not repeated', () => {
    const url = 'https://user:hunter2@example.com/v1';
    for (const input of [{ embedding: { baseUrl: url } }, { chroma: { mode: 'server', url } }]) {
      expect(refused(input)).toThrow('allowed: a URL without a user or password; name a secret instead');
      expect(refused(input)).not.toThrow('hunter2');
    }
  });
});

it.each([
  { bucketName: '1.2.3', region: 'ap-southeast-7' },
  { network: { availabilityZones: ['us-east-1a', 'us-east-1-bos-1a'], cidr: '172.31.255.0/24' } },
  { network: { cidr: '100.64.0.0/24' } },
  { region: 'eu-west-1', encryption: { type: 'kms', keyArn: KEY }, consumer: { legacyFunction: LEGACY } },
  { consumer: { legacyFunction: 'old' } },
  { embedding: { model: 'text-embedding-3-large', dimensions: 3072 } },
  { embedding: { model: 'nomic-embed-text', dimensions: 768, baseUrl: 'http://localhost:11434/v1' } },
  { chroma: { mode: 'server', url: 'http://127.0.0.1:8000' } },
  { backend: { type: 's3', bucket: 'state' } },
  { tags: { 'cost center': 'a/b+c=d@e:f' } },
  { alarms: { snapshotSeconds: 3601 } },
  importing(index('by-state', 'state', 'N')),
])('%j is usable', (input) => {
  expect(parseConfig(input, 'dev')).toBeDefined();
});
