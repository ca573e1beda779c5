import type { TerraformStack } from 'cdktf';
import { at, block, type Json } from './json';

/** A resource or data source as Terraform will see it, every escape hatch and override included. */
export interface SynthesizedBlock {
  readonly type: string;
  readonly name: string;
  /** Terraform's address, such as `aws_s3_bucket.chromadb`. */
  readonly address: string;
  /** Where to look: the construct's path, or the address when it came by an override and has none. */
  readonly where: string;
  readonly attributes: Json;
}

/** An expression that is one reference and nothing else: `${aws_sqs_queue.lines.arn}`. */
const REFERENCE = /^\$\{(data\.)?([a-z0-9_]+)\.([\w-]+)\.([\w.]+)\}$/;

/**
 * What a stack synthesizes to. Guards and the diagram look at this and at nothing else: whichever way something
 * came in, by a construct, a low-level one, or an override, it stands here as Terraform would apply it.
 */
export class Synthesized {
  /** All resources; data sources are not among them. */
  readonly managed: readonly SynthesizedBlock[];
  private readonly read: readonly SynthesizedBlock[];

  constructor(readonly json: Json) {
    this.managed = flatten(json.resource, '');
    this.read = flatten(json.data, 'data.');
  }

  static of(stack: TerraformStack): Synthesized {
    return new Synthesized(stack.toTerraform());
  }

  /** All resources of the given types. */
  resources(...types: readonly string[]): SynthesizedBlock[] {
    return this.managed.filter(({ type }) => types.includes(type));
  }

  /** All data sources of the given types. */
  data(...types: readonly string[]): SynthesizedBlock[] {
    return this.read.filter(({ type }) => types.includes(type));
  }

  get everything(): readonly SynthesizedBlock[] {
    return [...this.managed, ...this.read];
  }

  /**
   * The resource or data source that a value means: a reference to it, or a literal ARN, URL or name that
   * ends in the physical name of one. Undefined when that cannot be told.
   */
  target(value: unknown): SynthesizedBlock | undefined {
    if (typeof value !== 'string') return undefined;
    const [, data, type, name] = REFERENCE.exec(value) ?? [];
    if (type !== undefined) {
      const candidates = data === undefined ? this.managed : this.read;
      const found = candidates.find((candidate) => candidate.type === type && candidate.name === name);
      // A data source of something that this stack makes means the thing itself.
      return (data !== undefined && found && this.named(physicalName(found), found.type)) || found;
    }
    return value.includes('${') ? undefined : this.named(value.split(/[:/]/).at(-1));
  }

  /** What expressions in `part` refer to, however deep, also inside of JSON texts. */
  referenced(part: unknown): SynthesizedBlock[] {
    const expressions = JSON.stringify(part ?? null).match(/\$\{[^}]*\}/g) ?? [];
    const named = new Set(expressions.join().match(/(?:data\.)?\baws_\w+\.[\w-]+(?=\.)/g));
    return this.everything.filter(({ address }) => named.has(address));
  }

  /** Whether an expression anywhere in `part` refers to the target. */
  mentions(part: unknown, target: SynthesizedBlock): boolean {
    return this.referenced(part).includes(target);
  }

  /** The resources of a type that mention `target` anywhere: the settings of a bucket, say. */
  about(target: SynthesizedBlock, type: string): SynthesizedBlock[] {
    return this.resources(type).filter(({ attributes }) => this.mentions(attributes, target));
  }

  /** The values of all outputs, by name. */
  get outputs(): Json {
    const outputs = Object.entries(block(this.json.output));
    return Object.fromEntries(outputs.map(([name, output]) => [name, block(output).value]));
  }

  private named(name: unknown, type?: string): SynthesizedBlock | undefined {
    return this.managed.find(
      (candidate) =>
        name !== undefined &&
        physicalName(candidate) === name &&
        (type === undefined || candidate.type === type),
    );
  }
}

/** The attribute that holds a resource's name in AWS, for the types whose names matter here. */
const NAME_ATTRIBUTE: Readonly<Record<string, string>> = {
  aws_s3_bucket: 'bucket',
  aws_sqs_queue: 'name',
  aws_dynamodb_table: 'name',
  aws_lambda_function: 'function_name',
  aws_iam_role: 'name',
  aws_cloudwatch_log_group: 'name',
  aws_sns_topic: 'name',
};

/** A resource's name in AWS, if it has one. */
export const physicalName = ({ type, attributes }: SynthesizedBlock): unknown =>
  attributes[NAME_ATTRIBUTE[type] ?? ''];

const flatten = (section: unknown, prefix: string): SynthesizedBlock[] =>
  Object.entries(block(section)).flatMap(([type, byName]) =>
    Object.entries(block(byName)).map(([name, value]) => {
      const address = `${prefix}${type}.${name}`;
      const path = at(value, '//.metadata.path');
      const where = typeof path === 'string' ? path : address;
      return { type, name, address, where, attributes: block(value) };
    }),
  );
