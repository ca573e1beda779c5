import type { Guard } from './guard';

/** Whoever looks for `chromadb_bucket` among the outputs sees exactly one, and it is the shared bucket. */
export const oneBucketOutput: Guard = (stack) => {
  const matching = Object.keys(stack.outputs).filter((name) => /chroma[-_]?db[-_]?bucket/i.test(name));
  const [name] = matching;
  if (matching.length !== 1 || name === undefined) {
    return [
      {
        where: matching.map((output) => `output.${output}`).join(', ') || 'output',
        what: `${matching.length} outputs match chromadb_bucket; an operator who must see exactly one cannot tell which is the truth.`,
        remedy: 'Keep chromadb_bucket_name in stacks/pipeline-stack.ts, and no other.',
      },
    ];
  }
  if (stack.target(stack.outputs[name])?.address === 'aws_s3_bucket.chromadb') return [];
  return [
    {
      where: `output.${name}`,
      what: 'The output does not name the shared bucket.',
      remedy: "Give it the shared ChromaBucket's name.",
    },
  ];
};
