import { at, block, blocks } from '../../../stacks/synthesized/json';
import type { Synthesized, SynthesizedBlock } from '../../../stacks/synthesized/synthesized';
import { STATEFUL } from './resource-types';

/** What a plan from one synthesized stack to another would do to what holds data. */
export interface Transition {
  /** Addresses that Terraform would destroy, in whole or to make them anew. */
  readonly destroyed: readonly string[];
  /** Addresses that Terraform would let go of. */
  readonly kept: readonly string[];
  /** The sentences with which the plan is refused, by the record whose value they are about. */
  readonly refusals: ReadonlyMap<string, string>;
}

export function transition(before: Synthesized, after: Synthesized): Transition {
  const removed = blocks(after.json.removed).filter((each) => at(each, 'lifecycle.destroy') === false);
  const isKept = ({ address }: SynthesizedBlock) => removed.some(({ from }) => from === address);
  const isReplaced = ({ type, address, attributes: old }: SynthesizedBlock) => {
    const made = after.managed.find((each) => each.address === address)?.attributes;
    if (made === undefined) return true;
    // An attribute that is no longer named stays what it was.
    return STATEFUL[type]?.some((name) => made[name] !== undefined && !isSame(made[name], old[name]));
  };
  const stateful = before.resources(...Object.keys(STATEFUL));
  return {
    destroyed: stateful.filter((each) => isReplaced(each) && !isKept(each)).map(({ address }) => address),
    kept: stateful.filter(isKept).map(({ address }) => address),
    refusals: refusals(before, after),
  };
}

/** A record keeps its first value; its postcondition compares it with the local value of the same name. */
function refusals(before: Synthesized, after: Synthesized): Map<string, string> {
  const recorded = new Set(before.resources('terraform_data').map(({ name }) => name));
  return new Map(
    after.resources('terraform_data').flatMap(({ name, attributes }) => {
      const { condition, error_message: sentence } = block(at(attributes, 'lifecycle.postcondition'));
      const differs = !isSame(block(before.json.locals)[name], block(after.json.locals)[name]);
      const compares = condition === `\${self.output == local.${name}}`;
      return recorded.has(name) && differs && compares ? [[name, String(sentence)] as const] : [];
    }),
  );
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
