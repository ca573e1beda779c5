import { isDeepStrictEqual } from 'node:util';
import type { PipelineConfig } from '../../config';
import type { Synthesized, SynthesizedBlock } from '../../synthesized/synthesized';

/** Where a property stands: in which block, of which stack, under which configuration. */
export interface Place {
  readonly block: SynthesizedBlock;
  readonly stack: Synthesized;
  readonly config: PipelineConfig;
}

/** What a property of a type was reviewed to be. */
export interface Property {
  /** Whether the values are as reviewed: one for each of the blocks that could state it, undefined where it does not. */
  readonly holds: (values: readonly unknown[], place: Place) => boolean;
  /** What it has to be: the end of a sentence. */
  readonly demand: string;
  /** The setting that decides it. @default none does */
  readonly setting?: string | undefined;
}

/** What was reviewed of a type: what is not named here may not be stated. */
export interface ReviewedType {
  /** By path, such as `rule.expiration.days`. */
  readonly properties: Readonly<Record<string, Property>>;
  /** The setting without which the stack holds none. @default it always may */
  readonly admitted?: Admission;
}

export interface Admission {
  /** The setting and its value, as somebody would write it: the end of "Set …". */
  readonly by: string;
  readonly holds: (config: PipelineConfig) => boolean;
}

export type ReviewedTypes = Readonly<Record<string, ReviewedType>>;

/** Nothing rests on it, or a guard of its own holds it: each use says which. */
export const free: Property = { holds: () => true, demand: 'anything' };

/** It has to be there, whatever it is. */
export const stated: Property = {
  holds: (values) => values.every((value) => typeof value === 'string' && value !== ''),
  demand: 'stated',
};

const said = (value: unknown): string => (value === undefined ? 'left out' : JSON.stringify(value));

/** One of these; `undefined` is "not stated". */
export const is = (...choices: readonly unknown[]): Property => ({
  holds: (values) => values.every((value) => choices.some((choice) => isDeepStrictEqual(value, choice))),
  demand: choices.map(said).join(' or '),
});

/** Each of these once and nothing else, over all the blocks together. */
export const exactly = (...all: readonly string[]): Property => ({
  holds: (values) => isDeepStrictEqual([...values].sort(), [...all].sort()),
  demand: `each of ${all.map(said).join(', ')} once`,
});

/** Whether each item is so, of values that may be lists. An empty list has none that could be. */
export const everyItem = (values: readonly unknown[], isSo: (item: unknown) => boolean): boolean =>
  values.every((value) => {
    const items = [value].flat();
    return items.length > 0 && items.every(isSo);
  });

/** References to resources: an address, or a type, of which any will do. A list may hold several. */
export const names = (...targets: readonly string[]): Property => ({
  holds: (values, { stack }) => everyItem(values, (item) => isReference(item, targets, stack)),
  demand: `a reference to ${targets.join(' or ')}`,
});

function isReference(value: unknown, targets: readonly string[], stack: Synthesized): boolean {
  const found = stack.target(value);
  if (found === undefined) return false;
  // A data source's type is written as in its address, so that no resource is taken for it.
  return targets.includes(found.address) || targets.includes(found.address.slice(0, -found.name.length - 1));
}

/** So, where it is stated. */
export const optional = ({ holds, demand, setting }: Property): Property => ({
  holds: (values, place) =>
    holds(
      values.filter((value) => value !== undefined),
      place,
    ),
  demand: `${demand}, or left out`,
  setting,
});

/** What the configuration says, or what follows from it for this block. */
export const given = (
  setting: string,
  expected: (config: PipelineConfig, block: SynthesizedBlock) => unknown,
): Property => ({
  holds: (values, { block, config }) =>
    values.every((value) => isDeepStrictEqual(value, expected(config, block))),
  demand: `as ${setting} has it`,
  setting,
});

/** For the blocks of which `applies` is true; the others do not state it. */
export const where = (
  demand: string,
  applies: (place: Place) => boolean,
  { holds, demand: then, setting }: Property,
): Property => ({
  holds: (values, place) =>
    applies(place) ? holds(values, place) : values.every((value) => value === undefined),
  demand: `${then} ${demand}, and left out elsewhere`,
  setting,
});

/** At one address. */
export const at = (address: string, property: Property): Property =>
  where(`at ${address}`, ({ block }) => block.address === address, property);
