import type { Candidate } from '../../../contracts/migrate-buckets/authority';
import type { Survey } from './references';
import { referencesTo } from './references';
import { declaredBuckets } from './state-files';

export interface KnownBucket {
  readonly name: string;
  /** Undefined when the tags could not be read. */
  readonly tags: Readonly<Record<string, string>> | undefined;
}

/** What counts as a candidate. */
export interface CandidateFilter {
  /** Parts of names, with `*` for anything. */
  readonly patterns: readonly string[];
  readonly tags: readonly { readonly key: string; readonly value: string | undefined }[];
  /** Buckets that the operator named outright. */
  readonly named: readonly string[];
}

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** A pattern with `*`; without one it may occur anywhere in the name. */
const matches = (name: string, pattern: string): boolean => {
  const source = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(pattern.includes('*') ? `^${source}$` : source, 'i').test(name);
};

/** Who is a candidate, and on what evidence. Pure: everything was read before. */
export function findCandidates(
  buckets: readonly KnownBucket[],
  survey: Survey,
  filter: CandidateFilter,
): Omit<Candidate, 'problem'>[] {
  const evidence = new Map<string, string[]>();
  const add = (name: string, sentence: string) => {
    const sentences = evidence.get(name) ?? [];
    if (!sentences.includes(sentence)) sentences.push(sentence);
    evidence.set(name, sentences);
  };
  // Who names buckets and gives no pattern means these and no others.
  const searching = filter.patterns.length + filter.tags.length > 0;
  for (const name of filter.named) add(name, 'You named it.');
  for (const { name, tags } of buckets) {
    for (const pattern of filter.patterns) {
      if (matches(name, pattern)) add(name, `Its name matches "${pattern}".`);
    }
    for (const { key, value } of filter.tags) {
      if (tags?.[key] !== undefined && (value === undefined || tags[key] === value)) {
        add(name, `It has the tag ${key}=${tags[key]}.`);
      }
    }
  }
  for (const { kind, where, text } of survey.texts) {
    const variable = where.split(': ').pop() ?? '';
    const isChromaBucket = /CHROMA/i.test(variable) && /BUCKET/i.test(variable);
    if (searching && kind === 'lambda' && isChromaBucket && BUCKET_NAME.test(text)) {
      add(text, `${where} names it.`);
    }
  }
  for (const { name, where } of declaredBuckets(survey.texts)) {
    if (evidence.has(name) || filter.patterns.some((pattern) => matches(name, pattern))) {
      add(name, `${where} declares it.`);
    }
  }
  for (const name of evidence.keys()) {
    for (const { where } of referencesTo(survey, name)) {
      const told = evidence.get(name)?.some((sentence) => sentence.startsWith(where));
      if (!told) add(name, `${where} names it.`);
    }
  }
  return [...evidence]
    .map(([name, sentences]) => ({ name, evidence: sentences }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
