import { Testing } from 'cdktf';
import { type ConfigInput, parseConfig } from '../../stacks/config';
import { PipelineStack } from '../../stacks/pipeline-stack';
import { smallPackages } from '../support/template';

/** What is said at synth and stops nothing. */
const warnings = (config: ConfigInput): unknown[] =>
  new PipelineStack(Testing.app(), 'chroma-pipeline', {
    config: parseConfig(config, 'test'),
    packages: smallPackages(),
  }).node.metadata.map(({ data }) => data);

it('is asked for nothing that it lacks, by the defaults', () => {
  expect(warnings({})).toEqual([]);
});

it('is said to lack the memory, where more is asked for', () => {
  const memory = { 'enhanced-compaction': 3008, 'embed-from-ndjson': 3009 };
  expect(warnings({ functions: { memory } })).toEqual([
    expect.stringMatching(
      /^chroma-pipeline-test-embed-from-ndjson has 3009 MB, .* 3008: .*functions\.memory/,
    ),
  ]);
});

it('is said to lack the concurrency, where it is reserved', () => {
  expect(warnings({ functions: { reserveConcurrency: true } })).toEqual([
    expect.stringMatching(/takes 25 of .* fewer than 125 \(a new account has 10\), the apply fails/),
  ]);
});
