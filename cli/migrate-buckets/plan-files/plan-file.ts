import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { z } from 'zod';
import {
  type AnyPlan,
  anyPlanSchema,
  type ManifestEntry,
  manifestEntrySchema,
  type Plan,
  planSchema,
} from '../../../contracts/migrate-buckets/plan';
import { PLAN_VERSION } from '../../../contracts/migrate-buckets/words';
import { EXIT } from '../../shared/exit-codes';
import { parseJson } from '../../shared/parse-json';
import { UserError } from '../../shared/user-error';
import { ManifestDigest } from './digest';
import { writing } from './writing';

/** The files that belong to a plan, all beside it. */
export function planFiles(plan: string) {
  const stem = plan.replace(/\.json$/, '');
  return {
    plan,
    /** NDJSON: one {@link ManifestEntry} a line, in key order. */
    manifest: `${stem}.manifest.ndjson`,
    /** What the choice of the source rests on: what was found in each candidate. */
    evidence: `${stem}.evidence.json`,
    /** NDJSON: what was told while it was carried out, and when. */
    history: `${stem}.history.ndjson`,
    /** Phase, saved configurations, evidence. */
    state: `${stem}.state.json`,
    /** NDJSON: what the destination's listing cannot show (changed ETags, begun uploads). */
    journal: `${stem}.journal.ndjson`,
    /** NDJSON: every version id that verification saw in the source. */
    versions: `${stem}.versions.ndjson`,
    /** NDJSON: what the pipeline had written to the destination when it was verified. */
    pipeline: `${stem}.pipeline.ndjson`,
    /** The page that `report` makes. */
    report: `${stem}.report.html`,
    /** Holds the process that works on the plan. */
    lock: `${stem}.lock`,
  };
}
export type PlanFiles = Readonly<ReturnType<typeof planFiles>>;

/** How the names of a plan's other files end. */
const COMPANIONS = Object.values(planFiles('')).filter((ending) => ending !== '');

/**
 * Why a plan must not go by this name, in one sentence; undefined where it may: another plan would take the file for
 * one of its own, or has the same names for its other files.
 */
export function whyNotPlanName(path: string): string | undefined {
  const ending = COMPANIONS.find((each) => path.endsWith(each));
  if (ending !== undefined) {
    return `${path} is what the plan ${path.slice(0, -ending.length)}.json calls a file of its own.`;
  }
  const { manifest } = planFiles(path);
  // Where it is there itself, it is what the files belong to.
  if (existsSync(path) || !existsSync(manifest)) return undefined;
  const twin = [path.replace(/\.json$/, ''), `${path}.json`].find(
    (each) => planFiles(each).manifest === manifest && existsSync(each),
  );
  return twin && `The plan ${twin} has the same names for its other files as ${path} would have.`;
}

/**
 * Writes aside and renames: a reader sees the old file or the new one, never half of it.
 *
 * @throws {UserError} when it cannot be written. The old file is as it was then.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const appear = await writeTogether([[path, text]]);
  await appear();
}

/**
 * Writes several files aside: all of them or none. What it gives back lets them appear under their names, one after
 * the other, which takes no more room.
 *
 * @throws {UserError} when one cannot be written.
 */
export async function writeTogether(
  files: readonly (readonly [path: string, text: string])[],
): Promise<() => Promise<void>> {
  const asides = files.map(([path, text]) => ({ path, text, aside: `${path}.${process.pid}.tmp` }));
  try {
    for (const { path, text, aside } of asides) {
      await writing(path, () => writeFile(aside, text, { flush: true }));
    }
  } catch (error) {
    await Promise.all(asides.map(({ aside }) => rm(aside, { force: true })));
    throw error;
  }
  return async () => {
    for (const { path, aside } of asides) await writing(path, () => rename(aside, path));
  };
}

/** Characters that are written together. */
const BLOCK = 64 * 1024;

/**
 * Writes lines as they come, aside; the file appears under its name only when it is finished. One call at a
 * time. No stream: one that is destroyed amid a write ends the process by an error that nobody can catch.
 */
export class LineWriter {
  private readonly aside: string;
  private file: FileHandle | undefined;
  private pending = '';

  constructor(private readonly path: string) {
    this.aside = `${path}.${process.pid}.tmp`;
  }

