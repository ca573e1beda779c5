import { FUNCTION_NAMES } from '../../contracts/functions';
import { terraformName } from '../names';
import { at } from '../synthesized/json';
import { faults, type Guard, missing, refuse } from './guard';

const NAMES = FUNCTION_NAMES.map(terraformName);

/** Each of the five functions exists once, with a role and code of its own: no twin that deploys forget. */
export const oneFunctionEach: Guard = (stack) => {
  const functions = stack.resources('aws_lambda_function');
  const sharing = (attribute: string, remedy: string) =>
    functions.flatMap((lambda, index) => {
      const value = lambda.attributes[attribute];
      const twin = functions.slice(0, index).find((other) => other.attributes[attribute] === value);
      return faults(lambda, [
        value !== undefined && twin !== undefined,
        `has the same ${attribute} as ${twin?.address}.`,
        remedy,
      ]);
    });
  return [
    ...NAMES.flatMap((name) =>
      missing(
        functions,
        `aws_lambda_function.${name}`,
        'The function is missing.',
        'Make it in stacks/pipeline.',
      ),
    ),
    ...refuse(
      functions.filter(({ name }) => !NAMES.includes(name)),
      "is none of the pipeline's functions; a deploy would update one twin while the queue feeds the other.",
      'Remove it, or add its name to contracts/functions.ts with its environment and its role.',
    ),
    ...sharing('role', 'Give each function its own role, with the narrowest actions.'),
    ...sharing('filename', 'Give each function its own package.'),
    ...refuse(
      functions,
      'would be created before its predecessor of the same name is gone: AWS answers 409 and the deploy hangs.',
      'Remove create_before_destroy; a function is updated in place.',
      (attributes) => Boolean(at(attributes, 'lifecycle.create_before_destroy')),
    ),
  ];
};
