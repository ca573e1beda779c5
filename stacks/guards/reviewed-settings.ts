import type { PipelineConfig } from '../config';
import { KEPT_ADDRESSES } from '../names';
import { at, blocks, type Json } from '../synthesized/json';
import type { Synthesized } from '../synthesized/synthesized';
import type { Finding, Guard } from './guard';

/** The parts of Terraform's JSON that the guards read. Modules are refused by `nothingHidden`. */
const READ = [
  '//',
  'terraform',
  'provider',
  'resource',
  'data',
  'locals',
  'output',
  'import',
  'moved',
  'removed',
  'module',
];

/** Terraform's and the provider's own settings that stacks/terraform-settings.ts states. */
const SETTINGS = ['backend', 'required_providers', 'required_version'];
const PROVIDER = ['region', 'default_tags'];

/** Both name the one that Terraform's registry has: the short form is of that registry. */
const AWS_SOURCES: readonly unknown[] = [undefined, 'aws', 'hashicorp/aws'];

/** One provider that is told of a region alone, and no part of the file that moves things behind the guards' backs. */
export const reviewedSettings: Guard = (stack, config) => [
  ...unread(stack.json),
  ...terraformSettings(stack.json, config),
  ...providers(stack.json, config),
  ...imports(stack.json, config),
  ...moves(stack),
  ...removals(stack.json),
];

const finding = (bad: boolean, where: string, what: string, remedy: string): Finding[] =>
  bad ? [{ where, what: `${where} ${what}`, remedy }] : [];

const entries = (section: unknown): [string, Json][] =>
  blocks(section).flatMap((each) =>
    Object.entries(each).flatMap(([name, value]): [string, Json][] =>
      blocks(value).map((block) => [name, block]),
    ),
  );

const keys = (section: unknown): string[] => blocks(section).flatMap(Object.keys);

const unread = (json: Json): Finding[] =>
  Object.keys(json).flatMap((section) =>
    finding(
      !READ.includes(section),
      section,
      'is a part of the stack that no guard reads.',
      'Remove it, or write its values and resources out in this stack.',
    ),
  );

function terraformSettings({ terraform }: Json, { backend }: PipelineConfig): Finding[] {
  const remedy = 'Keep to stacks/terraform-settings.ts, which states what was reviewed.';
  return [
    ...keys(terraform).flatMap((setting) =>
      finding(!SETTINGS.includes(setting), `terraform.${setting}`, 'was reviewed by nobody.', remedy),
    ),
    ...keys(at(terraform, 'backend')).flatMap((type) =>
      finding(
        type !== backend.type,
        `terraform.backend.${type}`,
        'keeps the state where the configuration does not say.',
        `Set backend.type to "${type}" in the configuration, or remove it.`,
      ),
    ),
    ...entries(at(terraform, 'required_providers')).flatMap(([name, { source }]) =>
      finding(
        name !== 'aws' || !AWS_SOURCES.includes(source),
        `terraform.required_providers.${name}`,
        `takes a provider from ${JSON.stringify(source)}, which nobody has reviewed.`,
        remedy,
      ),
    ),
  ];
}

const providers = ({ provider }: Json, { region }: PipelineConfig): Finding[] =>
  entries(provider).flatMap(([name, settings]) => {
    const where = `provider.${name}`;
    if (name !== 'aws') {
      return finding(
        true,
        where,
        'is another provider than that of AWS: no guard knows what its resources hold.',
        'Deploy what it makes from an app of its own.',
      );
    }
    return [
      ...Object.keys(settings).flatMap((setting) =>
        finding(
          !PROVIDER.includes(setting),
          `${where}.${setting}`,
          'decides whose account, or which servers, the stack is made in; nobody has reviewed it.',
          'Remove it, and choose the account by the credentials with which you deploy.',
        ),
      ),
      ...finding(
        settings.region !== region,
        `${where}.region`,
        `is ${JSON.stringify(settings.region)}, and the configuration has ${region}.`,
        'Set region in the configuration, which alone decides it.',
      ),
    ];
  });

function imports({ import: imported }: Json, { adopt }: PipelineConfig): Finding[] {
  const adopted = [
    { to: 'aws_s3_bucket.chromadb', id: adopt.bucket?.name },
    {
      to: 'aws_dynamodb_table.compaction_runs',
      id: adopt.table?.as === 'import' ? adopt.table.name : undefined,
    },
  ];
  return blocks(imported).flatMap(({ to, id, ...more }) =>
    finding(
      Object.keys(more).length > 0 ||
        id === undefined ||
        !adopted.some((each) => each.to === to && each.id === id),
      `import of ${String(to)}`,
      `brings ${JSON.stringify(id)} under this stack, which the configuration does not adopt.`,
      'Set adopt.bucket or adopt.table in the configuration, or remove it.',
    ),
  );
}

/** A move whose source is still wanted takes its state away. */
const moves = ({ json, managed }: Synthesized): Finding[] =>
  blocks(json.moved).flatMap(({ from, to }) =>
    finding(
      managed.some(({ address }) => address === from) || KEPT_ADDRESSES.some((address) => address === from),
      `moved from ${String(from)}`,
      `hands to ${String(to)} what is deployed at an address that must keep it.`,
      'Remove it, or change the address in the guard that pins it in the same commit.',
    ),
  );

const removals = ({ removed }: Json): Finding[] =>
  blocks(removed).flatMap((block) =>
    finding(
      !KEPT_ADDRESSES.some((address) => address === block.from) ||
        at(block, 'lifecycle.destroy') !== false ||
        Object.keys(block).length > 2,
      `removed from ${String(block.from)}`,
      'drops what the stack would still have to look after, or destroys it.',
      'Leave it to keepWhatIsLeft, which keeps what a setting leaves out.',
    ),
  );
