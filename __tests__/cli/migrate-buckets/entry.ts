import { join } from 'node:path';

const SOURCES = join(__dirname, '..', '..', '..', 'cli', 'migrate-buckets', 'migrate-buckets.cjs');

/** What Node starts as the CLI: as it was built for this run of the tests, or else its sources. */
export const ENTRY = process.env.MIGRATE_BUCKETS_ENTRY ?? SOURCES;
