/** What a box in the picture stands for. */
export type NodeKind = 'bucket' | 'queue' | 'function' | 'table' | 'file-system' | 'topic';

export interface DiagramNode {
  /** The resource's address in the synthesized JSON, e.g. `aws_sqs_queue.lines`. */
  readonly address: string;
  readonly kind: NodeKind;
  /** The physical name without the prefix that all share. */
  readonly name: string;
  /** Facts worth a line under the name, e.g. `FIFO` or `every 5 minutes`. */
  readonly notes: readonly string[];
  /** The name of the dead-letter queue that this queue or stream mapping hands its failures to. */
  readonly deadLetter?: string;
  /** Whether the function is attached to the stack's network. */
  readonly inNetwork: boolean;
}

export interface DiagramEdge {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
  /** A consumer, i.e. an event source mapping: drawn stronger, since each queue may have only one. */
  readonly consumes: boolean;
}

export interface Graph {
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
}
