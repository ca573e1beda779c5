import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { collectionSchema } from '../../../contracts/collections';
import { describeIssues } from '../../../contracts/ndjson-rows';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { type Plan, writeWhole } from './plan-file';

/** What the source's configuration was before the freeze. */
const savedSchema = z.object({
  /** The bucket policy, byte for byte; null when there was none. */
  policy: z.string().nullable(),
  /** The lifecycle configuration as the SDK reads it; null when there was none. */
  lifecycle: z.record(z.string(), z.unknown()).nullable(),
});
export type SavedConfiguration = z.infer<typeof savedSchema>;

const verifiedSchema = z.object({
  at: z.iso.datetime(),
  /** SHA-256 over every version of the source, as verification listed them. */
  digest: z.string(),
  objects: z.int(),
  bytes: z.int(),
  /** Objects by level. */
  levels: z.record(z.string(), z.int()),
  /** The snapshots that the source's pointers named. */
  snapshots: z.array(z.object({ collection: collectionSchema, version: z.string() })),
});

const stateSchema = z.object({
  version: z.literal(1),
  /** Of the plan that this state belongs to. */
  digest: z.string(),
  /**
   * - `copying`: the source is as it was;
   * - `freezing`: its configuration is saved, and perhaps changed;
   * - `frozen`: nobody but us can write to it;
   * - `verified`: frozen, and every object is proven at the destination;
   * - `retiring`: deletion began; in a versioned bucket perhaps only as delete markers over the objects;
   * - `retired`: what was proven is deleted.
   */
  phase: z.enum(['copying', 'freezing', 'frozen', 'verified', 'retiring', 'retired']),
  started_at: z.iso.datetime(),
  saved: savedSchema.nullable(),
  verified: verifiedSchema.nullable(),
  /** Gates that the operator overrode by name, and when. */
  overrides: z.array(z.object({ gate: z.string(), at: z.iso.datetime() })),
});
export type State = z.infer<typeof stateSchema>;

/** The phases in which the source denies writes. */
export const isFrozen = ({ phase }: State): boolean => phase !== 'copying';

/** The state of a plan's migration, or undefined before the first `apply`. */
export async function readState(path: string): Promise<State | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UserError(`The migration's state at ${path} cannot be read.`, EXIT.usage);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const state = stateSchema.safeParse(value);
  if (state.success) return state.data;
  throw new UserError(
    `The migration's state at ${path} is damaged (${describeIssues(state.error)}). Restore it from a copy: it holds the source's saved policy.`,
    EXIT.usage,
  );
}

/** A plan's state, as it is and as it lies on disk: one does not change without the other. */
export class StateFile {
  private constructor(
    private readonly path: string,
    private state: State,
  ) {}

  /** The state that lies there, or undefined before the first `apply`. */
  static async read(path: string): Promise<StateFile | undefined> {
    const state = await readState(path);
    return state && new StateFile(path, state);
  }

  /** @throws {UserError} exit 5 when it is the state of another plan. */
  static async of({ digest }: Plan, path: string): Promise<StateFile | undefined> {
    const file = await StateFile.read(path);
    if (file === undefined || file.now.digest === digest) return file;
    throw new UserError(`${path} belongs to another plan. Plan again.`, EXIT.stale);
  }

  /** The first state of a plan, written. */
  static async create({ digest }: Plan, path: string): Promise<StateFile> {
    const started_at = new Date().toISOString();
    const file = new StateFile(path, {
      version: 1,
      digest,
      phase: 'copying',
      started_at,
      saved: null,
      verified: null,
      overrides: [],
    });
    await file.save({});
    return file;
  }

  get now(): State {
    return this.state;
  }

  async save(change: Partial<State>): Promise<void> {
    this.state = { ...this.state, ...change };
    await writeWhole(this.path, `${JSON.stringify(this.state, null, 2)}\n`);
  }
}
