export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Terraform's JSON lets one block stand alone or in a list. */
export const blocks = (value: unknown): Json[] => [value].flat(Number.POSITIVE_INFINITY).filter(isObject);

/** The only block of its kind, or an empty one. */
export const block = (value: unknown): Json => blocks(value)[0] ?? {};

export const texts = (value: unknown): string[] =>
  [value].flat().filter((item): item is string => typeof item === 'string');

/** What stands at a path such as `environment.variables`, whose blocks may each stand alone or in a list. */
export const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce((found, key) => block(found)[key], value);

/** JSON inside an attribute; undefined when it is none, a reference to somewhere else for example. */
export function parseJson(value: unknown): Json | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
