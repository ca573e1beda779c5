import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, parseConfig } from '../../stacks/config';

describe('the environments of this repository', () => {
  it.each(['dev', 'prod'])('%s is usable, and keeps its data', (environment) => {
    const config = loadConfig(environment);
    expect(config).toMatchObject({ environment, prefix: `chroma-pipeline-${environment}` });
    expect(config.ephemeral).toBeUndefined();
  });
});

describe('loading a configuration', () => {
  const directory = mkdtempSync(join(tmpdir(), 'chroma-pipeline-config-'));

  it('names the environments that exist when the one that was asked for does not', () => {
    writeFileSync(join(directory, 'staging.json'), '{}');
    expect(() => loadConfig('live', directory)).toThrow(
      'There is no config/live.json. Set ENVIRONMENT to one of: staging',
    );
  });

  it('says of an ENVIRONMENT that is empty what to do', () => {
    expect(() => loadConfig('', directory)).toThrow('ENVIRONMENT is set, and empty. Name the environment');
  });

  it('says where a file is not JSON', () => {
    writeFileSync(join(directory, 'broken.json'), '{ "region": }');
    expect(() => loadConfig('broken', directory)).toThrow(/config\/broken.json is not JSON: .*Correct it/);
  });

  it('refuses a name that could not be part of physical names', () => {
    expect(() => parseConfig({}, '../prod')).toThrow(
      /The environment "..\/prod" has no usable name; allowed/,
    );
  });

  it('fills in everything', () => {
    expect(parseConfig({}, 'dev')).toMatchObject({
      region: 'us-east-1',
      backend: { type: 'local' },
      encryption: { type: 'sse-s3' },
      chroma: { mode: 'embedded' },
      consumer: 'enhanced-compaction',
      functions: { runtime: 'nodejs22.x', architecture: 'arm64' },
      embedding: { model: 'text-embedding-3-small', dimensions: 1536 },
    });
  });
});

describe('a bad value is named by its path, the value, and what is allowed', () => {
  it.each([
    [{ region: 'mars' }, 'region is "mars"; allowed: an AWS region, such as us-east-1'],
    [{ name: 'Has Spaces' }, 'name is "Has Spaces"; allowed: lower-case letters'],
    [{ bucketName: 'UPPER' }, 'bucketName is "UPPER"; allowed: an S3 bucket name'],
    [{ tags: { owner: 7 } }, 'tags.owner is 7; allowed: a value of type string'],
    [{ backend: { type: 'gcs' } }, 'backend.type is "gcs"; allowed: "local", "s3"'],
    [{ backend: { type: 's3' } }, 'backend.bucket is missing; allowed: a value of type string'],
    [{ encryption: { type: 'none' } }, 'encryption.type is "none"; allowed: "sse-s3", "kms"'],
    [
      { encryption: { type: 'kms', keyArn: 'alias/mine' } },
      'encryption.keyArn is a text that is not repeated here; allowed: the ARN of a KMS key',
    ],
    [{ retention: { logDays: 31 } }, 'retention.logDays is 31; allowed: 1, 3, 5, 7, 14, 30'],
    [{ retention: { queueDays: 14 } }, 'retention.queueDays is 14; allowed: at most 13'],
    [
      { functions: { memory: { 'embed-from-ndjson': 64 } } },
      'functions.memory.embed-from-ndjson is 64; allowed: at least 128',
    ],
    [
      { functions: { timeout: { 'stream-processor': 1.5 } } },
      'functions.timeout.stream-processor is 1.5; allowed: a whole number',
    ],
    [{ functions: { runtime: 'nodejs18.x' } }, 'functions.runtime is "nodejs18.x"; allowed: "nodejs22.x"'],
    [{ functions: { architecture: 'arm' } }, 'functions.architecture is "arm"; allowed: "arm64", "x86_64"'],
    [{ embedding: { baseUrl: 'localhost' } }, 'embedding.baseUrl is "localhost"; allowed: a URL'],
    [{ chroma: { mode: 'local' } }, 'chroma.mode is "local"; allowed: "embedded", "server", "cloud"'],
    [{ chroma: { mode: 'server' } }, 'chroma.url is missing'],
    [{ chroma: { mode: 'embedded', cache: 's3' } }, 'chroma.cache is "s3"; allowed: "efs", "none"'],
    [
      { consumer: 'legacy' },
      'consumer is "legacy"; allowed: "enhanced-compaction", "none" (paused), or {"legacyFunction"',
    ],
    [
      { consumer: { legacyFunction: 'a:b' } },
      'consumer.legacyFunction is "a:b"; allowed: a function name, or its ARN',
    ],
    [{ alarms: { email: 'me' } }, 'alarms.email is "me"; allowed: an e-mail address'],
    [
      { network: { availabilityZones: ['us-east-1a', 'us-east-1a'] } },
      'network.availabilityZones is ["us-east-1a","us-east-1a"]; allowed: two different zones',
    ],
    [
      { adopt: { table: { as: 'import', name: 'Runs', streamViewType: 'KEYS_ONLY' } } },
      'adopt.table.streamViewType is "KEYS_ONLY"; allowed: "NEW_IMAGE", "NEW_AND_OLD_IMAGES"',
    ],
    [
      { adopt: { vpc: { id: 'main', subnetIds: [] } } },
      'adopt.vpc.id is "main"; allowed: a VPC id, such as vpc-0abc',
    ],
  ])('%j', (input, sentence) => {
    expect(() => parseConfig(input, 'dev', 'config/dev.json')).toThrow(`  - ${sentence}`);
  });

  it('names all of them at once', () => {
    const read = () => parseConfig({ region: 'x', functions: { runtime: 'y' } }, 'dev', 'config/dev.json');
    expect(read).toThrow(/^config\/dev.json is not usable:\n {2}- region .*\n {2}- functions.runtime /);
  });

  it.each([
    [{ regoin: 'us-east-1' }, 'regoin'],
    [{ functions: { memroy: {} } }, 'functions.memroy'],
    [{ chroma: { mode: 'embedded', url: 'http://localhost' } }, 'chroma.url'],
    [{ chroma: { mode: 'server', url: 'https://chroma.example:8000', cache: 'none' } }, 'chroma.cache'],
    [{ backend: { type: 'local', bucket: 'state' } }, 'backend.bucket'],
  ])('refuses an unknown key: %j', (input, path) => {
    expect(() => parseConfig(input, 'dev')).toThrow(
      `${path} is not a setting; remove it or correct its name`,
    );
  });
});

