import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { describeConfigIssues } from './config-issues';
import { configSchema, environmentName } from './config-schema';
import { looksLikeKey } from './secrets';

/** Where the environments' files lie unless told otherwise. */
const CONFIG_DIRECTORY = join(__dirname, '..', 'config');

/** What a configuration file may say: everything has a default. */
export type ConfigInput = z.input<typeof configSchema>;

/** One environment, checked and complete. */
export interface PipelineConfig extends Readonly<z.output<typeof configSchema>> {
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
 * @throws {Error} when there is no such file (naming those that exist), when it is not JSON, or when
 * {@link parseConfig} refuses it.
 */
export function loadConfig(environment: string, directory = CONFIG_DIRECTORY): PipelineConfig {
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
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${source} is not JSON: ${error instanceof Error ? error.message : error}. Correct it.`);
  }
  return parseConfig(input, environment, source);
}

/** Whether the compaction mounts a file system. It alone demands a network. */
export const hasFileSystem = ({ chroma }: Pick<PipelineConfig, 'chroma'>): boolean =>
  chroma.mode === 'embedded' && chroma.cache === 'efs';

/** What is wrong between values that are each fine alone. */
function contradictions(config: z.output<typeof configSchema>, environment: string): string[] {
  const problems: string[] = [];
  const { queueDays, deadLetterDays, coveredDeltaDays } = config.retention;
  if (config.ephemeral !== undefined && config.ephemeral !== environment) {
    problems.push(
      `ephemeral is "${config.ephemeral}"; allowed: "${environment}", this environment's own name typed out, or nothing. A copied file must not take the permission to destroy data along.`,
    );
  }
  if (deadLetterDays <= queueDays) {
    problems.push(
      `retention.deadLetterDays is ${deadLetterDays}; allowed: more than retention.queueDays (${queueDays}), since a dead letter keeps its first arrival's clock.`,
    );
  }
  if (coveredDeltaDays <= queueDays + deadLetterDays) {
    problems.push(
      `retention.coveredDeltaDays is ${coveredDeltaDays}; allowed: more than queueDays + deadLetterDays (${queueDays + deadLetterDays}), so that a redriven message still finds its delta.`,
    );
  }
  const { apiVersion, baseUrl } = config.embedding;
  if (apiVersion !== undefined && baseUrl === undefined) {
    problems.push(
      'embedding.apiVersion is set without embedding.baseUrl; allowed: both, since only a deployment of Azure OpenAI has a version.',
    );
  }
  if (config.adopt.bucket !== undefined && config.bucketName !== undefined) {
    problems.push('bucketName and adopt.bucket both name the bucket; allowed: one of them.');
  }
  if (config.adopt.vpc !== undefined && !hasFileSystem(config)) {
    const { chroma } = config;
    const setting = chroma.mode === 'embedded' ? `cache is "${chroma.cache}"` : `mode is "${chroma.mode}"`;
    problems.push(
      `adopt.vpc is set while chroma.${setting}; allowed: only with "embedded" and "efs", since nothing else uses a network of ours.`,
    );
  }
  return problems;
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
