import type { SynthesizedBlock } from '../../synthesized/synthesized';
import { buckets } from './buckets';
import { dataSources } from './data-sources';
import { functions } from './functions';
import { network } from './network';
import { observation } from './observation';
import type { ReviewedType } from './property';
import { queues } from './queues';
import { stores } from './stores';

/** The tables, by the files in which a person who adds to them finds them. */
const RESOURCES = { buckets, queues, stores, functions, network, observation };

const REVIEWED: ReadonlyMap<string, ReviewedType & { readonly file: string }> = new Map([
  ...Object.entries(RESOURCES).flatMap(([file, types]) =>
    Object.entries(types).map(([type, reviewed]) => [type, { ...reviewed, file: path(file) }] as const),
  ),
  ...Object.entries(dataSources).map(
    ([type, reviewed]) => [`data.${type}`, { ...reviewed, file: path('data-sources') }] as const,
  ),
]);

/** What was reviewed of a block's type, and the file that says so; undefined when nobody has reviewed it. */
export const reviewedType = ({ address, name }: SynthesizedBlock) =>
  REVIEWED.get(address.slice(0, -name.length - 1));

function path(file: string): string {
  return `stacks/guards/reviewed/${file}.ts`;
}
