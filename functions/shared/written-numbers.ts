import { FLOAT_KEYS, type MetadataValue } from '../../contracts/delta';

/**
 * JSON that keeps numbers as they were written. Chroma tells a float from an integer by the point, and JavaScript
 * writes `1.0` as `1`: a value that is only passed on would change its type.
 */

/** Strings are matched so that the digits in them are passed over. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
/** Within a JSON text no string can hold this: its quotes would be escaped. */
const WRITTEN_NUMBER = /\{"#number":"([^"]*)"\}/g;

/** Reads JSON in which each number that JavaScript would write otherwise becomes a {@link WrittenNumber}. */
export const parseExactly = (json: string): unknown =>
  JSON.parse(
    json.replace(STRING_OR_NUMBER, (token) =>
      token.startsWith('"') || String(Number(token)) === token ? token : `{"#number":"${token}"}`,
    ),
  );

/** Writes JSON in which each {@link WrittenNumber} is the number that it was. */
export const stringifyExactly = (value: unknown): string =>
  JSON.stringify(value).replace(WRITTEN_NUMBER, '$1');

/** A metadata of which each whole number that is a float is written with its point. */
export const withFloats = <Value extends MetadataValue | null>(
  metadata: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value | MetadataValue>> =>
  Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [
      key,
      FLOAT_KEYS.has(key) && Number.isSafeInteger(value) ? { '#number': `${value}.0` } : value,
    ]),
  );
