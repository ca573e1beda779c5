import { z } from 'zod';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import type { CandidateFilter } from '../discovery/candidates';
import { DEFAULT_PATTERN } from '../discovery/discover';

/**
 * Normalises a command's options, once.
 *
 * @throws {UserError} exit 2, naming the option and what is allowed.
 */
export function readOptions<Options>(
  schema: z.ZodType<Options>,
  raw: Readonly<Record<string, unknown>>,
): Options {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UserError(`--${name} cannot be used: ${issue?.message}.`, EXIT.usage);
}

const texts = z.array(z.string()).default([]);

/** The options by which `discover`, `authority` and `plan` find candidates. */
export const searchOptions = z.object({ name: texts, tag: texts, bucket: texts, state: texts });

export function candidateFilter({ name, tag, bucket }: z.infer<typeof searchOptions>): CandidateFilter {
  const anything = name.length + tag.length + bucket.length > 0;
  return {
    patterns: anything ? name : [DEFAULT_PATTERN],
    tags: tag.map((text) => {
      const [key = '', value] = text.split('=', 2);
      return { key, value };
    }),
    named: bucket,
  };
}

export const planArgument = z.tuple([z.string()], z.unknown());
export const number = (what: string) =>
  z.coerce.number(`${what} is a number`).nonnegative(`${what} is not negative`);
