import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema } from '../contracts/migrate-buckets/output';

/** `npm run json-schema`: writes what `migrate-buckets --json` says as JSON Schema. A test fails while it is stale. */
writeFileSync(
  join(__dirname, '..', 'docs', 'migrate-buckets.schema.json'),
  `${JSON.stringify(jsonSchema(), null, 2)}\n`,
);