  /** @throws {UserError} when it cannot be written. */
  async write(line: string): Promise<void> {
    this.pending += line;
    if (this.pending.length >= BLOCK) await this.flush();
  }

  /** Brings all of it to the disk, still aside: {@link finish} takes no more room then. */
  async settle(): Promise<void> {
    await this.flush();
    await writing(this.path, async () => this.file?.sync());
  }

  async finish(): Promise<void> {
    await this.settle();
    await writing(this.path, () => this.close());
    await writing(this.path, () => rename(this.aside, this.path));
  }

  /** Leaves no trace. Does nothing after {@link finish}. */
  async abandon(): Promise<void> {
    await this.close();
    await rm(this.aside, { force: true });
  }

  private async flush(): Promise<void> {
    const text = this.pending;
    this.pending = '';
    await writing(this.path, async () => {
      this.file ??= await open(this.aside, 'w');
      await this.file.appendFile(text);
    });
  }

  private async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close();
  }
}

/** @throws {UserError} exit 2 when the plan cannot be read or is not a plan of this version. */
export async function readPlan(path: string): Promise<Plan> {
  const value = await readPlanJson(path);
  const plan = planSchema.safeParse(value);
  if (plan.success) return plan.data;
  const { data: other } = anyPlanSchema.safeParse(value);
  if (other !== undefined && other.version !== PLAN_VERSION) {
    throw new UserError(
      `${path} is a plan of version ${other.version}, and this migrate-buckets reads version ${PLAN_VERSION}. Finish it with the release that made it, or run "migrate-buckets unfreeze ${path}", which works with every version, and plan again.`,
      EXIT.usage,
    );
  }
  throw notAPlan(path, value, plan.error);
}

/**
 * A plan of any version: whoever froze its source with an older release must be able to unfreeze it.
 *
 * @throws {UserError} exit 2 when the file is not a plan.
 */
export async function readAnyPlan(path: string): Promise<AnyPlan> {
  const value = await readPlanJson(path);
  const plan = anyPlanSchema.safeParse(value);
  if (plan.success) return plan.data;
  throw notAPlan(path, value, plan.error);
}

async function readPlanJson(path: string): Promise<unknown> {
  try {
    return parseJson(await readFile(path, 'utf8'));
  } catch {
    throw new UserError(`There is no plan at ${path}. Make one with "migrate-buckets plan".`, EXIT.usage);
  }
}

function notAPlan(path: string, value: unknown, { issues: [issue] }: z.ZodError): UserError {
  const why =
    value === undefined ? 'it is not JSON' : `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`;
  return new UserError(`${path} is not a plan (${why}). Make one with "migrate-buckets plan".`, EXIT.usage);
}

/**
 * Reads a plan's manifest and checks it against the plan's digest.
 *
 * @throws {UserError} exit 2 when it cannot be read, 5 when it is not the manifest that the plan was made with.
 */
export async function* readManifest(path: string, plan: Plan): AsyncGenerator<ManifestEntry> {
  const digest = new ManifestDigest(plan);
  let number = 0;
  for await (const line of fileLines(path, 'manifest')) {
    number++;
    const entry = manifestEntrySchema.safeParse(parseJson(line));
    if (!entry.success) {
      throw new UserError(`${path}: line ${number} is not a manifest entry. Plan again.`, EXIT.usage);
    }
    digest.add(entry.data);
    yield entry.data;
  }
  if (digest.finish() !== plan.digest) {
    throw new UserError(`${path} is not the manifest that the plan was made with. Plan again.`, EXIT.stale);
  }
}

/** The lines of a file that belongs to a plan, without the empty ones. */
export async function* fileLines(path: string, what: string): AsyncGenerator<string> {
  const missing = () => new UserError(`The plan's ${what} is missing at ${path}. Plan again.`, EXIT.usage);
  for await (const line of linesOf(path, missing)) if (line !== '') yield line;
}

/**
 * The lines of a file.
 *
 * @param missing - what is thrown where it cannot be opened.
 */
export async function* linesOf(path: string, missing: () => UserError): AsyncGenerator<string> {
  const stream = createReadStream(path, 'utf8');
  const opened = once(stream, 'open');
  try {
    await opened;
  } catch {
    throw missing();
  }
  // readline would split at U+2028 too, but JSON.stringify leaves it bare: cut at newlines alone.
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
