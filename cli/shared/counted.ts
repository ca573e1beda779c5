/** A count with its noun, which has an s only where there is not exactly one: `1 object`, `2 objects`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The same as the subject of a sentence in the past: `1 object was`, `2 objects were`. */
export const countedWere = (count: number, noun: string): string =>
  `${counted(count, noun)} ${count === 1 ? 'was' : 'were'}`;
