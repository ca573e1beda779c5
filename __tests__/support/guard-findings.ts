import { type ConfigInput, parseConfig } from '../../stacks/config';
import type { Guard } from '../../stacks/guards/guard';
import { Synthesized } from '../../stacks/synthesized/synthesized';

/** Blocks of a synthesized form by their addresses: `aws_sqs_queue.lines`, `data.aws_sqs_queue.again`. */
export type Blocks = Readonly<Record<string, object>>;

/** The form of these blocks alone: small enough for a test of each condition of a guard. */
export function formOf(blocks: Blocks, sections: Readonly<Record<string, unknown>> = {}): Synthesized {
  const json: Record<'resource' | 'data', Record<string, Record<string, object>>> = {
    resource: {},
    data: {},
  };
  for (const [address, attributes] of Object.entries(blocks)) {
    const [name = '', type = '', isData] = address.split('.').reverse();
    const section = json[isData === undefined ? 'resource' : 'data'];
    section[type] = { ...section[type], [name]: attributes };
  }
  return new Synthesized({ ...json, ...sections });
}

/** What a guard finds in these blocks: where, what is wrong, and what to do about it, as sentences. */
export function findings(
  guard: Guard,
  blocks: Blocks,
  config: ConfigInput = {},
  sections: Readonly<Record<string, unknown>> = {},
): string[] {
  const environment = config.ephemeral ?? 'test';
  return guard(formOf(blocks, sections), parseConfig(config, environment)).map(({ where, what, remedy }) => {
    expect(where).toMatch(/^\S.*\S$/);
    expect(what).toMatch(/^\S.*[^\s.]\.$/s);
    expect(remedy).toMatch(/^[A-Z].*[^\s.]\.$/s);
    return `${where}: ${what}`;
  });
}

/** Matches the one line that a guard finds. */
export const one = (sentence: RegExp): unknown[] => [expect.stringMatching(sentence)];
