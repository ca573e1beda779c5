import { declare } from '../../shared/command';
import { notEmpty, repeated } from '../../shared/option-values';
import type { Search } from '../discovery/discover';

const named = repeated(notEmpty);

/** Begins the declaration of a command that looks for candidates. */
export const declareSearch = (name: string, description: string, examples: string) =>
  declare(name, description, examples)
    .option(
      '--name <pattern>',
      'bucket names to look for, * for anything; repeatable (default: chroma)',
      named,
    )
    .option('--tag <key[=value]>', 'buckets with this tag; repeatable', repeated(tagOf))
    .option('--bucket <name>', 'a bucket to look at, whatever it is called; repeatable', named)
    .option('--state <path>', 'Terraform state or Pulumi stack export, file or folder; repeatable', named);

/** For commands that open the snapshots of what was found. */
export const QUICK = [
  '--quick',
  'do not check the databases of the snapshots, and do not fetch large ones; the output and the plan say so',
] as const;

function tagOf(text: string) {
  const [key = '', ...rest] = text.split('=');
  return { key: notEmpty(key), value: rest.length === 0 ? undefined : rest.join('=') };
}

type SearchOptions = ReturnType<ReturnType<typeof declareSearch>['opts']>;

/** Without a pattern, a tag or a name, a bucket counts as one of Chroma's when its name says so. */
export const searchOf = ({ name, tag, bucket, state = [] }: SearchOptions): Search => ({
  patterns: name ?? (tag === undefined && bucket === undefined ? ['chroma'] : []),
  tags: tag ?? [],
  named: bucket ?? [],
  statePaths: state,
});
