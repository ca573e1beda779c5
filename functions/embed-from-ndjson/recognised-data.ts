import type { WordRow } from '../../contracts/ndjson-rows';
import { isBlank, singleSpaced, strip } from '../shared/whitespace';
import { withoutEnds } from '../shared/without-ends';

/** Metadata by which a reader finds records of one phone, address or link, however they were printed. */
export type NormalizedData = Readonly<Partial<Record<keyof typeof NORMALIZERS, string>>>;

/** RECORDS section 4, "Recognised data". Each gives an empty text for what is none. */
const NORMALIZERS = {
  normalized_phone_10: phone,
  normalized_full_address: address,
  normalized_url: url,
} as const;

const KINDS = {
  phone: 'normalized_phone_10',
  address: 'normalized_full_address',
  url: 'normalized_url',
} as const;

/** What was recognised in a word, normalized: a key, or none where nothing usable was. */
export function normalizedData({ text, extracted_data: found }: WordRow): NormalizedData {
  const key = keyOf(found?.type);
  if (found === undefined || found === null || key === undefined) return {};
  const value = NORMALIZERS[key](found.value === '' ? text : found.value);
  return value === '' ? {} : { [key]: value };
}

/**
 * The first of each kind among a row's words. Of addresses, those count whose type is written in lower case and
 * whose value is not blank.
 *
 * @param words - in the order of the receipt.
 */
export function normalizedDataOfRow(words: readonly WordRow[]): NormalizedData {
  const usable = words.filter(
    ({ extracted_data: found }) =>
      keyOf(found?.type) !== 'normalized_full_address' ||
      (found?.type === 'address' && !isBlank(found.value)),
  );
  return Object.assign({}, ...usable.map(normalizedData).reverse());
}

function keyOf(type = ''): keyof typeof NORMALIZERS | undefined {
  const kind = type.toLowerCase();
  return kind === 'phone' || kind === 'address' || kind === 'url' ? KINDS[kind] : undefined;
}

function phone(value: string): string {
  const digits = [...value.replace(/\P{Nd}+/gu, '')];
  const number = digits.length === 11 && digits[0] === '1' ? digits.slice(1) : digits;
  return number.length === 10 && new Set(number).size > 1 ? number.join('') : '';
}

const ABBREVIATIONS: Readonly<Record<string, string>> = {
  STREET: 'ST',
  ROAD: 'RD',
  AVENUE: 'AVE',
  BOULEVARD: 'BLVD',
  DRIVE: 'DR',
  LANE: 'LN',
  HIGHWAY: 'HWY',
  PARKWAY: 'PKWY',
  SUITE: 'STE',
  APARTMENT: 'APT',
};

const isMark = (character: string): boolean => ',.;:|/\\-'.includes(character);

function address(value: string): string {
  const text = withoutEnds(singleSpaced(value.toUpperCase()), (each) => isMark(each) || each === ' ');
  const parts = text.split(' ').map((part) => withoutEnds(part, isMark));
  return parts.map((part) => (Object.hasOwn(ABBREVIATIONS, part) ? ABBREVIATIONS[part] : part)).join(' ');
}

function url(value: string): string {
  const link = strip(value);
  const scheme = /^[a-z]+:\/\//iu.exec(link)?.[0];
  if (link === '' || (scheme === undefined && link.includes('@'))) return '';
  const [, host = '', rest = ''] = /^([^/]*)(.*)$/su.exec(link.slice(scheme?.length ?? 0)) ?? [];
  const path = (rest === '' ? '/' : rest).replace(/[?#].*$/su, '').replace(/\/+/gu, '/');
  return host.toLowerCase().replace(/^www\./u, '') + (path === '/' ? path : path.replace(/\/$/u, ''));
}
