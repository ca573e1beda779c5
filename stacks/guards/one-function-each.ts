import { FUNCTION_NAMES } from '../../contracts/functions';
import { terraformName } from '../names';
import type { Guard } from './guard';

const NAMES = FUNCTION_NAMES.map(terraformName);

/** Each of the five functions exists once, with a role and code of its own: no twin that deploys forget. */
export const oneFunctionEach: Guard = (stack) => {
  const functions = stack.resources('aws_lambda_function');
  const sharing = (attribute: string, remedy: string) =>
    functions.flatMap(({ address, where, attributes }, index) => {
      const twin = functions
        .slice(0, index)
        .find(
          (other) =>
            attributes[attribute] !== undefined && other.attributes[attribute] === attributes[attribute],
        );
      if (twin === undefined) return [];
      return [{ where, what: `${address} has the same ${attribute} as ${twin.address}.`, remedy }];
    });
  return [
    ...NAMES.filter((name) => !functions.some((found) => found.name === name)).map((name) => ({
      where: `aws_lambda_function.${name}`,
      what: 'The function is missing.',
      remedy: 'Make it in stacks/pipeline.',
    })),
    ...functions
      .filter(({ name }) => !NAMES.includes(name))
      .map(({ where, address }) => ({
        where,
        what: `${address} is none of the pipeline's functions; a deploy would update one twin while the queue feeds the other.`,
        remedy: 'Remove it, or add its name to contracts/functions.ts with its environment and its role.',
      })),
    ...sharing('role', 'Give each function its own role, with the narrowest actions.'),
    ...sharing('filename', 'Give each function its own package.'),
    ...functions
      .filter(
        ({ attributes }) =>
          (attributes.lifecycle as { create_before_destroy?: unknown })?.create_before_destroy,
      )
      .map(({ where, address }) => ({
        where,
        what: `${address} would be created before its predecessor of the same name is gone: AWS answers 409 and the deploy hangs.`,
        remedy: 'Remove create_before_destroy; a function is updated in place.',
      })),
  ];
};