describe('values that contradict each other', () => {
  it.each([
    [{ retention: { queueDays: 5, deadLetterDays: 5 } }, 'retention.deadLetterDays is 5; allowed: more than'],
    [{ retention: { coveredDeltaDays: 18 } }, 'retention.coveredDeltaDays is 18; allowed: more than'],
    [{ embedding: { apiVersion: '2024-10-21' } }, 'embedding.apiVersion is set without embedding.baseUrl'],
    [{ ephemeral: 'preview' }, 'ephemeral is "preview"; allowed: "dev"'],
    [
      { backend: { type: 's3', bucket: 'team-state', key: 'pipeline/prod.tfstate' } },
      'backend.key is "pipeline/prod.tfstate"; allowed: a key with this environment\'s name in it ("dev")',
    ],
    [{ bucketName: 'mine', adopt: { bucket: { name: 'mine' } } }, 'bucketName and adopt.bucket both name'],
    [
      {
        chroma: { mode: 'server', url: 'https://chroma.example:8000' },
        adopt: { vpc: { id: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'] } },
      },
      'adopt.vpc is set while chroma.mode is "server"',
    ],
    [
      {
        chroma: { mode: 'embedded', cache: 'none' },
        adopt: { vpc: { id: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'] } },
      },
      'adopt.vpc is set while chroma.cache is "none"',
    ],
  ])('%j', (input, sentence) => {
    expect(() => parseConfig(input, 'dev')).toThrow(sentence);
  });

  it('but not a state whose key names the environment', () => {
    const backend = { type: 's3', bucket: 'team-state', key: 'pipeline/dev.tfstate' } as const;
    expect(parseConfig({ backend }, 'dev').backend).toEqual(backend);
  });
});

describe('secrets', () => {
  const key = `sk-${'a'.repeat(40)}`;

  it.each([{ embedding: { secretName: key } }, { tags: { note: key } }, { openaiApiKey: key }])(
    'are refused wherever they stand, and never repeated',
    (input) => {
      const message = (() => {
        try {
          parseConfig(input, 'dev');
          return '';
        } catch (error) {
          return String(error);
        }
      })();
      expect(message).toMatch(/looks like a key itself; allowed: only the NAME/);
      expect(message).not.toContain(key);
    },
  );
});
