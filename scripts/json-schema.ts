import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema } from '../contracts/migrate-buckets/output';
import { configJsonSchema } from '../stacks/config-schema';

const write = (name: string, schema: object): void =>
  writeFileSync(join(__dirname, '..', 'docs', name), `${JSON.stringify(schema, null, 2)}\n`);

/**
 * `npm run json-schema`: writes what `migrate-buckets --json` says, and what a configuration file may say, as JSON
 * Schema. A test fails while one is stale.
 */
write('migrate-buckets.schema.json', jsonSchema());
write('config.schema.json', configJsonSchema());
