import { InvalidArgumentError } from '@commander-js/extra-typings';

/** Reads a finite number that is not below the minimum. */
export const atLeast =
  (minimum: number) =>
  (text: string): number => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(number) && number >= minimum) return number;
    throw new InvalidArgumentError(`It must be a number, at least ${minimum}.`);
  };

/** Reads a finite number between two, both included. */
export const within =
  (minimum: number, maximum: number) =>
  (text: string): number => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (number >= minimum && number <= maximum) return number;
    throw new InvalidArgumentError(`It must be a number from ${minimum} to ${maximum}.`);
  };

/** Reads one of the names. */
export const oneOf =
  <Name extends string>(names: readonly Name[]) =>
  (text: string): Name => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`Allowed choices are ${names.join(', ')}.`);
  };

const gathering = new WeakSet<object>();

/** Gathers an option that may be given again and again, each value read on its own. */
export const repeated = <Value>(read: (text: string) => Value) => {
  const gather = (text: string, earlier: readonly Value[] | undefined): readonly Value[] => [
    ...(earlier ?? []),
    read(text),
  ];
  gathering.add(gather);
  return gather;
};

/** Whether this is what reads an option that may be given again and again. */
export const isRepeated = (reader: object | undefined): boolean =>
  reader !== undefined && gathering.has(reader);

export const asItIs = (text: string): string => text;

export function notEmpty(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('It must not be empty.');
}

/** Reads the number of an AWS account. */
export function accountId(text: string): string {
  if (/^\d{12}$/.test(text)) return text;
  throw new InvalidArgumentError('It must have twelve digits.');
}

/** Reads an address of HTTP. */
export function httpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('It must be an address such as https://s3.example.com.');
}
