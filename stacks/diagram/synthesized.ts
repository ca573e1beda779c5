/** A resource or data source of the synthesized JSON. */
export interface Block {
  readonly type: string;
  /** What other blocks call it: `{type}.{name}`, a data source's with `data.` before it. */
  readonly address: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

type Section = Readonly<Record<string, Readonly<Record<string, Block['properties']>>>>;

/** All resources and data sources of the stack, in the order of the JSON. */
export function readBlocks(json: Readonly<Record<string, unknown>>): Block[] {
  const section = (name: 'resource' | 'data', prefix: string) =>
    Object.entries((json[name] ?? {}) as Section).flatMap(([type, blocks]) =>
      Object.entries(blocks).map(([id, properties]) => ({
        type,
        address: `${prefix}${type}.${id}`,
        properties,
      })),
    );
  return [...section('resource', ''), ...section('data', 'data.')];
}

export const ofType = (type: string, blocks: readonly Block[]): Block[] =>
  blocks.filter((block) => block.type === type);

/** The blocks that expressions in `part` refer to, however deep, also inside of JSON texts. */
export function referenced(part: unknown, blocks: readonly Block[]): Block[] {
  const text = JSON.stringify(part ?? null);
  const named = new Set(
    [...text.matchAll(/\$\{((?:data\.)?aws_\w+\.[\w-]+)\./g)].map(([, address]) => address),
  );
  return blocks.filter(({ address }) => named.has(address));
}

/** A nested block: the JSON has it as an object or as a list of one. */
export function nested(part: unknown, key: string): Readonly<Record<string, unknown>> | undefined {
  const found = (part as Record<string, unknown> | undefined)?.[key];
  return (Array.isArray(found) ? found[0] : found) as Record<string, unknown> | undefined;
}
