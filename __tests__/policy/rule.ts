import { parseConfig } from '../../stacks/config';
import type { Guard } from '../../stacks/guards/guard';
import { at, block } from '../../stacks/synthesized/json';
import type { Synthesized, SynthesizedBlock } from '../../stacks/synthesized/synthesized';

/** One demand on every resource of a type. */
export interface Rule {
  /** The Terraform type. */
  readonly type: string;
  /** Checkov (`CKV_`, `CKV2_`), Trivy (`AVD-`) and AWS Security Hub (`S3.5`) ids; empty: a rule of ours alone. */
  readonly ids: readonly string[];
  /** What has to hold, as the end of a sentence: "it …". */
  readonly demand: string;
  readonly holds: (resource: SynthesizedBlock, stack: Synthesized) => boolean;
}

type Row = readonly [ids: string, demand: string, holds: Rule['holds']];

/** The rules of one resource type, a row each: ids parted by spaces, the demand, the check. */
export const rulesFor = (type: string, rows: readonly Row[]): Rule[] =>
  rows.map(([ids, demand, holds]) => ({ type, ids: ids.split(' ').filter(Boolean), demand, holds }));

/** A shipped environment takes every default that a guard asks the configuration about. */
const SHIPPED = parseConfig({}, 'shipped');

/** The demand of a rule that a guard enforces: it holds while the guard says nothing of the kind. */
export const refusedBy =
  (guard: Guard, fault: RegExp): Rule['holds'] =>
  (_resource, stack) =>
    !guard(stack, SHIPPED).some(({ what }) => fault.test(what));

/** What a rule is called in a report, and by an exemption. */
export const title = ({ ids, demand }: Rule): string =>
  `${demand} (${ids.length === 0 ? 'ours' : ids.join(', ')})`;

/** Tags come from the provider's default tags, so that no resource can be forgotten. */
export const isTagged: Rule['holds'] = (_resource, stack) =>
  Object.keys(block(at(stack.json, 'provider.aws.default_tags.tags'))).length > 0;
