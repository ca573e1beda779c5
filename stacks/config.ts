import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { contradictions } from './config-contradictions';
import { parseConfigFile } from './config-file';
import { describeConfigIssues } from './config-issues';
import { configSchema, environmentName, type Settings } from './config-schema';
import { looksLikeKey } from './secrets';

/** Where the environments' files lie unless told otherwise. */
const CONFIG_DIRECTORY = join(__dirname, '..', 'config');

/** What a configuration file may say: everything has a default. */
export type ConfigInput = z.input<typeof configSchema>;

/** One environment, checked and complete. */
export interface PipelineConfig extends Readonly<Settings> {
  /** The environment's name, which is its file's name. */
  readonly environment: string;
  /** `{name}-{environment}`: what every physical name starts with. */
  readonly prefix: string;
}

/**
 * Checks one environment's settings and fills in the defaults.
 *
 * @param source - what to call the settings in an error, the file's name say.
 * @throws {Error} a list that names each bad value by its path, the value, and what is allowed.
 */
export function parseConfig(input: unknown, environment: string, source = environment): PipelineConfig {
  const named = environmentName.safeParse(environment);
  if (!named.success) {
    throw new Error(
      `The environment "${environment}" has no usable name; allowed: ${named.error.issues[0]?.message}.`,
    );
  }
  const checked = configSchema.safeParse(input);
  const problems = checked.success
    ? contradictions(checked.data, environment)
    : describeConfigIssues(checked.error, input);
  problems.push(...secretsIn(input));
  if (!checked.success || problems.length > 0) {
    throw new Error(`${source} is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
  return { ...checked.data, environment, prefix: `${checked.data.name}-${environment}` };
}

/**
 * Reads `config/{environment}.json`.
 *
 * @param environment - by default what ENVIRONMENT says, or `dev`.
 * @throws {Error} when there is no such file (naming those that exist), when it is not JSON, or when
 * {@link parseConfig} refuses it.
 */
export function loadConfig(
  environment = process.env.ENVIRONMENT ?? 'dev',
  directory = CONFIG_DIRECTORY,
): PipelineConfig {
  if (environment === '') {
    throw new Error(
      'ENVIRONMENT is set, and empty. Name the environment in it, or unset it: then it is dev.',
    );
  }
  const file = join(directory, `${environment}.json`);
  const source = `config/${environment}.json`;
  if (!existsSync(file)) {
    const known = existsSync(directory)
      ? readdirSync(directory).filter((name) => name.endsWith('.json'))
      : [];
    throw new Error(
      `There is no ${source}. Set ENVIRONMENT to one of: ${known.map((name) => name.slice(0, -5)).join(', ')}, or write the file.`,
    );
  }
  return parseConfig(parseConfigFile(readFileSync(file, 'utf8'), source), environment, source);
}

/** A key's value in a configuration file ends up in the repository and in the state: refuse it unprinted. */
function secretsIn(input: unknown, path: readonly string[] = []): string[] {
  if (looksLikeKey(input)) {
    return [
      `${path.join('.')} looks like a key itself; allowed: only the NAME of a Secrets Manager secret. Revoke that key: it has been in a file.`,
    ];
  }
  if (typeof input !== 'object' || input === null) return [];
  return Object.entries(input).flatMap(([key, value]) => secretsIn(value, [...path, key]));
}
