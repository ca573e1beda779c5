import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChromaServer } from '../../../../functions/enhanced-compaction/chroma/server';
import { createDatabase } from '../../../support/chroma-server';

/** A Chroma server for all, as a company runs one: killed, it is started again on its data, at the same place. */
export interface ChromaHost {
  readonly url: string;
  /** `kill -9`, and a new start. Who comes meanwhile does not kill it again. Returns how many it ended. */
  kill(): Promise<number>;
  createDatabase(name: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startChromaHost(): Promise<ChromaHost> {
  const folder = await mkdtemp(join(tmpdir(), 'survival-chroma-'));
  const path = join(folder, 'data');
  let server = await startChromaServer({ path });
  const { url } = server;
  const port = Number(new URL(url).port);
  let restarting: Promise<void> | undefined;
  const restart = async () => {
    await server.kill();
    server = await startChromaServer({ path, port });
  };
  return {
    url,
    async kill() {
      if (restarting !== undefined) return 0;
      restarting = restart().finally(() => {
        restarting = undefined;
      });
      await restarting;
      return 1;
    },
    async createDatabase(name) {
      await restarting;
      await createDatabase(url, name);
    },
    async stop() {
      await restarting;
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
