import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TerraformStack, Testing } from 'cdktf';
import { ValidateTerraformVersion } from 'cdktf/lib/validations/validate-terraform-version';
import { FUNCTION_NAMES, type FunctionPackages } from '../../contracts/functions';
import { type ConfigInput, parseConfig } from '../../stacks/config';
import { PipelineStack } from '../../stacks/pipeline-stack';
import type { Json } from '../../stacks/synthesized/json';
import { Synthesized } from '../../stacks/synthesized/synthesized';

/** cdktf starts `terraform version` for each record of the state, at each synthesis: here once, for each answer it wants. */
const { validate } = ValidateTerraformVersion.prototype;
const answers = new Map<string, string[]>();
ValidateTerraformVersion.prototype.validate = function (this: ValidateTerraformVersion): string[] {
  const asked = JSON.stringify(this);
  const answer = answers.get(asked) ?? validate.call(this);
  answers.set(asked, answer);
  return answer;
};

/** What a test may do to the stack between its making and its synthesis: break it, say. */
export type Arrange = (stack: TerraformStack) => void;

interface SynthesizeOptions {
  /** @default 'test' */
  readonly environment?: string;
  readonly arrange?: Arrange;
}

/** The synthesized stack, as a test asks about it. */
export class Template extends Synthesized {
  /**
   * The attributes of one resource.
   *
   * @throws {Error} when there is no such resource; it names those of the type.
   */
  resource(type: string, name: string): Json {
    const all = this.resources(type);
    const found = all.find((resource) => resource.name === name);
    if (found === undefined)
      throw new Error(`There is no ${type}.${name}. There are: ${all.map((each) => each.name).join(', ')}.`);
    return found.attributes;
  }

  /** The attributes of all resources of a type. */
  all(type: string): Json[] {
    return this.resources(type).map(({ attributes }) => attributes);
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
