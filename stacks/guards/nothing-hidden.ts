import { STATE_RECORDS } from '../names';
import { blocks } from '../synthesized/json';
import type { SynthesizedBlock } from '../synthesized/synthesized';
import { type Guard, refuse } from './guard';

/** Resources that make others, or run commands: what comes of them is written nowhere in this stack. */
const MAKERS = [
  'aws_cloudformation_stack',
  'aws_cloudformation_stack_instances',
  'aws_cloudcontrolapi_resource',
  'aws_serverlessapplicationrepository_cloudformation_stack',
  'aws_lambda_invocation',
  'null_resource',
  'terraform_data',
];

/** What the state records of itself makes nothing. */
const RECORDS = STATE_RECORDS.map((name) => `terraform_data.${name}`);

const isMaker = ({ type, address }: SynthesizedBlock): boolean =>
  MAKERS.includes(type) && !RECORDS.includes(address);

/** Every resource is written out once: whatever could hide a second of anything is refused. */
export const nothingHidden: Guard = (stack) => [
  ...blocks(stack.json.module).flatMap((modules) =>
    Object.keys(modules).map((name) => ({
      where: `module.${name}`,
      what: 'A module is used, and what it makes cannot be checked here.',
      remedy: 'Write its resources out in this stack, or deploy it on its own.',
    })),
  ),
  ...refuse(
    stack.everything,
    'has a count or a for_each, so that it may exist more than once.',
    'Remove it: every resource of this stack exists exactly once.',
    (attributes) => 'count' in attributes || 'for_each' in attributes,
  ),
  ...refuse(
    stack.everything.filter((made) => 'provisioner' in made.attributes || isMaker(made)),
    'can make anything by other means than this stack, and it cannot be checked here.',
    'Write the resources out in this stack, or deploy them on their own.',
  ),
];
