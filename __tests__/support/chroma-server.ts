import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChromaServer, startChromaServer } from '../../functions/enhanced-compaction/chroma/server';

/**
 * Gives the tests of a file, or of a describe, one Chroma server, which ends after the last of them.
 *
 * @returns the same object all along, which has its URL before the first test.
 */
export function useChromaServer(): { readonly url: string } {
  const place = { url: '' };
  let folder: string;
  let server: ChromaServer | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chroma-'));
    server = await startChromaServer({ path: join(folder, 'data') });
    place.url = server.url;
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return place;
}

/** A database of its own on a server. Returns its name. */
export async function createDatabase(url: string, name: string = randomUUID()): Promise<string> {
  const { ok, status } = await fetch(`${url}/api/v2/tenants/default_tenant/databases`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  if (!ok) throw new Error(`The Chroma server did not create the database ${name}: status ${status}.`);
  return name;
}
