import { TerraformStack, Testing } from 'cdktf';
import { parseConfig } from '../../../stacks/config';
import { GUARDS, guardStack } from '../../../stacks/guards';
import type { Guard } from '../../../stacks/guards/guard';

const finding = (where: string) => ({ where, what: 'It is wrong.', remedy: 'Mend it.' });
const config = parseConfig({}, 'test');

/** What the synthesis of a stack with these guards says; undefined when it lets the stack pass. */
function refusal(guards: Readonly<Record<string, Guard>> | undefined, besides: string[] = []) {
  const app = Testing.app();
  const stack = new TerraformStack(app, 'guarded');
  stack.addOverride('resource.aws_sqs_queue.mine', { name: 'mine' });
  for (const name of besides) new TerraformStack(app, name);
  guardStack(stack, config, guards);
  const errors = stack.node.validate();
  return errors.length === 0 ? undefined : errors;
}

it('lets a stack pass in which no guard finds anything', () => {
  expect(refusal({ content: () => [] })).toBeUndefined();
});

it('tells all that all guards find, each by its name', () => {
  const guards = { first: () => [finding('here'), finding('there')], second: () => [finding('here')] };
  expect(refusal(guards)).toEqual([
    'first: here: It is wrong. Mend it.',
    'first: there: It is wrong. Mend it.',
    'second: here: It is wrong. Mend it.',
  ]);
});

it('shows each guard the synthesized form, overrides included, and the configuration', () => {
  const guard = jest.fn<ReturnType<Guard>, Parameters<Guard>>(() => []);
  refusal({ guard });
  const [form, given] = guard.mock.calls[0] ?? [];
  expect(form?.resources('aws_sqs_queue').map(({ name }) => name)).toEqual(['mine']);
  expect(given).toBe(config);
});

it('runs every guard that there is unless told otherwise', () => {
  const names = new Set(refusal(undefined)?.map((error) => error.split(':')[0]));
  // An all but empty stack lacks what these demand; it shows that the table as a whole is run.
  for (const name of ['oneBucket', 'oneSetOfQueues', 'oneRunTable', 'oneFunctionEach']) {
    expect(Object.keys(GUARDS)).toContain(name);
    expect(names).toContain(name);
  }
});

it('refuses a second stack in the app, where nothing guards it', () => {
  expect(refusal({ content: () => [] }, ['another'])).toEqual([
    expect.stringMatching(/^oneStack: another: .*an app of its own\.$/),
  ]);
});
