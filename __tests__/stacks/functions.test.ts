import { Testing } from 'cdktf';
import { type ConfigInput, parseConfig } from '../../stacks/config';
import { PipelineStack } from '../../stacks/pipeline-stack';
import { allowedActions } from '../support/allowed-actions';
import { smallPackages, synthesize, type Template } from '../support/template';

const hasNetworkRight = (template: Template): boolean =>
  allowedActions(template, 'enhanced-compaction').some((action) => /^(ec2|elasticfilesystem):/.test(action));

describe('where Chroma runs', () => {
  const network = ['aws_vpc', 'aws_subnet', 'aws_efs_file_system', 'aws_vpc_endpoint', 'aws_security_group'];
  const cloud: ConfigInput = {
    chroma: { mode: 'cloud', tenant: 't', database: 'd', secretName: 'chroma/key' },
  };

  it('is a mounted file system in an isolated network, in embedded mode', () => {
    const template = synthesize();
    expect(network.map((type) => template.resources(type).length)).toEqual([1, 2, 1, 2, 2]);
    expect(template.resource('aws_lambda_function', 'enhanced_compaction')).toMatchObject({
      file_system_config: { local_mount_path: '/mnt/chroma' },
      vpc_config: { security_group_ids: [expect.any(String)] },
    });
  });

  it('keeps the right to take network interfaces down for as long as some may stand', () => {
    const template = synthesize();
    const [group] = template
      .resources('aws_security_group')
      .filter(({ attributes }) => attributes.name === 'chroma-pipeline-test-enhanced-compaction');
    expect(group?.attributes.depends_on).toEqual([
      expect.stringMatching(/^aws_iam_role_policy\..*enhanced-compaction_policy/),
    ]);
  });

  it('is the function’s own disk alone, where there is no cache: neither network nor file system, nor a right to any', () => {
    const template = synthesize({ chroma: { mode: 'embedded', cache: 'none' } });
    expect(network.map((type) => template.resources(type).length)).toEqual([0, 0, 0, 0, 0]);
    const lambda = template.resource('aws_lambda_function', 'enhanced_compaction');
    expect(lambda).not.toHaveProperty('vpc_config');
    expect(lambda).not.toHaveProperty('file_system_config');
    expect(lambda).toMatchObject({
      ephemeral_storage: { size: 4096 },
      environment: { variables: { CHROMA_MODE: 'embedded', COMPACTION_STORAGE_MEGABYTES: '4096' } },
    });
    expect(lambda.environment).not.toHaveProperty('variables.CHROMA_MOUNT_PATH');
    expect(synthesize().resource('aws_lambda_function', 'enhanced_compaction').environment).toMatchObject({
      variables: { CHROMA_MOUNT_PATH: '/mnt/chroma' },
    });
    expect(hasNetworkRight(template)).toBe(false);
  });

  it('is elsewhere in cloud mode: no network, no file system, and a key that is read by name', () => {
    const template = synthesize(cloud);
    expect(network.map((type) => template.resources(type).length)).toEqual([0, 0, 0, 0, 0]);
    const lambda = template.resource('aws_lambda_function', 'enhanced_compaction');
    expect(lambda).not.toHaveProperty('vpc_config');
    expect(lambda.environment).toEqual({
      variables: expect.objectContaining({
        CHROMA_MODE: 'cloud',
        CHROMA_URL: 'https://api.trychroma.com',
        CHROMA_SECRET_NAME: 'chroma/key',
      }),
    });
    expect(allowedActions(template, 'enhanced-compaction')).toContain('secretsmanager:GetSecretValue');
    expect(hasNetworkRight(template)).toBe(false);
    expect(hasNetworkRight(synthesize())).toBe(true);
  });
});

describe('the space of new collections', () => {
  it.each([
    ['l2, Chroma’s own default, unless told otherwise', {}, 'l2'],
    ['the chosen one', { chroma: { mode: 'embedded', space: 'cosine' } }, 'cosine'],
  ] as const)('A1: is %s', (_what, config, space) => {
    const lambda = synthesize(config).resource('aws_lambda_function', 'enhanced_compaction');
    expect(lambda.environment).toEqual({ variables: expect.objectContaining({ CHROMA_SPACE: space }) });
  });
});

describe('packages', () => {
  it('are demanded for every function', () => {
    const packages = new Map(smallPackages());
    packages.delete('stream-processor');
    const make = () =>
      new PipelineStack(Testing.app(), 'chroma-pipeline', { config: parseConfig({}, 'test'), packages });
    expect(make).toThrow('No package was given for stream-processor. Build all functions');
  });

  it("carry Lambda's own hash, so that an unchanged package changes nothing", () => {
    const [name, { sha256 }] = [...smallPackages()][0] ?? ['', { sha256: '' }];
    const lambda = synthesize().resource('aws_lambda_function', name.replaceAll('-', '_'));
    expect(lambda.source_code_hash).toBe(sha256);
  });

  it('are named by relative paths, so that the JSON is the same on every machine', () => {
    expect(JSON.stringify(synthesize().json)).not.toMatch(/"\/(home|root|tmp|Users|work)\//);
  });
});
