import { type ConfigInput, parseConfig } from '../../../../stacks/config';
import { asWritten, reviewedRows } from '../../../../stacks/guards/reviewed/statements';

const key = (name: string) => `arn:aws:kms:us-east-1:123456789012:key/${name}`;
const ENCRYPTION: ConfigInput['encryption'] = {
  type: 'kms',
  keyArn: key('new'),
  formerKeyArns: [key('old'), key('older')],
};
const EVERYTHING: ConfigInput = {
  encryption: ENCRYPTION,
  embedding: { secretName: 'embedding-key', secretKeyArn: key('of-embedding') },
  chroma: {
    mode: 'cloud',
    tenant: 'a',
    database: 'b',
    secretName: 'chroma-key',
    secretKeyArn: key('of-chroma'),
  },
  adopt: {
    table: { as: 'data-source', name: 'Runs', keyArn: key('of-table') },
    bucket: { name: 'receipts', keyArn: key('of-bucket') },
  },
};

const PAGE = (...rows: string[]) => `# A page\n\n| policy | sid |\n|---|---|\n${rows.join('\n')}\n`;
const rows = (config: ConfigInput, ...written: string[]) =>
  reviewedRows(parseConfig(config, 'test'), PAGE(...written));

describe('a reviewed row', () => {
  it('stands as it is written where it takes nothing from the configuration', () => {
    expect(rows({}, '| `a` | b |', '| `c` | `d` |')).toEqual(['| `a` | b |', '| `c` | `d` |']);
  });

  it.each([
    ['{name}-{environment}', 'chroma-pipeline-test'],
    ['{region}', 'us-east-1'],
    ['{embedding.secretName}', 'embedding-key'],
    ['{chroma.secretName}', 'chroma-key'],
    ['{encryption.keyArn}', key('new')],
    ['{embedding.secretKeyArn}', key('of-embedding')],
    ['{chroma.secretKeyArn}', key('of-chroma')],
    ['{adopt.table.keyArn}', key('of-table')],
  ])('has in the place of %s what the configuration says, each time', (setting, value) => {
    expect(rows(EVERYTHING, `| \`${setting}\` | \`x:${setting}:y\` |`)).toEqual([
      `| \`${value}\` | \`x:${value}:y\` |`,
    ]);
  });

  it("has all former keys in the place of their setting, an adopted bucket's among them", () => {
    expect(rows(EVERYTHING, '| `a` | `{encryption.formerKeyArns}` |')).toEqual([
      `| \`a\` | \`${key('old')}\`<br>\`${key('older')}\`<br>\`${key('of-bucket')}\` |`,
    ]);
  });

  it('takes several settings', () => {
    expect(rows({}, '| `{name}-{environment}` | `{region}` |')).toEqual([
      '| `chroma-pipeline-test` | `us-east-1` |',
    ]);
  });

  it.each([
    '{encryption.keyArn}',
    '{encryption.formerKeyArns}',
    '{chroma.secretName}',
    '{chroma.secretKeyArn}',
    '{embedding.secretKeyArn}',
    '{adopt.table.keyArn}',
  ])('is none where the configuration has no %s', (setting) => {
    expect(rows({}, `| \`${setting}\` | b |`, '| `a` | b |')).toEqual(['| `a` | b |']);
    expect(rows({ encryption: { type: 'kms' } }, `| \`${setting}\` | b |`)).toEqual([]);
  });

  it('is what the committed page says, unless another is given', () => {
    expect(reviewedRows(parseConfig({}, 'test')).length).toBeGreaterThan(50);
  });
});

describe('a row as it is written', () => {
  const config = parseConfig(EVERYTHING, 'test');

  it('names each setting in the place of its value, a key before the region in its ARN', () => {
    const row = `| \`${key('new')}\` | \`${key('old')}\` | us-east-1 chroma-pipeline-test embedding-key chroma-key us-east-1 |`;
    expect(asWritten(row, config)).toBe(
      '| `{encryption.keyArn}` | `{encryption.formerKeyArns}` | {region} {name}-{environment} {embedding.secretName} {chroma.secretName} {region} |',
    );
  });

  it('is left as it is where the configuration says nothing', () => {
    expect(asWritten('| `a` | undefined |', parseConfig({}, 'test'))).toBe('| `a` | undefined |');
  });
});
