import type { PipelineConfig } from '../config';
import type { Json } from '../synthesized/json';
import type { Synthesized, SynthesizedBlock } from '../synthesized/synthesized';

/** One thing that must not be deployed: where it is, what is wrong, and what to do about it. */
export interface Finding {
  /** A construct's path or a Terraform address. */
  readonly where: string;
  /** A sentence. */
  readonly what: string;
  /** A sentence in the imperative. */
  readonly remedy: string;
}

/** An invariant over the synthesized stack: what it finds stops the synthesis. */
export type Guard = (stack: Synthesized, config: PipelineConfig) => readonly Finding[];

/** What may be wrong with a block: whether it is, the sentence that its address begins, and what to do. */
export type Fault = readonly [bad: boolean, what: string, remedy: string];

/** A finding about the block for each of the faults that it has. */
export const faults = ({ where, address }: SynthesizedBlock, ...possible: readonly Fault[]): Finding[] =>
  possible.filter(([bad]) => bad).map(([, what, remedy]) => ({ where, what: `${address} ${what}`, remedy }));

/** A finding about each block that is bad; without a condition each is. */
export const refuse = (
  found: readonly SynthesizedBlock[],
  what: string,
  remedy: string,
  bad: (attributes: Json) => boolean = () => true,
): Finding[] => found.flatMap((block) => faults(block, [bad(block.attributes), what, remedy]));

/** A finding where nothing stands at an address: Terraform would destroy what is deployed there. */
export const missing = (
  found: readonly SynthesizedBlock[],
  address: string,
  what: string,
  remedy: string,
): Finding[] => (found.some((block) => block.address === address) ? [] : [{ where: address, what, remedy }]);
