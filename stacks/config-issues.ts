import type { z } from 'zod';

/** What a key's value must never be shown for, should it stand in the wrong place. */
const LOOKS_SECRET = /secret|key|token|password/i;
/** A URL with a user or password, whether or not it can be read. */
const HAS_CREDENTIALS = /\/\/[^/]*@/;

/**
 * A schema's complaints as sentences for the person who wrote the file: each names the path, the value that
 * stands there, and what is allowed. Values under names that smell of secrets are not repeated.
 */
export function describeConfigIssues(error: z.ZodError, input: unknown): string[] {
  return error.issues.flatMap((issue) => sentences(issue, input));
}

function sentences(issue: z.core.$ZodIssue, input: unknown): string[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) =>
        `${[...issue.path, key].join('.')} is not a setting; remove it or correct its name (docs/configuration.md lists all).`,
    );
  }
  return [`${path || 'the file'} is ${shown(path, valueAt(input, issue.path))}; ${allowed(issue)}.`];
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

function shown(path: string, value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string' && (LOOKS_SECRET.test(path) || HAS_CREDENTIALS.test(value)))
    return 'a text that is not repeated here';
  return JSON.stringify(value);
}

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `allowed: ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return `allowed: ${issue.origin === 'string' ? 'a text of at least' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `allowed: ${issue.origin === 'string' ? 'a text of at most' : 'at most'} ${issue.maximum}`;
    case 'invalid_type':
      return `allowed: ${issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`}`;
    case 'invalid_union':
      return issue.message.startsWith('allowed') ? issue.message : `allowed: ${unionOptions(issue)}`;
    case 'invalid_format':
      return `allowed: ${issue.format === 'url' ? 'a URL' : issue.format === 'email' ? 'an e-mail address' : issue.message}`;
    default:
      return `allowed: ${issue.message}`;
  }
}

/** A discriminated union that matched no option tells its discriminator's values, if any are known. */
function unionOptions(issue: z.core.$ZodIssue & { code: 'invalid_union' }): string {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
  return options.length > 0 ? options.map((option) => JSON.stringify(option)).join(', ') : issue.message;
}
