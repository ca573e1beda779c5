import { TerraformElement, TerraformResource, type TerraformStack } from 'cdktf';
import { type ConfigInput, parseConfig } from '../../stacks/config';
import type { Guard } from '../../stacks/guards/guard';
import { Synthesized } from '../../stacks/synthesized/synthesized';
import { type Arrange, synthesize } from './template';

/** What the guards say about a stack that was broken in some way; empty when they let it pass. */
export function complaints(arrange: Arrange, config: ConfigInput = {}): string {
  try {
    synthesize(config, { arrange });
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Adds a resource by the lowest-level construct there is: no class of ours or of the provider has a say. */
export function addRaw(stack: TerraformStack, type: string, id: string, attributes: object): void {
  const resource = new TerraformResource(stack, id, { terraformResourceType: type });
  resource.overrideLogicalId(id);
  for (const [name, value] of Object.entries(attributes)) resource.addOverride(name, value);
}

/**
 * Overrides attributes of something in the stack, as a hurried engineer would.
 *
 * @throws {Error} when the stack has no such resource: a test that breaks nothing proves nothing.
 */
export function override(stack: TerraformStack, address: string, attributes: object): void {
  const [type, name] = address.split('.');
  const element = stack.node
    .findAll()
    .find(
      (construct): construct is TerraformResource =>
        TerraformElement.isTerraformElement(construct) &&
        TerraformResource.isTerraformResource(construct) &&
        construct.terraformResourceType === type &&
        construct.friendlyUniqueId === name,
    );
  if (element === undefined) throw new Error(`The stack has no ${address}.`);
  for (const [attribute, value] of Object.entries(attributes)) element.addOverride(attribute, value);
}

/** The address of the only resource of a type whose name holds a word; generated names end in a hash. */
export function addressOf(stack: TerraformStack, type: string, word = ''): string {
  const found = stack.node
    .findAll()
    .filter((construct): construct is TerraformResource => TerraformResource.isTerraformResource(construct))
    .filter(
      (resource) => resource.terraformResourceType === type && resource.friendlyUniqueId.includes(word),
    );
  const [only] = found;
  if (found.length !== 1 || only === undefined) {
    throw new Error(`The stack has ${found.length} ${type} with "${word}" in their names.`);
  }
  return `${type}.${only.friendlyUniqueId}`;
}

/** The untouched stack as if a construct had been renamed: the same resource, at another address. */
export function moved(type: string, name: string): Synthesized {
  const json = JSON.parse(
    JSON.stringify(synthesize().json).replaceAll(`\${${type}.${name}.`, `\${${type}.renamed.`),
  );
  const { [name]: resource, ...others } = json.resource[type];
  json.resource[type] = { ...others, renamed: resource };
  return new Synthesized(json);
}

/** What one guard alone says about a synthesized form. */
export const sentences = (guard: Guard, form: Synthesized, config: ConfigInput = {}): string =>
  guard(form, parseConfig(config, 'test'))
    .map(({ where, what, remedy }) => `${where}: ${what} ${remedy}`)
    .join('\n');
