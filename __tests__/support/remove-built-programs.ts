import { rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** Takes away what `built-programs.ts` built, and nothing where it built nothing. */
export default function removePrograms(): void {
  const { MIGRATE_BUCKETS_ENTRY: cli, LOCAL_AWS_SERVERS: servers } = process.env;
  if (cli !== undefined) rmSync(dirname(cli), { recursive: true });
  if (servers !== undefined) rmSync(servers, { recursive: true });
}
