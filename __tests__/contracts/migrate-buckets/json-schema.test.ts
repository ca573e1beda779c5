import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema } from '../../../contracts/migrate-buckets/output';

const DOCS = join(__dirname, '..', '..', '..', 'docs');

it('is published as it is: "npm run json-schema" writes it anew', () => {
  const published = readFileSync(join(DOCS, 'migrate-buckets.schema.json'), 'utf8');
  expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
});

it('has a row on the page for every event and every command', () => {
  const page = readFileSync(join(DOCS, 'json.md'), 'utf8');
  const { $defs = {} } = JSON.parse(JSON.stringify(jsonSchema()));
  const kinds: { properties?: { event: { enum: string[] } } }[] = $defs.line.oneOf;
  const events = kinds.flatMap(({ properties }) => properties?.event.enum ?? []);
  const commands = Object.keys($defs).flatMap((name) =>
    name.endsWith('_result') ? [name.replace('_result', '').replaceAll('_', '-')] : [],
  );
  expect(events).toContain('canary');
  for (const name of [...events, ...commands]) expect(page).toContain(`\`${name}\``);
});
