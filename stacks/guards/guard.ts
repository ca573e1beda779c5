import type { PipelineConfig } from '../config';
import type { Synthesized } from '../synthesized/synthesized';

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
