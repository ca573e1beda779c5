import { readFile } from 'node:fs/promises';
import { type Authority, planEvidenceSchema } from '../../../contracts/migrate-buckets/authority';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import { parseJson } from '../../shared/parse-json';

/** What the choice of a plan's source rested on; null where it was not kept, or belongs to another plan. */
export async function readEvidence(path: string, { digest }: Plan): Promise<Authority | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const { data } = planEvidenceSchema.safeParse(parseJson(text));
  return data !== undefined && data.plan === digest ? data.authority : null;
}
