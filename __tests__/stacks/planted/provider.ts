import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const BINDINGS = join(dirname(require.resolve('@cdktf/provider-aws/package.json')), 'lib');

const sources = new Map<string, string>();

const sourceOf = (folder: string): string => {
  const known = sources.get(folder) ?? readFileSync(join(BINDINGS, folder, 'index.js'), 'utf8');
  sources.set(folder, known);
  return known;
};

const folderOf = (type: string): string => type.replace(/^aws_/, '').replaceAll('_', '-');

/** Every resource type that the provider's bindings know. */
export const providerTypes = (): string[] =>
  readdirSync(BINDINGS, { withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith('data-aws-') && entry.name !== 'provider',
    )
    .map(({ name }) => `aws_${name.replaceAll('-', '_')}`);

/** Every data source that the provider's bindings know. */
export const providerData = (): string[] =>
  readdirSync(BINDINGS)
    .filter((name) => name.startsWith('data-aws-'))
    .map((name) => `data.${name.slice(5).replaceAll('-', '_')}`);

/** Whether the bindings have this type, by this name. */
export const isReal = (type: string): boolean =>
  type.startsWith('data.')
    ? providerData().includes(type)
    : sourceOf(folderOf(type)).includes(`tfResourceType = "${type}"`);

/** What a resource of a type may state at its top, as the provider has it. */
export const attributesOf = (type: string): string[] => {
  const [, body = ''] =
    /synthesizeAttributes\(\) \{\s+return \{([^}]*)\}/.exec(sourceOf(folderOf(type))) ?? [];
  return [...body.matchAll(/^\s+(\w+): /gm)].flatMap(([, name]) => name ?? []);
};
