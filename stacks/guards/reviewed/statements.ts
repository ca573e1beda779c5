import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PipelineConfig } from '../../config';
import { formerKeyArns, keyArns } from '../../key-arns';

/** The table, which `npm run statements` writes and a person reviews. */
export const STATEMENTS_PAGE = 'docs/policy-statements.md';

/** What statements take from the configuration, by how the table writes it. A setting may stand for several values. */
const SETTINGS: Readonly<Record<string, (config: PipelineConfig) => readonly (string | undefined)[]>> = {
  '{encryption.keyArn}': (config) => [keyArns(config)['encryption.keyArn']],
  '{encryption.formerKeyArns}': formerKeyArns,
  '{adopt.table.keyArn}': (config) => [keyArns(config)['adopt.table.keyArn']],
  '{embedding.secretKeyArn}': (config) => [keyArns(config)['embedding.secretKeyArn']],
  '{chroma.secretKeyArn}': (config) => [keyArns(config)['chroma.secretKeyArn']],
  '{embedding.secretName}': ({ embedding }) => [embedding.secretName],
  '{chroma.secretName}': ({ chroma }) => [chroma.mode === 'embedded' ? undefined : chroma.secretName],
  '{name}-{environment}': ({ prefix }) => [prefix],
  '{region}': ({ region }) => [region],
};

/** A row as the table writes it, for whichever configuration: the other way round than {@link reviewedRows}. */
export const asWritten = (row: string, config: PipelineConfig): string =>
  Object.entries(SETTINGS).reduce(
    (text, [setting, valuesOf]) =>
      valuesOf(config).reduce<string>(
        (written, value) => (value === undefined ? written : written.replaceAll(value, setting)),
        text,
      ),
    row,
  );

/** The rows of the table as they are under a configuration. What it has no value for, it has no such row of. */
export function reviewedRows(config: PipelineConfig, page = readPage()): string[] {
  const values = Object.entries(SETTINGS).map(
    ([setting, valuesOf]) => [setting, valuesOf(config).filter((value) => value !== undefined)] as const,
  );
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const needed = values.filter(([setting]) => line.includes(setting));
      if (needed.some(([, given]) => given.length === 0)) return [];
      return [needed.reduce((row, [setting, given]) => filledIn(row, setting, given), line)];
    });
}

/** A value for a setting, or a list of them where the setting is all of an item. */
const filledIn = (row: string, setting: string, given: readonly string[]): string =>
  row
    .replaceAll(`\`${setting}\``, given.map((value) => `\`${value}\``).join('<br>'))
    .replaceAll(setting, given[0] ?? '');

const readPage = (): string => readFileSync(join(__dirname, '..', '..', '..', STATEMENTS_PAGE), 'utf8');
