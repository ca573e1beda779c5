import { S3Error } from './s3-error';

export const malformed = (message: string) => new S3Error('MalformedPolicy', message);
export const unknown = (what: string) =>
  new S3Error('NotImplemented', `This server does not evaluate ${what} in bucket policies.`);

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

export function strings(value: unknown, what: string): string[] {
  return list(value).map((item) => {
    if (typeof item === 'string') return item;
    if (typeof item === 'boolean' || typeof item === 'number') return String(item);
    throw malformed(`Policy has invalid ${what}`);
  });
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `*` is any text, `?` any one character. */
export function wildcard(pattern: string, flags = ''): (text: string) => boolean {
  if (pattern.includes('${')) throw unknown(`the policy variable in "${pattern}"`);
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]');
  const expression = new RegExp(`^${source}$`, flags);
  return (text) => expression.test(text);
}
