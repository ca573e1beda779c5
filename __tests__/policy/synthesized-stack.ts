import type { Block, Template } from '../support/template';

/** One resource of the synthesized stack, as a rule looks at it. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  /** `{type}.{name}`, as Terraform says it. */
  readonly address: string;
  readonly block: Block;
}

/** One statement of a policy document, its single values made lists. */
export interface PolicyStatement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** `*`, an ARN, an account or a service. Empty in an identity's policy, which names no principal. */
  readonly principals: readonly string[];
  readonly conditions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** All resources of a synthesized stack, and how they refer to each other. */
export class SynthesizedStack {
  readonly json: Template['json'];
  readonly resources: readonly Resource[];
  /** The tags that the provider puts on everything that can carry tags. */
  readonly defaultTags: Readonly<Record<string, unknown>>;

  constructor({ json }: Template) {
    this.json = json;
    const byType = (json.resource ?? {}) as Record<string, Record<string, Block>>;
    this.resources = Object.entries(byType).flatMap(([type, blocks]) =>
      Object.entries(blocks).map(([name, block]) => ({ type, name, address: `${type}.${name}`, block })),
    );
    this.defaultTags = (value(json as Block, 'provider.aws.default_tags.tags') ?? {}) as Block;
  }

  get types(): string[] {
    return [...new Set(this.resources.map(({ type }) => type))].sort();
  }

  of(type: string): Resource[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** The resources of a type that mention `target` anywhere: the settings of a bucket, say. */
  about(target: Resource, type: string): Resource[] {
    return this.of(type).filter(({ block }) => mentions(block, target));
  }
}

/** Whether an expression anywhere in `part` refers to the resource. */
export const mentions = (part: unknown, { address }: Resource): boolean =>
  new RegExp(`\\$\\{[^}]*\\b${address.replaceAll('.', '\\.')}\\.`).test(JSON.stringify(part));

/**
 * The value at a path such as `rule.0.filter.prefix`. Terraform writes a nested block as an object or as a
 * list of one; a path may pass over the list.
 */
export function value(block: unknown, path: string): unknown {
  return path.split('.').reduce((found: unknown, key) => {
    const here = Array.isArray(found) && !/^\d+$/.test(key) ? found[0] : found;
    return (here as Record<string, unknown> | undefined)?.[key];
  }, block);
}

/** The nested blocks of a name, however many there are. */
export function blocks(block: unknown, path: string): unknown[] {
  const found = value(block, path);
  if (found === undefined || found === null) return [];
  return Array.isArray(found) ? found : [found];
}

/** The statements of a resource's policy attribute. */
export function statements(resource: Resource, attribute = 'policy'): PolicyStatement[] {
  const text = resource.block[attribute];
  if (typeof text !== 'string') return [];
  const { Statement = [] } = JSON.parse(text) as { Statement?: Record<string, unknown>[] };
  return Statement.map((statement) => ({
    effect: String(statement.Effect),
    actions: list(statement.Action),
    resources: list(statement.Resource),
    principals: principals(statement.Principal),
    conditions: (statement.Condition ?? {}) as PolicyStatement['conditions'],
  }));
}

export const allowed = (resource: Resource, attribute = 'policy'): PolicyStatement[] =>
  statements(resource, attribute).filter(({ effect }) => effect === 'Allow');

/** Whether the statement refuses everybody who does not speak TLS. */
export const deniesPlainText = ({ effect, principals, conditions }: PolicyStatement): boolean =>
  effect === 'Deny' && principals.includes('*') && conditions.Bool?.['aws:SecureTransport'] === 'false';

const list = (given: unknown): string[] => (given === undefined ? [] : [given].flat().map(String));

function principals(given: unknown): string[] {
  if (given === undefined) return [];
  return typeof given === 'object' && given !== null ? Object.values(given).flatMap(list) : list(given);
}
