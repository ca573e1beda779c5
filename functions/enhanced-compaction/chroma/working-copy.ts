import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChromaDatabase, chromaDatabase } from './database';
import { type ChromaServer, startChromaServer } from './server';

/** A private Chroma directory with at most one server on it. */
export interface WorkingCopy {
  readonly directory: string;
  /**
   * Starts the server unless it runs.
   *
   * @throws {DeadServer} when it ended without being asked to, as each request to it then does: the copy is to be removed.
   */
  start(): Promise<ChromaDatabase>;
  /**
   * Ends the server gracefully: afterwards the files are whole and may be copied.
   *
   * @throws {DeadServer} when it did not end well: the copy is to be removed.
   */
  stop(): Promise<void>;
  /** Ends the server at once and removes the directory. */
  remove(): Promise<void>;
}

/** @param directory - need not exist. */
export function workingCopy(directory: string): WorkingCopy {
  let server: ChromaServer | undefined;
  return {
    directory,
    async start() {
      server?.ended.throwIfAborted();
      server ??= await startChromaServer({ path: directory });
      return chromaDatabase({ url: server.url, signal: server.ended });
    },
    async stop() {
      await server?.stop();
      server = undefined;
    },
    async remove() {
      await server?.kill();
      server = undefined;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const PREFIX = 'chroma-compaction-';

/** The private folders of this process that are in use. */
const ownFolders = new Set<string>();

/**
 * A folder of this process's own below the temporary directory. The folders of processes that are gone are
 * removed first: a killed function must not fill the sandbox that its successor inherits, often under the
 * very same process id.
 */
export function privateFolder(): string {
  const root = tmpdir();
  for (const name of readdirSync(root)) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid === undefined) continue;
    const folder = join(root, name);
    const isOrphan = Number(pid) === process.pid ? !ownFolders.has(folder) : !isAlive(Number(pid));
    if (isOrphan) rmSync(folder, { recursive: true, force: true });
  }
  const own = mkdtempSync(join(root, `${PREFIX}${process.pid}-`));
  ownFolders.add(own);
  return own;
}

/** The private folders that this process has made, of which some may be gone. */
export const privateFolders = (): string[] => [...ownFolders];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
