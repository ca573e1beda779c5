import type { ReferenceKind } from '../../../contracts/migrate-buckets/words';

/** One text in which bucket names are looked for: an environment variable, a definition, an input, a state file's attribute. */
export interface ReferenceText {
  readonly kind: ReferenceKind;
  /** For people: which thing, and where in it. */
  readonly where: string;
  /** Searched, never shown: it may hold what is nobody's business. */
  readonly text: string;
}

/** All texts that could be read, and what could not. */
export interface Survey {
  readonly texts: readonly ReferenceText[];
  /** A kind that is named here was NOT checked, so that the absence of references means nothing. */
  readonly unchecked: readonly { readonly kind: ReferenceKind; readonly why: string }[];
  /** Where Lambda and Step Functions were asked. */
  readonly regions: readonly string[];
}

/**
 * What may stand before a name and looks like a part of it: a character that JSON (RFC 8259, section 7) or a URL
 * escaped, or both: as a line feed is before a name that begins a line of a script.
 */
const ESCAPED = '(?<=(?:\\\\|%(?:25)*5c)(?:[bfnrt]|u[0-9a-f]{4})|%(?:25)*[0-9a-f]{2})';

/**
 * Whether a text names a bucket: the name as a whole, bare or inside an ARN or URL. `receipts` is not named
 * by `receipts-old`.
 */
export function namesBucket(text: string, bucket: string): boolean {
  const name = bucket.replaceAll('.', '\\.');
  // Behind a dot, only S3's own host name may follow: anything else makes it a longer name.
  return new RegExp(`(?:(?<![a-z0-9.-])|${ESCAPED})${name}(?![a-z0-9-]|\\.(?!s3[.-])[a-z0-9])`, 'i').test(
    text,
  );
}

/** Every place that names the bucket. */
export const referencesTo = (survey: Survey, bucket: string): ReferenceText[] =>
  survey.texts.filter(({ text }) => namesBucket(text, bucket));
