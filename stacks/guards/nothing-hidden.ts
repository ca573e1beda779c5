import type { Guard } from './guard';
import { blocks } from './synthesized';

/** Every resource is written out once: a module, a count or a for_each could hide a second of anything. */
export const nothingHidden: Guard = (stack) => [
  ...blocks(stack.json.module).flatMap((modules) =>
    Object.keys(modules).map((name) => ({
      where: `module.${name}`,
      what: 'A module is used, and what it makes cannot be checked here.',
      remedy: 'Write its resources out in this stack, or deploy it on its own.',
    })),
  ),
  ...stack.everything
    .filter(({ attributes }) => 'count' in attributes || 'for_each' in attributes)
    .map(({ where, address }) => ({
      where,
      what: `${address} has a count or a for_each, so that it may exist more than once.`,
      remedy: 'Remove it: every resource of this stack exists exactly once.',
    })),
];
