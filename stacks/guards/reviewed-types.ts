import { faults, type Guard } from './guard';
import { reviewedType } from './reviewed/reviewed';

/**
 * Only what somebody has reviewed: a type that no guard knows could hold or take data by ways that none of them sees,
 * of AWS or of any other provider.
 */
export const reviewedTypes: Guard = (stack, config) =>
  stack.everything.flatMap((block) => {
    const { admitted, file } = reviewedType(block) ?? {};
    return faults(
      block,
      [
        file === undefined,
        'is of a type that nobody has reviewed, so that no guard knows what it holds, reads or lets in.',
        'Remove it, or add its type to a table in stacks/guards/reviewed, together with the guard that holds it to that: see CONTRIBUTING.md, "How the stack grows".',
      ],
      [
        admitted !== undefined && !admitted.holds(config),
        'is here although no setting asks for it.',
        `Set ${admitted?.by} in the configuration, or remove it.`,
      ],
    );
  });
