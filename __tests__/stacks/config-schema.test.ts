import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema } from '../../stacks/config-schema';

const ROOT = join(__dirname, '..', '..');
const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

it('is published for editors as it is: "npm run json-schema" writes it anew', () => {
  expect(read('docs/config.schema.json')).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

it.each(['dev', 'prod'])('is named by the file of %s, from where it lies', (environment) => {
  const { $schema } = read(`config/${environment}.json`);
  expect(join('config', $schema)).toBe('docs/config.schema.json');
});

it('knows the regions, the modes of Chroma, and no setting that there is not', () => {
  const { properties, additionalProperties } = read('docs/config.schema.json');
  expect(properties.region.enum).toContain('eu-central-1');
  expect(
    properties.chroma.oneOf.map((each: { properties: { mode: object } }) => each.properties.mode),
  ).toEqual(['embedded', 'server', 'cloud'].map((mode) => ({ type: 'string', const: mode })));
  expect(additionalProperties).toBe(false);
});
