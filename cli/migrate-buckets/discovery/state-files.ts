import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import type { ReferenceText } from './references';

const LOOKS_LIKE_STATE = /(\.tfstate|state[^/]*\.json|stack[^/]*\.json)$/i;

interface StateResource {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly urn?: unknown;
  readonly instances?: readonly { readonly attributes?: unknown }[];
  readonly inputs?: unknown;
  readonly outputs?: unknown;
}

/**
 * Reads Terraform (and CDKTF) state files and Pulumi stack exports: one text a resource, and an output.
 *
 * @param paths - files, or folders that are searched for them.
 * @throws {UserError} exit 2 when a file cannot be read or is not a state.
 */
export async function readStateFiles(paths: readonly string[]): Promise<ReferenceText[]> {
  const files = (await Promise.all(paths.map(findFiles))).flat();
  return (await Promise.all(files.map(readState))).flat();
}

async function findFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UserError(`There is no state file at ${path}.`, EXIT.usage);
  if (!found.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  const states = names.filter((name) => LOOKS_LIKE_STATE.test(name) && !name.includes('node_modules'));
  if (states.length === 0) throw new UserError(`The folder ${path} holds no state file.`, EXIT.usage);
  return states.map((name) => join(path, name));
}

async function readState(path: string): Promise<ReferenceText[]> {
  const unreadable = new UserError(
    `${path} is neither a Terraform state nor a Pulumi stack export, or cannot be read.`,
    EXIT.usage,
  );
  let value: { outputs?: unknown; resources?: unknown; deployment?: { resources?: unknown } } | null;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    throw unreadable;
  }
  const resources = value?.resources ?? value?.deployment?.resources;
  if (!Array.isArray(resources)) throw unreadable;
  // Other stacks read a stack's outputs, which Terraform keeps beside the resources.
  const outputs = Object.entries(value?.outputs ?? {}).map(
    ([name, output]): ReferenceText => ({
      kind: 'state',
      where: `${path}: output ${name}`,
      text: JSON.stringify(output),
    }),
  );
  const inResources = (resources as StateResource[]).map(
    (resource): ReferenceText => ({
      kind: 'state',
      where: `${path}: ${typeof resource.urn === 'string' ? resource.urn : `${resource.type}.${resource.name}`}`,
      text: JSON.stringify(
        resource.instances?.map(({ attributes }) => attributes) ?? [resource.inputs, resource.outputs],
      ),
    }),
  );
  return [...inResources, ...outputs];
}

/** The name of every bucket that the state files declare. */
export function declaredBuckets(texts: readonly ReferenceText[]): { name: string; where: string }[] {
  return texts.flatMap(({ kind, where, text }) => {
    if (kind !== 'state' || !/aws_s3_bucket\.|aws:s3\/bucket(V2)?:Bucket/.test(where)) return [];
    const names = [...text.matchAll(/"bucket":"([a-z0-9.-]{3,63})"/g)].map(([, name = '']) => name);
    return [...new Set(names)].map((name) => ({ name, where }));
  });
}
