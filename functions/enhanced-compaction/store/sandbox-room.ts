import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Collection } from '../../../contracts/collections';
import { METRICS } from '../../../contracts/metrics';
import { ROOM, SANDBOX_ROOM } from '../../../contracts/sandbox-room';
import { messageOf, type Telemetry } from '../../shared/logging';
import { runningServers } from '../chroma/server';
import { privateFolders } from '../chroma/working-copy';
import { listFiles } from '../files/list-files';

/** The sandbox lacks the room to merge on. Nothing is lost: the runs stay as they are, and their messages come again. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

/** What the sandbox has. Bytes; undefined where nobody says, and then nothing is refused. */
export interface SandboxLimits {
  readonly storageBytes?: number | undefined;
  readonly memoryBytes?: number | undefined;
}

/** What of it is used. Percent; undefined where there is no limit. */
export interface SandboxUse {
  readonly storage: number | undefined;
  readonly memory: number | undefined;
}

interface RoomProps extends SandboxLimits {
  readonly collection: Collection;
  readonly telemetry: Telemetry;
}

/** @param folder - of this collection's private copies. */
export async function measureRoom(
  { collection, telemetry, storageBytes, memoryBytes }: RoomProps,
  folder: string,
): Promise<SandboxUse> {
  const { metrics } = telemetry;
  const measured = privateFolders().map(async (each) => [each, await bytesBelow(each)] as const);
  const bytes = new Map(await Promise.all(measured));
  const used = {
    storage: percentOf(sum([...bytes.values()]), storageBytes),
    memory: percentOf(process.memoryUsage().rss + (await serversMemory()), memoryBytes),
  };
  metrics.addDimension('collection', collection);
  metrics.addMetric(METRICS.copyBytes, 'Bytes', bytes.get(folder) ?? 0);
  if (used.storage !== undefined) metrics.addMetric(METRICS.storageUsed, 'Percent', used.storage);
  if (used.memory !== undefined) metrics.addMetric(METRICS.memoryUsed, 'Percent', used.memory);
  metrics.publishStoredMetrics();
  return used;
}

/** What is full and what to do about it; undefined where there is room. */
export function fullness({ storage = 0, memory = 0 }: SandboxUse): string | undefined {
  const { refusePercent } = SANDBOX_ROOM;
  if (storage >= refusePercent) return sentence(ROOM.storage, storage);
  if (memory >= refusePercent) return sentence(ROOM.memory, memory);
  return undefined;
}

const sentence = ({ what, setting }: (typeof ROOM)[keyof typeof ROOM], percent: number) =>
  `The compaction uses ${Math.floor(percent)} % of ${what}, and merges nothing from ${SANDBOX_ROOM.refusePercent} % on. ` +
  `Raise ${setting} (10240 is Lambda's most), or set chroma.mode to "server" or "cloud". The runs wait until then.`;

/** A disk that was full before anything could be measured is told of in the same words. */
export function explainFull(error: unknown): unknown {
  const { code }: NodeJS.ErrnoException = Object(error);
  if (code !== 'ENOSPC') return error;
  return new NoRoom(`${sentence(ROOM.storage, 100)} ${messageOf(error)}.`, {
    cause: error,
  });
}

const percentOf = (bytes: number, limit: number | undefined): number | undefined =>
  limit === undefined ? undefined : (100 * bytes) / limit;

/** What goes meanwhile takes nothing. */
async function bytesBelow(folder: string): Promise<number> {
  const files = await listFiles(folder).catch((): string[] => []);
  const sizes = await Promise.all(
    files.map((file) =>
      stat(join(folder, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sum(sizes);
}

/** Resident bytes of the Chroma servers, from the kernel (Linux); 0 where it does not tell. */
async function serversMemory(): Promise<number> {
  const statuses = await Promise.all(
    runningServers().map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')),
  );
  return sum(statuses.map((status) => 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
