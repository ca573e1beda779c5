import { readFile } from 'node:fs/promises';
import { type Plan, type State, stateSchema } from '../../../contracts/migrate-buckets/plan';
import { describeIssues } from '../../../contracts/ndjson-rows';
import { EXIT } from '../../shared/exit-codes';
import { parseJson } from '../../shared/parse-json';
import { UserError } from '../../shared/user-error';
import { writeWhole } from './plan-file';

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
  const state = stateSchema.safeParse(parseJson(text));
  if (state.success) return state.data;
  throw new UserError(
    `The migration's state at ${path} is damaged (${describeIssues(state.error)}). Restore it from a copy: it holds the source's saved policy. Without one, "migrate-buckets unfreeze --source" puts back what is kept at the destination; then plan under another --out.`,
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
      server: null,
      no_freeze: false,
      overrides: [],
    });
    await file.save({});
    return file;
  }

  get now(): State {
    return this.state;
  }

  async save(change: Partial<State>): Promise<void> {
    const state = { ...this.state, ...change };
    await writeWhole(this.path, `${JSON.stringify(state, null, 2)}\n`);
    this.state = state;
  }
}
