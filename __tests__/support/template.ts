import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TerraformStack, Testing } from 'cdktf';
import { FUNCTION_NAMES, type FunctionPackages } from '../../contracts/functions';
import { type ConfigInput, parseConfig } from '../../stacks/config';
import { PipelineStack } from '../../stacks/pipeline-stack';

/** A resource or data source as it stands in the synthesized JSON. */
export type Block = Readonly<Record<string, unknown>>;

/** What a test may do to the stack between its making and its synthesis: break it, say. */
export type Arrange = (stack: TerraformStack) => void;

interface SynthesizeOptions {
  /** @default 'test' */
  readonly environment?: string;
  readonly arrange?: Arrange;
}

/** The synthesized stack, as a test asks about it. */
export class Template {
  constructor(readonly json: Readonly<Record<string, unknown>>) {}

  /** All resources of a type, by their names in Terraform. */
  resources(type: string): ReadonlyMap<string, Block> {
    return this.section('resource', type);
  }

  /** All data sources of a type, by their names in Terraform. */
  data(type: string): ReadonlyMap<string, Block> {
    return this.section('data', type);
  }

  /** @throws {Error} when there is no such resource; it names those of the type. */
  resource(type: string, name: string): Block {
    const all = this.resources(type);
    const found = all.get(name);
    if (found === undefined)
      throw new Error(`There is no ${type}.${name}. There are: ${[...all.keys()].join(', ')}.`);
    return found;
  }

  /** The values of all outputs, by name. */
  get outputs(): Readonly<Record<string, unknown>> {
    const outputs = (this.json.output ?? {}) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  private section(section: 'resource' | 'data', type: string): ReadonlyMap<string, Block> {
    const sections = (this.json[section] ?? {}) as Record<string, Record<string, Block>>;
    return new Map(Object.entries(sections[type] ?? {}));
  }
}

/**
 * Synthesizes the pipeline with the given settings (defaults for the rest), with all validations.
 *
 * @throws {Error} what the guards found.
 */
export function synthesize(config: ConfigInput = {}, options: SynthesizeOptions = {}): Template {
  const stack = new PipelineStack(Testing.app(), 'chroma-pipeline', {
    config: parseConfig(config, options.environment ?? 'test'),
    packages: smallPackages(),
  });
  options.arrange?.(stack);
  return new Template(JSON.parse(Testing.synth(stack, true)));
}

/** A file for each function that stands in for its zip: synthesis only copies and hashes it. */
export function smallPackages(): FunctionPackages {
  const directory = mkdtempSync(join(tmpdir(), 'chroma-pipeline-packages-'));
  return new Map(
    FUNCTION_NAMES.map((name) => {
      const path = join(directory, `${name}.zip`);
      writeFileSync(path, name);
      return [name, { path, sha256: createHash('sha256').update(name).digest('base64') }];
    }),
  );
}
