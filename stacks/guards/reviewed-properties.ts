import { blocks, type Json } from '../synthesized/json';
import { type Fault, faults, type Guard } from './guard';
import { free, type Property } from './reviewed/property';
import { reviewedType } from './reviewed/reviewed';

/** What any block may state: the order of things, its tags, and that it is never destroyed (`stateful`). */
const ANY: Readonly<Record<string, Property>> = {
  depends_on: free,
  tags: free,
  timeouts: free,
  'lifecycle.prevent_destroy': free,
};

/** A value in a sentence, not the whole policy that somebody wrote. */
const LONGEST = 120;

/** Each resource states what was reviewed of its type and nothing else, and of that the values that invariants rest on. */
export const reviewedProperties: Guard = (stack, config) =>
  stack.everything.flatMap((block) => {
    const reviewed = reviewedType(block);
    if (reviewed === undefined) return [];
    const properties = { ...ANY, ...reviewed.properties };
    return faults(
      block,
      ...unreviewed(block.attributes, Object.keys(properties)).map(
        (path): Fault => [
          true,
          `states ${path}, which nobody has reviewed for its type.`,
          `Remove it, or add it to ${reviewed.file} with what it may be.`,
        ],
      ),
      ...Object.entries(properties).map(([path, { holds, demand, setting }]): Fault => {
        const values = valuesAt(block.attributes, path);
        return [
          !holds(values, { block, stack, config }),
          `has ${values.map(said).join(', ')} as ${path}; it must be ${demand}.`,
          setting === undefined
            ? `Restore what the stack declares; what was reviewed stands in ${reviewed.file}.`
            : `Set ${setting} in the configuration, which alone decides it.`,
        ];
      }),
    );
  });

const said = (value: unknown): string =>
  value === undefined ? 'nothing' : JSON.stringify(value).slice(0, LONGEST);

/** The paths of what is stated beside what is known; what lies below a known path belongs to it. */
function unreviewed(value: Json, known: readonly string[], above = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = `${above}${key}`;
    if (path === '//' || known.includes(path)) return [];
    // Terraform takes it for left out.
    if (inner === null || inner === undefined) return [];
    const nested = blocks(inner);
    if (nested.length === 0) return isEmpty(inner) ? [] : [path];
    const isKnown = known.some((each) => each.startsWith(`${path}.`));
    const stated = nested.flatMap((each) =>
      isKnown || hasAny(each) ? unreviewed(each, known, `${path}.`) : [path],
    );
    return [...new Set(stated)];
  });
}

const hasAny = (value: Json): boolean => Object.keys(value).length > 0;

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** What stands at a path, once for each block that could state it: undefined where it does not. */
function valuesAt(value: Json, path: string): unknown[] {
  const [key = '', ...below] = path.split('.');
  const found = value[key] ?? undefined;
  if (below.length === 0) return [found];
  const nested = blocks(found);
  return nested.length === 0 ? [undefined] : nested.flatMap((each) => valuesAt(each, below.join('.')));
}
